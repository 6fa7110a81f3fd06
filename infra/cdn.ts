// The CDN: a CloudFront distribution in front of the HTTP API. It gives the service one name over HTTPS, caches public responses, and can have
// a web ACL, which an HTTP API cannot. The apps decide with Cache-Control what may be cached and how long; CloudFront caches it for some
// minutes at most.

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
import type { Options } from "./stage.ts";

/**
 * Query parameters that change the response of a share. Others are not passed on, so that nobody can have the same image rendered repeatedly
 * under URLs that only look different.
 */
const SHARE_PARAMETERS = ["width", "theme", "metrics", "metric"];

/**
 * The maximum time in CloudFront's cache. Frozen shares never change and browsers may cache them for a year, but a revoked share must
 * disappear from CloudFront.
 */
const MAX_TTL = Duration.minutes(5);

const NO_TTL = Duration.seconds(0);

/** Errors that CloudFront would cache for ten seconds, some of them even with `no-store`. */
const UNCACHED_ERRORS = [404, 405, 414, 500, 501, 502, 503, 504];

/** Creates the distribution in front of an API. */
export function makeDistribution(scope: Construct, api: HttpApi, { domain, webAclArn }: Options): Distribution {
  const origin = (customHeaders: Record<string, string> = {}): IOrigin =>
    new HttpOrigin(`${api.apiId}.execute-api.${api.stack.region}.${api.stack.urlSuffix}`, {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      customHeaders,
    });
  const { shares, documents, calls, pages } = behaviors(scope, origin());
  // API Gateway decodes bodies with a text type as UTF-8 and damages all other bytes. Results count byte for byte, in any encoding and
  // compressed or not, so no upload may have a text type.
  const uploads = { ...calls, origin: origin({ "Content-Type": "application/octet-stream" }) };
  const distribution = new Distribution(scope, "cdn", {
    comment: api.httpApiName ?? "vbdstat",
    defaultBehavior: pages,
    additionalBehaviors: {
      "/v1/results*": uploads,
      "/v1/*": calls,
      "/s/*": shares,
      "/docs": documents,
      "/openapi.json": documents,
    },
    // CloudFront caches errors by path alone: the error of one fleet would be shown to all.
    errorResponses: UNCACHED_ERRORS.map((httpStatus) => ({ httpStatus, ttl: NO_TTL })),
    httpVersion: HttpVersion.HTTP2_AND_3,
    priceClass: PriceClass.PRICE_CLASS_100,
    // The certificate of cloudfront.net has no such minimum: it also serves a Dom0 whose curl is too old for TLS 1.2.
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
        "Its access logs contain full paths with the ids of shares, which are capabilities. The API logs every request that the cache does not answer.",
    },
  );
  if (webAclArn === null) {
    accepted.acknowledge({
      id: "AwsSolutions-CFR2",
      reason: "A web ACL has a monthly price whether it is needed or not: the operator decides, with -c webAclArn=ARN.",
    });
  }
  if (domain === null) {
    accepted.acknowledge({
      id: "AwsSolutions-CFR4",
      reason: "The certificate of cloudfront.net allows no minimum; with a custom domain it is TLS 1.2.",
    });
  }
  return distribution;
}

/** How each class of paths is cached, and which part of a request reaches the apps. */
function behaviors(
  scope: Construct,
  origin: IOrigin,
): Record<"shares" | "documents" | "calls" | "pages", BehaviorOptions> {
  const responseHeadersPolicy = new ResponseHeadersPolicy(scope, "https-only", {
    securityHeadersBehavior: {
      strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: false, override: true },
    },
  });
  const cached = (name: string, parameters: readonly string[]): BehaviorOptions => ({
    origin,
    responseHeadersPolicy,
    viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
    cachePolicy: new CachePolicy(scope, name, {
      // The origin's Cache-Control decides; without one nothing is cached. Cookies and headers, and so tokens, are not forwarded.
      minTtl: NO_TTL,
      defaultTtl: NO_TTL,
      maxTtl: MAX_TTL,
      queryStringBehavior:
        parameters.length === 0 ? CacheQueryStringBehavior.none() : CacheQueryStringBehavior.allowList(...parameters),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    }),
  });
  const forwarded: BehaviorOptions = {
    origin,
    responseHeadersPolicy,
    viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
    allowedMethods: AllowedMethods.ALLOW_ALL,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    // With the Authorization header and cookies, but without Host: the API has another name.
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  };
  return {
    shares: cached("shares", SHARE_PARAMETERS),
    documents: cached("documents", []),
    // Rejected and not redirected: a token that was sent unencrypted must not seem to work.
    calls: { ...forwarded, viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY },
    pages: forwarded,
  };
}
