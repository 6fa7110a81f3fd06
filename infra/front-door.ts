// The front door: CloudFront before the HTTP API. It gives the service one name over HTTPS, keeps what anybody may keep, and
// is where a web ACL goes, which an HTTP API cannot have. What may be kept, and how long, the apps say in Cache-Control; here it
// is kept for some minutes at most.

import { Duration, Validations } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  HttpVersion,
  type IOrigin,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from "aws-cdk-lib/aws-cloudfront";
import { HttpOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import type { Construct } from "constructs";
import type { Options } from "./options.ts";

/**
 * Query parameters by which shares differ. Others are not passed on, so that nobody can have the same picture made over and
 * over under addresses that only look different.
 */
const SHARE_PARAMETERS = ["width", "theme", "metrics", "metric"];

/**
 * The longest that CloudFront keeps anything itself. Frozen shares never change and browsers may keep them for a year, but a
 * share that was ended must be gone from here as well.
 */
const MAX_HERE = Duration.minutes(5);

const NOT_AT_ALL = Duration.seconds(0);

/** Refusals and faults that CloudFront would keep for ten seconds, some of them even where the answer says `no-store`. */
const NEVER_KEPT = [404, 405, 414, 500, 501, 502, 503, 504];

export function frontDoor(scope: Construct, api: HttpApi, { domain, webAclArn }: Options): Distribution {
  const origin = (customHeaders: Record<string, string> = {}): IOrigin =>
    new HttpOrigin(`${api.apiId}.execute-api.${api.stack.region}.${api.stack.urlSuffix}`, {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      customHeaders,
    });
  const { shares, documents, calls, pages } = behaviors(scope, origin());
  // API Gateway takes what is said to be text for UTF-8 and spoils all other bytes. Results count as they were sent, byte for
  // byte, in any encoding and compressed or not, so it must never believe that one is text.
  const uploads = { ...calls, origin: origin({ "Content-Type": "application/octet-stream" }) };
  const distribution = new Distribution(scope, "front-door", {
    comment: api.httpApiName ?? "vbdstat",
    defaultBehavior: pages,
    additionalBehaviors: {
      "/v1/results*": uploads,
      "/v1/*": calls,
      "/s/*": shares,
      "/docs": documents,
      "/openapi.json": documents,
    },
    // It keeps them by the path alone: a fault that one fleet meets would be everybody's.
    errorResponses: NEVER_KEPT.map((httpStatus) => ({ httpStatus, ttl: NOT_AT_ALL })),
    httpVersion: HttpVersion.HTTP2_AND_3,
    priceClass: PriceClass.PRICE_CLASS_100,
    // The certificate of cloudfront.net has no such minimum: it serves a Dom0 whose curl is too old for TLS 1.2 as well.
    ...(domain !== null && {
      domainNames: [domain.name],
      certificate: Certificate.fromCertificateArn(scope, "certificate", domain.certificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    }),
    ...(webAclArn !== null && { webAclId: webAclArn }),
  });
  const accepted = Validations.of(distribution);
  accepted.acknowledge(
    { id: "AwsSolutions-CFR1", reason: "Dom0 hosts and readers may be in any country." },
    {
      id: "AwsSolutions-CFR3",
      reason:
        "Its access logs hold whole paths, and so the ids of shares, which are capabilities. The API logs every request that is not answered from the cache.",
    },
  );
  if (webAclArn === null) {
    accepted.acknowledge({
      id: "AwsSolutions-CFR2",
      reason: "A web ACL costs by the month whether it is needed or not: the operator decides, with -c webAclArn=ARN.",
    });
  }
  if (domain === null) {
    accepted.acknowledge({
      id: "AwsSolutions-CFR4",
      reason: "The certificate of cloudfront.net allows no minimum; with a domain of one's own it is TLS 1.2.",
    });
  }
  return distribution;
}

/** How each class of paths is kept, and what of a request reaches the apps. */
function behaviors(
  scope: Construct,
  origin: IOrigin,
): Record<"shares" | "documents" | "calls" | "pages", BehaviorOptions> {
  const responseHeadersPolicy = new ResponseHeadersPolicy(scope, "https-only", {
    securityHeadersBehavior: {
      strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: false, override: true },
    },
  });
  const kept = (name: string, parameters: readonly string[]): BehaviorOptions => ({
    origin,
    responseHeadersPolicy,
    viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
    cachePolicy: new CachePolicy(scope, name, {
      // The origin's Cache-Control decides; without one nothing is kept. No cookie and no header, so no token, gets through.
      minTtl: NOT_AT_ALL,
      defaultTtl: NOT_AT_ALL,
      maxTtl: MAX_HERE,
      queryStringBehavior:
        parameters.length === 0 ? CacheQueryStringBehavior.none() : CacheQueryStringBehavior.allowList(...parameters),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    }),
  });
  const passed: BehaviorOptions = {
    origin,
    responseHeadersPolicy,
    viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    allowedMethods: AllowedMethods.ALLOW_ALL,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    // With the Authorization header and cookies. Not with the host: the API is known by another name.
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  };
  return {
    shares: kept("shares", SHARE_PARAMETERS),
    documents: kept("documents", []),
    // Refused and not redirected: a token that was sent in the clear must not seem to work.
    calls: { ...passed, viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY },
    pages: passed,
  };
}
