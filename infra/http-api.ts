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
import { ELSEWHERE, ROUTES, type Route, routedMethod, THROTTLES } from "./routes.ts";
import type { Stage } from "./stage.ts";

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
