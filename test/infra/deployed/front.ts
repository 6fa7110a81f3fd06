// The way of a request before it reaches a function: CloudFront's behavior for its path, then the API's route. Both take
// from the request what the template does not let through.

import { gatewayEvent } from "../../handlers/gateway-event.ts";
import { idOf, resourcesOfType, type TemplateFile, theResource } from "./assembly.ts";

export interface SentRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Passes all headers, cookies and parameters on. */
const ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/** The request as CloudFront sends it to the API. Throws where CloudFront would refuse it. */
export function throughDoor(template: TemplateFile, request: SentRequest): SentRequest {
  const [, { Properties }] = theResource(template, "AWS::CloudFront::Distribution");
  const { CacheBehaviors = [], DefaultCacheBehavior } = Properties.DistributionConfig;
  const [path = "", query = ""] = request.path.split("?");
  const behavior =
    CacheBehaviors.find(({ PathPattern }: { PathPattern: string }) => isLike(PathPattern, path)) ??
    DefaultCacheBehavior;
  if (!behavior.AllowedMethods.includes(request.method))
    throw new Error(`CloudFront refuses ${request.method} ${path}`);
  if (behavior.OriginRequestPolicyId === ALL_VIEWER_EXCEPT_HOST_HEADER) return request;
  // What is part of the key that an answer is kept under is passed on, and nothing else.
  const policy = template.Resources[idOf(behavior.CachePolicyId)]?.Properties.CachePolicyConfig;
  const { QueryStringBehavior, QueryStrings = [] } = policy.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig;
  const passed = [...new URLSearchParams(query)].filter(
    ([name]) => QueryStringBehavior === "whitelist" && QueryStrings.includes(name),
  );
  return { method: request.method, path: passed.length === 0 ? path : `${path}?${new URLSearchParams(passed)}` };
}

const isLike = (pattern: string, path: string): boolean =>
  pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

/** The function that a request is routed to, and the event it gets; null where no route leads anywhere. */
export function routed(
  template: TemplateFile,
  { method, path: pathAndQuery, headers = {}, body }: SentRequest,
): { functionId: string; event: unknown } | null {
  const [path = "", query = ""] = pathAndQuery.split("?");
  const fitting = resourcesOfType(template, "AWS::ApiGatewayV2::Route")
    .map(([, { Properties }]) => ({ key: String(Properties.RouteKey), target: Properties.Target }))
    .filter(({ key }) => key.startsWith(`${method} `) && fits(key.slice(method.length + 1), path))
    // The more segments are words, the more a route is meant.
    .sort((a, b) => a.key.split("{").length - b.key.split("{").length);
  const [route] = fitting;
  if (route === undefined) return null;
  const integration = template.Resources[idOf(route.target["Fn::Join"][1][1])]?.Properties;
  if (integration?.PayloadFormatVersion !== "2.0") throw new Error(`${route.key} leads to no integration`);
  const functionId = idOf(integration.IntegrationUri);
  if (!mayInvoke(template, "apigateway.amazonaws.com", functionId))
    throw new Error(`the API may not call ${functionId}`);
  return {
    functionId,
    event: {
      ...gatewayEvent({ method, path, query, headers, ...(body !== undefined && { body }) }),
      routeKey: route.key,
    },
  };
}

/** Whether a path has the segments of a route. */
function fits(route: string, path: string): boolean {
  const wanted = route.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length &&
    wanted.every((one, at) => one === given[at] || (/^\{/.test(one) && given[at] !== ""))
  );
}

/** Whether a service may call a function. */
export const mayInvoke = (template: TemplateFile, service: string, functionId: string): boolean =>
  resourcesOfType(template, "AWS::Lambda::Permission").some(
    ([, { Properties }]) =>
      Properties.Principal === service &&
      Properties.Action === "lambda:InvokeFunction" &&
      idOf(Properties.FunctionName) === functionId,
  );
