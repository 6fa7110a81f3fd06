// Opening a table: a client that keeps its connections and retries a bounded number of times, so that a caller gets an error
// within a minute if the store cannot be reached. And creating the table where CDK does not.

import { Agent, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
} from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import { afterNewClients } from "../runtime/turns.ts";
import type { StoreHealth } from "./status.ts";
import { translateError } from "./table/errors.ts";
import { beginFormat } from "./table/format.ts";
import type { Table } from "./table/table.ts";

// The embedded engine runs on the same machine. It requires that a request has a signature, but does not check it. So
// requests to it get a constant one: computing a signature takes the SHA-256 of every body.

/** Gives a socket that is connected to the engine. Rejects with an Error that has a `code`, like the errors of sockets. */
export type Connect = () => Promise<Socket>;

/** The form of a signature, which the engine checks. */
const SIGNATURE = {
  authorization: "AWS4-HMAC-SHA256 Credential=local/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  "x-amz-date": "20000101T000000Z",
};

/** How clients of the embedded engine differ from others. */
interface EmbeddedClient {
  /** A new agent for an engine whose endpoint is not an address; null if it is one. */
  agent(): Agent | null;
  readonly signer: NonNullable<DynamoDBClientConfig["signer"]>;
}

/** Clients of an engine that is reached through `connect`, or listens on its endpoint. */
export const embeddedClient = (connect: Connect | undefined): EmbeddedClient => ({
  agent: () => (connect === undefined ? null : new ConnectingAgent(connect)),
  signer: {
    sign: async (request) => {
      Object.assign(request.headers, SIGNATURE);
      return request;
    },
  },
});

/**
 * An agent whose connections come from `connect`, whatever the host of a request. It does not limit their number: Node.js
 * counts a connection only once it is established.
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
      // Node.js ignores the stream if there is an error.
      (error) => callback?.(error, undefined as never),
    );
  }
}

/** Where a table is. Without an endpoint: on AWS, with the region and credentials that the SDK finds. */
export interface TableAddress {
  readonly tableName: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Given if the endpoint is that of the embedded engine. */
  readonly embedded?: EmbeddedClient;
  /** Notes errors of the disk that requests meet. */
  readonly health?: StoreHealth;
  /** After this time without an answer a request has failed, and is retried; 5 seconds unless given. */
  readonly timeoutMs?: number;
  /** Requests that run at the same time, while others wait; 64 unless given. */
  readonly sockets?: number;
  /** Whether requests wait while clients connect, because health checks of those clients would wait for their answers. */
  readonly yieldsToNewClients?: boolean;
}

/** A table with a new client. It sends nothing yet. The caller must destroy the client in the end. */
export function openTable(address: TableAddress): Table {
  const { tableName, endpoint, region, credentials, embedded, health, timeoutMs = 5_000, sockets = 64 } = address;
  const client = new DynamoDBClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(embedded === undefined ? {} : { signer: embedded.signer }),
    maxAttempts: 4,
    // The middleware is the same for all requests: the SDK need not assemble it for each.
    cacheMiddleware: true,
    requestHandler: {
      // On one machine a burst of work can delay the handling of an established connection for seconds.
      connectionTimeout: endpoint === undefined ? 1_000 : timeoutMs,
      requestTimeout: timeoutMs,
      // Without it the SDK only warns of a store that accepts requests and does not answer, and continues to wait.
      throwOnRequestTimeout: true,
      httpAgent: embedded?.agent() ?? { keepAlive: true, maxSockets: sockets },
    },
  });
  limitRequests(client, sockets, address.yieldsToNewClients === true);
  health?.watch(client);
  // It processes every input and output for a log that is not used.
  removeMiddleware(client, "loggerMiddleware");
  // It composes a header for every request, which the engine ignores.
  if (embedded !== undefined) removeMiddleware(client, "getUserAgentMiddleware");
  return { name: tableName, client };
}

/** Throws if the SDK no longer has the middleware under this name, which is not part of its public interface. */
function removeMiddleware({ middlewareStack }: DynamoDBClient, name: string): void {
  if (!middlewareStack.remove(name)) throw new Error(`the SDK has no ${name}; find out what replaced it`);
}

/**
 * Limits the requests that run at the same time. The others wait before they reach the HTTP client, so that the waiting does
 * not count for its timeouts, and no connections are opened for them.
 */
function limitRequests({ middlewareStack }: DynamoDBClient, max: number, yieldsToNewClients: boolean): void {
  const waiting: (() => void)[] = [];
  let running = 0;
  middlewareStack.add(
    (next) => async (args) => {
      if (running < max) running += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        if (yieldsToNewClients) await afterNewClients();
        return await next(args);
      } finally {
        const first = waiting.shift();
        // The first that waits takes this place, so that no new request can take it.
        if (first === undefined) running -= 1;
        else first();
      }
    },
    { step: "deserialize", priority: "high", name: "vbdstatTurns" },
  );
}

/**
 * Creates the table unless it exists, waits until it is active, and writes the format number into a new one. For local engines
 * and tests; on AWS, CDK creates the table, and the command that creates the first token writes the number.
 */
export async function ensureTable(table: Table): Promise<void> {
  const { timeIndex } = TABLE;
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: "S" as const });
  try {
    await whenStarted(() =>
      table.client.send(
        new CreateTableCommand({
          TableName: table.name,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [TABLE.partitionKey, TABLE.sortKey, timeIndex.partitionKey, timeIndex.sortKey].map(
            attribute,
          ),
          KeySchema: [
            { AttributeName: TABLE.partitionKey, KeyType: "HASH" },
            { AttributeName: TABLE.sortKey, KeyType: "RANGE" },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: timeIndex.name,
              KeySchema: [
                { AttributeName: timeIndex.partitionKey, KeyType: "HASH" },
                { AttributeName: timeIndex.sortKey, KeyType: "RANGE" },
              ],
              Projection: { ProjectionType: "KEYS_ONLY" },
            },
          ],
        }),
      ),
    );
  } catch (error) {
    if (!(error instanceof Error && error.name === "ResourceInUseException")) throw translateError(error);
  }
  for (let waited = 0; ; waited += 1) {
    const describe = () => table.client.send(new DescribeTableCommand({ TableName: table.name }));
    const { Table: described } = await whenStarted(describe);
    if (described?.TableStatus === "ACTIVE") return beginFormat(table);
    if (waited === 150) throw new Error(`table ${table.name} did not become active within 30 seconds`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** How long a store may take to start: an engine that was killed first reads its log again, which can be gigabytes. */
const START_UP_MS = 300_000;

/** Retries until there is an answer: a store that is starting accepts requests before it answers them. */
async function whenStarted<T>(send: () => Promise<T>): Promise<T> {
  for (const started = performance.now(); ; ) {
    try {
      return await send();
    } catch (error) {
      const isSilent = error instanceof Error && error.name === "TimeoutError";
      if (!isSilent || performance.now() - started > START_UP_MS) throw error;
    }
  }
}
