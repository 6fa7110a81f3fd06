// CloudFront before the API: what it keeps, what it passes on, and under which name. A wrong cache hands one fleet's answer
// to another; a wrong filter takes the token off a request.

import { describe, expect, test } from "vitest";
import { CONTRACT } from "../../shared/api/contract.ts";
import { onlyOne, resourcesOf, synthesised } from "./synthesised.ts";

const template = synthesised("dev");
const { DistributionConfig: door } = onlyOne(template, "AWS::CloudFront::Distribution").Properties;

/** CloudFront's own policies, which are known by these ids everywhere. */
const CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

// biome-ignore lint/suspicious/noExplicitAny: the properties of CloudFormation resources have no common type.
type Behavior = any;
const behaviors: Record<string, Behavior> = Object.fromEntries([
  ["*", door.DefaultCacheBehavior],
  ...door.CacheBehaviors.map((behavior: Behavior) => [behavior.PathPattern, behavior]),
]);

const cacheOf = (pattern: string) =>
  resourcesOf(template, "AWS::CloudFront::CachePolicy")[behaviors[pattern].CachePolicyId.Ref]?.Properties
    .CachePolicyConfig;

test("there are five classes of paths, and the narrower ones come before those that hold them", () => {
  expect(door.CacheBehaviors.map(({ PathPattern }: Behavior) => PathPattern)).toEqual([
    "/v1/results*",
    "/v1/*",
    "/s/*",
    "/docs",
    "/openapi.json",
  ]);
});

test("a result reaches the API as bytes, whatever its sender calls it: what API Gateway takes for text it spoils", () => {
  const headersOf = (pattern: string) =>
    door.Origins.find(({ Id }: { Id: string }) => Id === behaviors[pattern].TargetOriginId).OriginCustomHeaders;
  expect(headersOf("/v1/results*")).toEqual([{ HeaderName: "Content-Type", HeaderValue: "application/octet-stream" }]);
  for (const pattern of ["/v1/*", "/s/*", "/docs", "/openapi.json", "*"]) expect(headersOf(pattern)).toBeUndefined();
});

test("no error is kept: it would be kept by its path alone, and one fleet's fault be everybody's answer", () => {
  // The errors that CloudFront caches by default and that can be configured (for 410 it respects no-store).
  const kept = [404, 405, 414, 500, 501, 502, 503, 504];
  expect(door.CustomErrorResponses).toEqual(kept.map((ErrorCode) => ({ ErrorCode, ErrorCachingMinTTL: 0 })));
});

describe.each(["/v1/results*", "/v1/*", "*"])("%s", (pattern) => {
  test("is kept by nobody, and gets the whole request: token, cookies, query, any method", () => {
    expect(behaviors[pattern]).toMatchObject({
      CachePolicyId: CACHING_DISABLED,
      OriginRequestPolicyId: ALL_VIEWER_EXCEPT_HOST_HEADER,
      AllowedMethods: expect.arrayContaining(["GET", "POST", "DELETE"]),
    });
  });
});

describe.each(["/s/*", "/docs", "/openapi.json"])("%s", (pattern) => {
  test("is kept as the app says, five minutes at most: an ended share must end here too; no token reaches it", () => {
    expect(cacheOf(pattern)).toMatchObject({
      MinTTL: 0,
      DefaultTTL: 0,
      MaxTTL: 300,
      ParametersInCacheKeyAndForwardedToOrigin: {
        CookiesConfig: { CookieBehavior: "none" },
        HeadersConfig: { HeaderBehavior: "none" },
      },
    });
    expect(behaviors[pattern].OriginRequestPolicyId).toBeUndefined();
    expect(behaviors[pattern].AllowedMethods).not.toContain("POST");
  });
});

test("shares differ by every parameter that they have, and by no other", () => {
  const known = CONTRACT.filter(({ path }) => path.startsWith("/s/")).flatMap(({ query }) =>
    Object.keys(query?.shape ?? {}),
  );
  const { QueryStrings } = cacheOf("/s/*").ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig;
  expect([...QueryStrings].sort()).toEqual([...new Set(known)].sort());
});

test("what may be called with a token is refused over plain HTTP, the rest is sent to HTTPS", () => {
  const policies = Object.entries(behaviors).map(([pattern, { ViewerProtocolPolicy }]) => [
    pattern,
    ViewerProtocolPolicy,
  ]);
  expect(Object.fromEntries(policies)).toEqual({
    "*": "redirect-to-https",
    "/docs": "redirect-to-https",
    "/openapi.json": "redirect-to-https",
    "/s/*": "redirect-to-https",
    "/v1/*": "https-only",
    "/v1/results*": "https-only",
  });
  for (const { CustomOriginConfig } of door.Origins) {
    expect(CustomOriginConfig).toMatchObject({ OriginProtocolPolicy: "https-only", OriginSSLProtocols: ["TLSv1.2"] });
  }
});

test("no answer gets a CORS header on its way: that is the apps' to say, and they say it of shares only", () => {
  const { ResponseHeadersPolicyConfig } = onlyOne(template, "AWS::CloudFront::ResponseHeadersPolicy").Properties;
  expect(ResponseHeadersPolicyConfig.CorsConfig).toBeUndefined();
  expect(ResponseHeadersPolicyConfig.SecurityHeadersConfig).toHaveProperty("StrictTransportSecurity");
});

test("it keeps no log, in which the ids of shares would be", () => {
  expect(door.Logging).toBeUndefined();
});

test("a domain of one's own gets its certificate and TLS 1.2, a web ACL its place", () => {
  const certificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d";
  const webAclArn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/vbdstat/0a1b2c3d";
  const own = synthesised("prod", { domain: { name: "vbdstat.example.org", certificateArn }, webAclArn });
  expect(onlyOne(own, "AWS::CloudFront::Distribution").Properties.DistributionConfig).toMatchObject({
    Aliases: ["vbdstat.example.org"],
    ViewerCertificate: { AcmCertificateArn: certificateArn, MinimumProtocolVersion: "TLSv1.2_2021" },
    WebACLId: webAclArn,
  });
  expect(own.findOutputs("ServiceUrl")["ServiceUrl"]?.["Value"]).toBe("https://vbdstat.example.org");
});
