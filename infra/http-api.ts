// The HTTP API: one route for each endpoint, each with the throttle of its traffic, and an access log that holds no header,
// so no token.

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
import { ELSEWHERE, ROUTES, type Route, routedMethod, THROTTLES } from "./routes.ts";
import type { Stage } from "./stage.ts";

/** Paths are left out of the access log: the function's own line has them, and some are capabilities. */
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

/** Every route as API Gateway knows it. */
const KEYED_ROUTES = [
  ...ROUTES.map((route) => ({
    routeKey: HttpRouteKey.with(route.path, HttpMethod[routedMethod(route)]),
    to: route.to,
    traffic: route.traffic,
  })),
  { routeKey: HttpRouteKey.DEFAULT, ...ELSEWHERE },
];

/** The API without routes: its address is known before the functions are. */
export function httpApi(scope: Construct, stage: Stage): HttpApi {
  return new HttpApi(scope, "api", { apiName: `vbdstat-${stage.name}`, createDefaultStage: false });
}

/** Leads every route to its function, with the throttle of its traffic, and opens the API. */
export function addRoutes(api: HttpApi, functions: Readonly<Record<Route["to"], IFunction>>, stage: Stage): void {
  const { stack } = api;
  const integrations = new Map(
    Object.entries(functions).map(([to, handler]) => [
      to,
      new HttpLambdaIntegration(to, handler, { scopePermissionToRoute: false }),
    ]),
  );
  // With a permission of its own: those of the others hold for every path of the API, and so not for what is at none.
  const elsewhere = new HttpLambdaIntegration("elsewhere", functions[ELSEWHERE.to]);
  const routes = KEYED_ROUTES.map(({ routeKey, to }) => {
    const integration = routeKey === HttpRouteKey.DEFAULT ? elsewhere : integrations.get(to);
    if (integration === undefined) throw new Error(`there is no function ${to} for ${routeKey.key}`);
    const route = new HttpRoute(stack, routeKey.key, { httpApi: api, routeKey, integration });
    Validations.of(route).acknowledge({
      id: "AwsSolutions-APIG4",
      reason:
        "The apps check tokens themselves, as on one machine: by scope, fleet and host, which no authorizer knows.",
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

/** Throttles each route by its traffic; only the resource itself has a property for it. */
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
