// The HTTP API: one route for each endpoint, each with the throttle of its traffic, and an access log without headers, and so without
// tokens.

import { RemovalPolicy, Validations } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  CfnStage,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { SUMMARIES, type SummaryEntry, type SummaryRegistry } from "../shared/summaries/registry.ts";
import type { Stage } from "./stage.ts";

// The routes of the HTTP API: every endpoint, the function that answers it, and how often it may be called. Those of summaries
// come from their registry. API Gateway would reject what is not routed with messages of its own, so an app also answers HEAD
// and wrong methods of every path, and unknown paths, as it does on one machine. Tests compare this list with the apps' own
// routes.

/** Uploads come from every host of a fleet at once, queries from people and reports, changes from an admin. */
export type TrafficClass = "uploads" | "queries" | "changes";

export interface Route {
  readonly method: `${HttpMethod.GET | HttpMethod.POST | HttpMethod.PUT | HttpMethod.DELETE}`;
  readonly path: string;
  readonly to: "ingest" | "read" | "embed" | "docs";
  readonly traffic: TrafficClass;
}

/** Requests per second, and how many may come at once. */
export const THROTTLES: Readonly<Record<TrafficClass, { readonly rateLimit: number; readonly burstLimit: number }>> = {
  uploads: { rateLimit: 200, burstLimit: 400 },
  queries: { rateLimit: 100, burstLimit: 200 },
  changes: { rateLimit: 5, burstLimit: 10 },
};

/** A route of API Gateway matches whole segments: where a path may carry a format as suffix, each one is a route. */
const inFormats = (route: Route, ...formats: readonly string[]): Route[] => [
  route,
  ...formats.map((format) => ({ ...route, path: `${route.path}.${format}` })),
];

/** Pages that only read, in addition to the summaries' pages, and what pages load. A form leads to the function that may write. */
const PAGES = ["/hosts/{host}", "/runs/{id}", "/upload", "/sign-in", "/pages.css", "/pages.js"];

/** The routes of a kind of summary: its endpoint in each format, of which another function paints the PNG, and its page. */
function summaryRoutes({ path, formats, page }: SummaryEntry): Route[] {
  const read: Route = { method: "GET", path, to: "read", traffic: "queries" };
  // The parameter at the end of a path takes any suffix with it.
  const suffixes = path.endsWith("}") ? [] : formats;
  return [
    ...inFormats(read, ...suffixes.filter((format) => format !== "png")),
    ...suffixes.filter((format) => format === "png").map((): Route => ({ ...read, path: `${path}.png`, to: "embed" })),
    ...(page === null ? [] : [{ ...read, path: page }]),
  ];
}

/** All routes, for a registry of summaries. */
export const listRoutes = (summaries: SummaryRegistry): readonly Route[] => [
  ...inFormats({ method: "POST", path: "/v1/results", to: "ingest", traffic: "uploads" }, "txt", "json"),
  ...inFormats({ method: "GET", path: "/v1/quarantine", to: "ingest", traffic: "queries" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/quarantine/{id}/retry", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/tokens", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "GET", path: "/v1/tokens", to: "ingest", traffic: "changes" }, "json"),
  { method: "DELETE", path: "/v1/tokens/{id}", to: "ingest", traffic: "changes" },
  { method: "DELETE", path: "/v1/quarantine/{id}", to: "ingest", traffic: "changes" },
  { method: "DELETE", path: "/v1/runs/{id}", to: "ingest", traffic: "changes" },
  ...inFormats({ method: "POST", path: "/v1/runs/{id}/restore", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/runs/{id}/relabel", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/runs/withdraw", to: "ingest", traffic: "changes" }, "json"),
  { method: "DELETE", path: "/v1/hosts/{host}", to: "ingest", traffic: "changes" },
  ...inFormats({ method: "GET", path: "/v1/settings", to: "ingest", traffic: "queries" }, "json"),
  ...inFormats({ method: "PUT", path: "/v1/settings", to: "ingest", traffic: "changes" }, "json"),
  ...summaries.flatMap(summaryRoutes),
  ...inFormats({ method: "POST", path: "/v1/shares", to: "embed", traffic: "changes" }, "json"),
  ...inFormats({ method: "GET", path: "/v1/shares", to: "embed", traffic: "queries" }, "json"),
  { method: "DELETE", path: "/v1/shares/{id}", to: "embed", traffic: "changes" },
  { method: "GET", path: "/s/{id}", to: "embed", traffic: "queries" },
  { method: "GET", path: "/s/{id}/badge.svg", to: "embed", traffic: "queries" },
  { method: "GET", path: "/oembed", to: "embed", traffic: "queries" },
  ...PAGES.map((path): Route => ({ method: "GET", path, to: "read", traffic: "queries" })),
  { method: "POST", path: "/sign-in", to: "read", traffic: "changes" },
  { method: "POST", path: "/sign-out", to: "read", traffic: "changes" },
  { method: "POST", path: "/upload", to: "ingest", traffic: "changes" },
  { method: "POST", path: "/runs/withdraw", to: "ingest", traffic: "changes" },
  { method: "POST", path: "/runs/restore", to: "ingest", traffic: "changes" },
  { method: "GET", path: "/shares", to: "embed", traffic: "queries" },
  { method: "POST", path: "/shares", to: "embed", traffic: "changes" },
  { method: "POST", path: "/shares/revoke", to: "embed", traffic: "changes" },
  ...inFormats({ method: "GET", path: "/v1/status", to: "read", traffic: "queries" }, "json"),
  { method: "GET", path: "/healthz", to: "read", traffic: "queries" },
  { method: "GET", path: "/openapi.json", to: "docs", traffic: "queries" },
  { method: "GET", path: "/docs", to: "docs", traffic: "queries" },
];

export const ROUTES = listRoutes(SUMMARIES);

/** Unknown paths: the app that has error pages. Nobody needs it often, so the limit is low and scanners cost little. */
export const ELSEWHERE = { to: "read", traffic: "changes" } as const satisfies Pick<Route, "to" | "traffic">;

const isRead = (path: string): boolean => ROUTES.some((route) => route.path === path && route.method === "GET");

/** The method of a route in API Gateway: the function that reads a path, or else changes it, also gets methods that it lacks. */
export const routedMethod = ({ method, path }: Route): Route["method"] | "ANY" =>
  method === "GET" || !isRead(path) ? "ANY" : method;

// The API Gateway that has them.

/** The access log omits paths: the function's own log has them, and some are capabilities. */
const ACCESS_LOG = {
  kind: "access",
  at: "$context.requestTime",
  gatewayRequestId: "$context.requestId",
  ip: "$context.identity.sourceIp",
  route: "$context.routeKey",
  status: "$context.status",
  bytes: "$context.responseLength",
  milliseconds: "$context.responseLatency",
  fault: "$context.integrationErrorMessage",
};

/** Every route with its API Gateway key. */
const KEYED_ROUTES = [
  ...ROUTES.map((route) => ({
    routeKey: HttpRouteKey.with(route.path, HttpMethod[routedMethod(route)]),
    to: route.to,
    traffic: route.traffic,
  })),
  { routeKey: HttpRouteKey.DEFAULT, ...ELSEWHERE },
];

/** The API without routes: the functions need its URL. */
export function makeHttpApi(scope: Construct, stage: Stage): HttpApi {
  return new HttpApi(scope, "api", { apiName: `vbdstat-${stage.name}`, createDefaultStage: false });
}

/** Adds every route with its function and the throttle of its traffic, and deploys the API. */
export function addRoutes(api: HttpApi, functions: Readonly<Record<Route["to"], IFunction>>, stage: Stage): void {
  const { stack } = api;
  const integrations = new Map(
    Object.entries(functions).map(([to, handler]) => [
      to,
      new HttpLambdaIntegration(to, handler, { scopePermissionToRoute: false }),
    ]),
  );
  // With its own permission: the permissions of the other routes cover every path of the API, but not the default route.
  const elsewhere = new HttpLambdaIntegration("elsewhere", functions[ELSEWHERE.to]);
  const routes = KEYED_ROUTES.map(({ routeKey, to }) => {
    const integration = routeKey === HttpRouteKey.DEFAULT ? elsewhere : integrations.get(to);
    if (integration === undefined) throw new Error(`no function ${to} for ${routeKey.key}`);
    const route = new HttpRoute(stack, routeKey.key, { httpApi: api, routeKey, integration });
    Validations.of(route).acknowledge({
      id: "AwsSolutions-APIG4",
      reason:
        "The apps check tokens themselves, as on one machine: by scope, fleet and host, which an authorizer cannot.",
    });
    return route;
  });

  const logGroup = new LogGroup(stack, "access-log", {
    retention: stage.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const defaultStage = new HttpStage(stack, "stage", {
    httpApi: api,
    autoDeploy: true,
    throttle: THROTTLES.queries,
    accessLogSettings: {
      destination: new LogGroupLogDestination(logGroup),
      format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
    },
  });
  throttleByRoute(defaultStage);
  // A stage may throttle only routes that exist.
  defaultStage.node.addDependency(...routes);
}

/** Throttles each route by its traffic; only the CloudFormation resource has a property for that. */
function throttleByRoute(stage: HttpStage): void {
  const { defaultChild } = stage.node;
  if (!(defaultChild instanceof CfnStage)) throw new Error("the stage of the HTTP API has no CfnStage");
  defaultChild.routeSettings = Object.fromEntries(
    KEYED_ROUTES.map(({ routeKey, traffic }) => {
      const { rateLimit, burstLimit } = THROTTLES[traffic];
      return [routeKey.key, { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit }];
    }),
  );
}
