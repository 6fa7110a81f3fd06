// The way of a request before it reaches a function: CloudFront's behavior for its path, then the API's route. Both take
// from the request what the template does not let through.

import { gatewayEvent } from "../../functions/gateway-event.ts";
import { idOf, resourcesOfType, type TemplateFile, theResource } from "./assembly.ts";

export interface SentRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Passes all headers, cookies and parameters on. */
const ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/** The request as CloudFront sends it to the API. Throws where CloudFront would refuse it. */
export function throughDoor(template: TemplateFile, request: SentRequest): SentRequest {
  const [, { Properties }] = theResource(template, "AWS::CloudFront::Distribution");
  const { CacheBehaviors = [], DefaultCacheBehavior, Origins } = Properties.DistributionConfig;
  const [path = "", query = ""] = request.path.split("?");
  const behavior =
    CacheBehaviors.find(({ PathPattern }: { PathPattern: string }) => isLike(PathPattern, path)) ??
    DefaultCacheBehavior;
  if (!behavior.AllowedMethods.includes(request.method))
    throw new Error(`CloudFront refuses ${request.method} ${path}`);
  const { OriginCustomHeaders = [] } = Origins.find(({ Id }: { Id: string }) => Id === behavior.TargetOriginId);
  // They replace the headers that were sent.
  const added = OriginCustomHeaders.map(({ HeaderName, HeaderValue }: Record<string, string>) => [
    HeaderName?.toLowerCase(),
    HeaderValue,
  ]);
  if (behavior.OriginRequestPolicyId === ALL_VIEWER_EXCEPT_HOST_HEADER) {
    const sent = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
    return { ...request, headers: Object.fromEntries([...sent, ...added]) };
  }
  // What is part of the key that an answer is kept under is passed on, and nothing else.
  const policy = template.Resources[idOf(behavior.CachePolicyId)]?.Properties.CachePolicyConfig;
  const { QueryStringBehavior, QueryStrings = [] } = policy.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig;
  const passed = [...new URLSearchParams(query)].filter(
    ([name]) => QueryStringBehavior === "whitelist" && QueryStrings.includes(name),
  );
  const asked = passed.length === 0 ? path : `${path}?${new URLSearchParams(passed)}`;
  return { method: request.method, path: asked, headers: Object.fromEntries(added) };
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
    .filter(({ key }) => key === DEFAULT || [method, "ANY"].some((verb) => isKeyOf(key, verb, path)))
    .sort((a, b) => computeRank(a.key) - computeRank(b.key));
  const [route] = fitting;
  if (route === undefined) return null;
  const integration = template.Resources[idOf(route.target["Fn::Join"][1][1])]?.Properties;
  if (integration?.PayloadFormatVersion !== "2.0") throw new Error(`${route.key} leads to no integration`);
  const functionId = idOf(integration.IntegrationUri);
  // What API Gateway calls a function in the name of: `API/STAGE/METHOD/PATH`, but of the default route `API/STAGE/$default`.
  const source = route.key === DEFAULT ? `/$default/${DEFAULT}` : `/$default/${method}${path}`;
  if (!mayInvoke(template, "apigateway.amazonaws.com", functionId, source))
    throw new Error(`the API may not call ${functionId} for ${route.key}`);
  return {
    functionId,
    event: {
      ...gatewayEvent({ method, path, query, headers, ...(body !== undefined && { body: handedOn(body, headers) }) }),
      routeKey: route.key,
    },
  };
}

/** The route of what no other route takes. */
const DEFAULT = "$default";

const isKeyOf = (key: string, method: string, path: string): boolean =>
  key.startsWith(`${method} `) && fits(key.slice(method.length + 1), path);

/** The more segments are words, the more a route is meant; then one that names the method; the default last. */
const computeRank = (key: string): number =>
  key === DEFAULT ? Number.POSITIVE_INFINITY : 2 * key.split("{").length + (key.startsWith("ANY ") ? 1 : 0);

/** A body as API Gateway hands it on: what is said to be text as UTF-8, whatever it is, and all else as bytes. */
function handedOn(body: string | Buffer, headers: Readonly<Record<string, string>>): string | Buffer {
  const isText = /^(text\/|application\/(json|javascript|xml)\b)/i.test(headers["content-type"] ?? "");
  return isText ? Buffer.from(body).toString("utf8") : Buffer.from(body);
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

/** Whether a service may call a function; API Gateway in the name of a source, given from behind the API's id on. */
export const mayInvoke = (template: TemplateFile, service: string, functionId: string, source?: string): boolean =>
  resourcesOfType(template, "AWS::Lambda::Permission").some(
    ([, { Properties }]) =>
      Properties.Principal === service &&
      Properties.Action === "lambda:InvokeFunction" &&
      idOf(Properties.FunctionName) === functionId &&
      (source === undefined || isSource(Properties.SourceArn["Fn::Join"][1].at(-1), source)),
  );

/** Whether the end of an ARN matches a pattern, in which `*` matches any text. */
const isSource = (pattern: string, source: string): boolean =>
  new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(source);
