// A request as API Gateway passes it to a function (HTTP API, payload format 2.0), with all its fields.

import type { LambdaContext, LambdaEvent } from "hono/aws-lambda";

export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is; bytes in base64, as API Gateway sends everything that it does not know as text. */
  readonly body?: string | Buffer;
}

export function gatewayEvent({ method, path, query = "", headers = {}, body }: GatewayRequest): LambdaEvent {
  return {
    version: "2.0",
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: query,
    queryStringParameters: Object.fromEntries(new URLSearchParams(query)),
    // API Gateway sends the names of headers in lower case.
    headers: {
      "content-length": String(body === undefined ? 0 : Buffer.byteLength(body)),
      host: "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
      "user-agent": "curl/7.29.0",
      "x-amzn-trace-id": "Root=1-6921ab12-0123456789abcdef01234567",
      "x-forwarded-for": "192.0.2.7",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "a1b2c3d4e5",
      authentication: null,
      authorizer: {},
      domainName: "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
      domainPrefix: "a1b2c3d4e5",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.7", userAgent: "curl/7.29.0" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: `${method} ${path}`,
      stage: "$default",
      time: "22/Nov/2026:10:00:00 +0000",
      timeEpoch: 1795341600000,
    },
    body: body === undefined ? null : typeof body === "string" ? body : body.toString("base64"),
    isBase64Encoded: Buffer.isBuffer(body),
  };
}

/** The context of an invocation. */
export const lambdaContext: LambdaContext = {
  callbackWaitsForEmptyEventLoop: true,
  functionName: "vbdstat-test",
  functionVersion: "$LATEST",
  invokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:vbdstat-test",
  memoryLimitInMB: "1769",
  awsRequestId: "8f507cfc-1d1f-4f3c-9e0a-0123456789ab",
  logGroupName: "log",
  logStreamName: "2026/11/22/[$LATEST]0123456789abcdef",
  getRemainingTimeInMillis: () => 29_000,
};
