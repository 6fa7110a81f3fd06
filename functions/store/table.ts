// The table, as an object that sends commands. The only place that holds a DynamoDB client: one client, kept alive, with
// a bounded number of retries, so that a caller hears within a minute when the store cannot be reached.

import {
  BatchGetItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import { leaveUnsigned } from "./embedded.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { idOf, type Key } from "./keys.ts";
import { storeBusy, translated } from "./store-error.ts";

/** Where the table is. Without an endpoint: AWS, with region and credentials as the SDK finds them. */
export interface TableAddress {
  readonly tableName: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** The endpoint is the embedded engine, which looks at no signature: requests go without. */
  readonly isEmbedded?: boolean;
  /** After so long without an answer a request counts as failed, and is tried again; 5 seconds unless given. */
  readonly timeoutMs?: number;
}

/** A table and the client that reaches it. */
export interface Table {
  readonly name: string;
  readonly client: DynamoDBClient;
}

/** What DynamoDB takes in one BatchGetItem. */
const KEYS_PER_BATCH = 100;

/** A batch comes in several answers when it is large or the table busy; so many mean that the table is too busy. */
const MAX_BATCH_ROUNDS = 12;

export function openTable(address: TableAddress): Table {
  const { tableName, endpoint, region, credentials, isEmbedded = false, timeoutMs = 5_000 } = address;
  const client = new DynamoDBClient({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 4,
    // The stack of middleware is the same for every request: it need not be put together for each.
    cacheMiddleware: true,
    requestHandler: {
      connectionTimeout: 1_000,
      requestTimeout: timeoutMs,
      // Without it the SDK only warns of a store that takes requests and never answers, and waits on.
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 64 },
    },
  });
  // It walks every input and output for a log that is not there.
  client.middlewareStack.remove("loggerMiddleware");
  if (isEmbedded) leaveUnsigned(client);
  return { name: tableName, client };
}

/** Creates the table unless it exists, and waits until it can be used. For local engines and tests; on AWS CDK does it. */
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
    if (described?.TableStatus === "ACTIVE") return;
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

/** One item by its key, read consistently; null when there is none. */
export async function getItem(table: Table, key: Key): Promise<Item | null> {
  try {
    const { Item: item } = await table.client.send(
      new GetItemCommand({ TableName: table.name, Key: keyItem(key), ConsistentRead: true }),
    );
    return item ?? null;
  } catch (error) {
    throw translated(error);
  }
}

/** Items by their keys (each once), read consistently, by `idOf` their key; missing ones are left out. */
export async function getItems(table: Table, keys: readonly Key[]): Promise<Map<string, Item>> {
  const batches: Key[][] = [];
  for (let from = 0; from < keys.length; from += KEYS_PER_BATCH) batches.push(keys.slice(from, from + KEYS_PER_BATCH));
  const found = (await Promise.all(batches.map((batch) => getBatch(table, batch)))).flat();
  return new Map(found.map((item) => [idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") }), item]));
}

async function getBatch(table: Table, keys: readonly Key[]): Promise<Item[]> {
  const found: Item[] = [];
  let wanted: Item[] = keys.map(keyItem);
  for (let round = 0; wanted.length > 0; round += 1) {
    if (round === MAX_BATCH_ROUNDS) throw storeBusy();
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, 25 * 2 ** round)));
    try {
      const answer = await table.client.send(
        new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: wanted, ConsistentRead: true } } }),
      );
      found.push(...(answer.Responses?.[table.name] ?? []));
      wanted = answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
    } catch (error) {
      throw translated(error);
    }
  }
  return found;
}

/** One page of a query; `next` is where the following page starts, null on the last. */
export async function queryPage(
  table: Table,
  query: Omit<QueryCommandInput, "TableName">,
): Promise<{ items: Item[]; count: number; next: Item | null }> {
  try {
    const answer = await table.client.send(new QueryCommand({ TableName: table.name, ...query }));
    return { items: answer.Items ?? [], count: answer.Count ?? 0, next: answer.LastEvaluatedKey ?? null };
  } catch (error) {
    throw translated(error);
  }
}

/** All pages of a query, one after the other. */
export async function* queryItems(table: Table, query: Omit<QueryCommandInput, "TableName">): AsyncGenerator<Item> {
  let start: Item | null = null;
  do {
    const page: { items: Item[]; next: Item | null } = await queryPage(table, {
      ...query,
      ...(start === null ? {} : { ExclusiveStartKey: start }),
    });
    yield* page.items;
    start = page.next;
  } while (start !== null);
}

/** All items of a query at once; for ranges whose size does not grow with runs. */
export async function queryAll(table: Table, query: Omit<QueryCommandInput, "TableName">): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of queryItems(table, query)) items.push(item);
  return items;
}

/** The condition and values that select one partition, optionally those whose sort key starts with `prefix`. */
export function partition(
  pk: string,
  prefix?: string,
): Pick<QueryCommandInput, "KeyConditionExpression" | "ExpressionAttributeValues"> {
  return prefix === undefined
    ? { KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": { S: pk } } }
    : {
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues: { ":pk": { S: pk }, ":prefix": { S: prefix } },
      };
}

/** Writes all or nothing. Throws TransactionCancelled with a reason for each write when a condition failed. */
export async function transact(table: Table, writes: readonly TransactWriteItem[]): Promise<void> {
  try {
    await table.client.send(new TransactWriteItemsCommand({ TransactItems: [...writes] }));
  } catch (error) {
    throw translated(error);
  }
}
