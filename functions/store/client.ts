// Opening the table: one client, kept alive, with a bounded number of retries, so that a caller hears within a minute when the
// store cannot be reached; and, where CDK does not do it, making the table.

import { Agent, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import { afterNewClients } from "../runtime/turns.ts";
import { translated } from "./errors.ts";
import { beginFormat } from "./format.ts";
import type { StoreHealth } from "./health.ts";
import type { Table } from "./table.ts";

// The embedded engine is reached on one machine and asks that a request is signed, but not how. Signing takes the SHA-256
// of every body, a header of what runs where is made for every request, and nobody ever looks at either.

/** Gives a connected socket to the engine. Rejects with an Error with a `code`, as a socket's. */
export type Connect = () => Promise<Socket>;

/** What stands for a signature: in the form of one, since the engine looks at that. */
const HEADERS = {
  authorization: "AWS4-HMAC-SHA256 Credential=local/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  "x-amz-date": "20000101T000000Z",
};

/** What clients of the embedded engine do otherwise than others. */
interface EmbeddedClient {
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

/** Where the table is. Without an endpoint: AWS, with region and credentials as the SDK finds them. */
export interface TableAddress {
  readonly tableName: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** The endpoint is the embedded engine: what its clients do otherwise. */
  readonly embedded?: EmbeddedClient;
  /** Told what requests find wrong with the store's file. */
  readonly health?: StoreHealth;
  /** After so long without an answer a request counts as failed, and is tried again; 5 seconds unless given. */
  readonly timeoutMs?: number;
  /** Requests under way at the same time, others wait for one of these; 64 unless given. */
  readonly sockets?: number;
  /** Whether requests are held back while clients connect, because each answer takes time that health checks wait for. */
  readonly yieldsToNewClients?: boolean;
}

/** A table and a new client that reaches it; nothing is sent yet. Whoever opens it destroys the client when done. */
export function openTable(address: TableAddress): Table {
  const { tableName, endpoint, region, credentials, embedded, health, timeoutMs = 5_000, sockets = 64 } = address;
  const client = new DynamoDBClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 4,
    // The stack of middleware is the same for every request: it need not be put together for each.
    cacheMiddleware: true,
    requestHandler: {
      // On one machine a burst can keep the process from looking at a connection that was made for seconds.
      connectionTimeout: endpoint === undefined ? 1_000 : timeoutMs,
      requestTimeout: timeoutMs,
      // Without it the SDK only warns of a store that takes requests and never answers, and waits on.
      throwOnRequestTimeout: true,
      httpAgent: embedded?.agent() ?? { keepAlive: true, maxSockets: sockets },
    },
  });
  takeTurns(client, sockets, address.yieldsToNewClients === true);
  health?.watch(client);
  // It walks every input and output for a log that is not there.
  client.middlewareStack.remove("loggerMiddleware");
  embedded?.leaveUnsigned(client);
  return { name: tableName, client };
}

/**
 * Lets requests wait for each other before they are handed to the HTTP client, so that no limit of time counts the waiting,
 * and no more connections are opened than requests may be under way.
 */
function takeTurns({ middlewareStack }: DynamoDBClient, most: number, yieldsToNewClients: boolean): void {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  middlewareStack.add(
    (next) => async (args) => {
      if (underWay < most) underWay += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        if (yieldsToNewClients) await afterNewClients();
        return await next(args);
      } finally {
        const first = waiting.shift();
        // The turn is handed on: nobody who comes now can be quicker.
        if (first === undefined) underWay -= 1;
        else first();
      }
    },
    { step: "deserialize", priority: "high", name: "vbdstatTurns" },
  );
}

/**
 * Creates the table unless it exists, waits until it can be used, and writes the format number into a new one. For local
 * engines and tests; on AWS CDK does it, and the command that makes the first token writes the number.
 */
export async function ensureTable(table: Table): Promise<void> {
  const { orderIndex, timeIndex } = TABLE;
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: "S" as const });
  try {
    await startUp(() =>
      table.client.send(
        new CreateTableCommand({
          TableName: table.name,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [
            TABLE.partitionKey,
            TABLE.sortKey,
            orderIndex.sortKey,
            timeIndex.partitionKey,
            timeIndex.sortKey,
          ].map(attribute),
          KeySchema: [
            { AttributeName: TABLE.partitionKey, KeyType: "HASH" },
            { AttributeName: TABLE.sortKey, KeyType: "RANGE" },
          ],
          LocalSecondaryIndexes: [
            {
              IndexName: orderIndex.name,
              KeySchema: [
                { AttributeName: TABLE.partitionKey, KeyType: "HASH" },
                { AttributeName: orderIndex.sortKey, KeyType: "RANGE" },
              ],
              Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: [...orderIndex.projected] },
            },
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
    if (!(error instanceof Error && error.name === "ResourceInUseException")) throw translated(error);
  }
  for (let waited = 0; ; waited += 1) {
    const describe = () => table.client.send(new DescribeTableCommand({ TableName: table.name }));
    const { Table: described } = await startUp(describe);
    if (described?.TableStatus === "ACTIVE") return beginFormat(table);
    if (waited === 150) throw new Error(`table ${table.name} did not become active within 30 seconds`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** How long a store may take to get going: an engine that was killed first reads its log again, which can be gigabytes. */
const START_UP_MS = 300_000;

/** Sends until there is an answer: a store that is starting takes requests before it answers any. */
async function startUp<T>(send: () => Promise<T>): Promise<T> {
  for (const started = performance.now(); ; ) {
    try {
      return await send();
    } catch (error) {
      const isSilent = error instanceof Error && error.name === "TimeoutError";
      if (!isSilent || performance.now() - started > START_UP_MS) throw error;
    }
  }
}
