// The embedded engine is reached over the loopback of one machine and asks that a request is signed, but not how. Signing
// takes the SHA-256 of every body, a header of what runs where is made for every request, and nobody ever looks at either.

import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** What stands for a signature: in the form of one, since the engine looks at that. */
const HEADERS = {
  authorization: "AWS4-HMAC-SHA256 Credential=local/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  "x-amz-date": "20000101T000000Z",
};

/** Makes a client send the same words in place of a signature. For the embedded engine only: AWS refuses such requests. */
export function leaveUnsigned({ middlewareStack }: DynamoDBClient): void {
  middlewareStack.remove("httpSigningMiddleware");
  middlewareStack.remove("getUserAgentMiddleware");
  middlewareStack.add(
    (next) => (args) => {
      // The step hands on requests of the SDK's own type, which it declares as unknown.
      const { headers } = args.request as { headers: Record<string, string> };
      Object.assign(headers, HEADERS);
      return next(args);
    },
    { step: "build", name: "vbdstatUnsigned" },
  );
}
