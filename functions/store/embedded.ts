// The embedded engine is reached on one machine and asks that a request is signed, but not how. Signing takes the SHA-256
// of every body, a header of what runs where is made for every request, and nobody ever looks at either.

import { Agent, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** Gives a connected socket to the engine. Rejects with an Error with a `code`, as a socket's. */
export type Connect = () => Promise<Socket>;

/** What stands for a signature: in the form of one, since the engine looks at that. */
const HEADERS = {
  authorization: "AWS4-HMAC-SHA256 Credential=local/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  "x-amz-date": "20000101T000000Z",
};

/** What clients of the embedded engine do otherwise than others. */
export interface EmbeddedClient {
  /** A new agent that reaches the engine where its endpoint is no address; null where that is one. */
  agent(): Agent | null;
  leaveUnsigned(client: DynamoDBClient): void;
}

/** The clients of an engine that gives its connections by `connect`, or listens at its endpoint. */
export const embeddedClient = (connect: Connect | undefined): EmbeddedClient => ({
  agent: () => (connect === undefined ? null : new ConnectingAgent(connect)),
  leaveUnsigned,
});

/** Makes a client send the same words in place of a signature. For the embedded engine only: AWS refuses such requests. */
function leaveUnsigned({ middlewareStack }: DynamoDBClient): void {
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

/**
 * An agent whose connections come from `connect`, whatever host a request names. It does not bound their number: Node.js
 * counts a connection only when it is there.
 */
export class ConnectingAgent extends Agent {
  readonly #connect: Connect;

  constructor(connect: Connect) {
    super({ keepAlive: true });
    this.#connect = connect;
  }

  override createConnection(_: ClientRequestArgs, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#connect().then(
      (socket) => callback?.(null, socket),
      // Node.js looks at no stream where there is an error.
      (error) => callback?.(error, undefined as never),
    );
  }
}
