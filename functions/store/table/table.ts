// The table: reads of items and queries, and transactions, with the errors of the SDK translated. `client.ts` opens it. The
// helpers for writes split lists into chunks that fit into a transaction, and write versioned items.

import { createHash } from "node:crypto";
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { AppError } from "../../../shared/errors.ts";
import { retryingTransient, storeBusy, TransactionCancelled, translateError } from "./errors.ts";
import { type Item, itemText, keyItem } from "./item.ts";
import { type Key, keyText } from "./keys.ts";

/** A table and its client. */
export interface Table {
  readonly name: string;
  readonly client: DynamoDBClient;
}

/** Keys that DynamoDB takes in one BatchGetItem. */
const KEYS_PER_BATCH = 100;

/** A large batch, or one of a busy table, takes several requests; after this many the table is too busy. */
const MAX_BATCH_ROUNDS = 12;

/** One item by its key, read consistently; null when there is none. */
export async function getItem(table: Table, key: Key): Promise<Item | null> {
  try {
    const { Item: item } = await table.client.send(
      new GetItemCommand({ TableName: table.name, Key: keyItem(key), ConsistentRead: true }),
    );
    return item ?? null;
  } catch (error) {
    throw translateError(error);
  }
}

/** Items by their keys (each given once), read consistently; by `keyText` their key, without the missing ones. */
export async function getItems(table: Table, keys: readonly Key[]): Promise<Map<string, Item>> {
  const batches: Key[][] = [];
  for (let from = 0; from < keys.length; from += KEYS_PER_BATCH) batches.push(keys.slice(from, from + KEYS_PER_BATCH));
  const found = (await Promise.all(batches.map((batch) => getBatch(table, batch)))).flat();
  return new Map(found.map((item) => [keyText({ pk: itemText(item, "pk"), sk: itemText(item, "sk") }), item]));
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
      throw translateError(error);
    }
  }
  return found;
}

type Query = Omit<QueryCommandInput, "TableName">;

/** A page of a query; `next` is the start of the following page, null on the last page. */
interface QueriedPage {
  readonly items: readonly Item[];
  readonly count: number;
  readonly next: Item | null;
}

/** One page of a query. */
export async function queryPage(table: Table, query: Query): Promise<QueriedPage> {
  try {
    const answer = await table.client.send(new QueryCommand({ TableName: table.name, ...query }));
    return { items: answer.Items ?? [], count: answer.Count ?? 0, next: answer.LastEvaluatedKey ?? null };
  } catch (error) {
    throw translateError(error);
  }
}

/** All pages of a query; each is read when the caller has processed the previous one. */
export async function* queryPages(table: Table, query: Query): AsyncGenerator<QueriedPage, void> {
  let start: Item | null = null;
  do {
    const page: QueriedPage = await queryPage(table, {
      ...query,
      ...(start === null ? {} : { ExclusiveStartKey: start }),
    });
    yield page;
    start = page.next;
  } while (start !== null);
}

/** All items of a query, page after page. */
export async function* queryItems(table: Table, query: Query): AsyncGenerator<Item, void> {
  for await (const { items } of queryPages(table, query)) yield* items;
}

/** All items of a query at once; for queries whose size does not grow with the number of runs. */
export async function queryAll(table: Table, query: Query): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of queryItems(table, query)) items.push(item);
  return items;
}

/** The condition that selects the items of a partition; with `prefix`, those whose sort key starts with it. */
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

/** Writes all or nothing. Throws TransactionCancelled, with a reason for each write, if a condition is not met. */
export async function transact(table: Table, writes: readonly TransactWriteItem[]): Promise<void> {
  try {
    await table.client.send(new TransactWriteItemsCommand({ TransactItems: [...writes] }));
  } catch (error) {
    throw translateError(error);
  }
}

/** The same, retried where that may help. False, and nothing is written, if another writer was faster. */
export async function tryTransact(table: Table, writes: readonly TransactWriteItem[]): Promise<boolean> {
  try {
    await retryingTransient(() => transact(table, writes));
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}

// Writes.

/** Writes that DynamoDB takes in one transaction. */
export const WRITES_PER_TRANSACTION = 100;

/** DynamoDB takes 4 MiB in one transaction; the rest is for keys, expressions and the inexactness of `itemSize`. */
export const MAX_TRANSACTION_BYTES = 3_000_000;

/**
 * Splits `items`, each of which is `writes` writes (one unless given), into chunks for one transaction each, in order. An item may need a further write
 * that it shares with others of its chunk, such as that of a pending host: `sharedBy` identifies it. No chunk has more than
 * 100 writes or 3 MB, except that an item that is larger has a chunk of its own.
 */
export function inChunks<T>(
  items: readonly T[],
  {
    measure,
    writes: writesEach = 1,
    sharedBy = () => null,
  }: { measure: (item: T) => number; writes?: number; sharedBy?: (item: T) => string | null },
): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let shared = new Set<string>();
  let bytes = 0;
  for (const item of items) {
    const itemBytes = measure(item);
    const name = sharedBy(item);
    const writes = (chunk.length + 1) * writesEach + shared.size + (name === null || shared.has(name) ? 0 : 1);
    if (chunk.length > 0 && (writes > WRITES_PER_TRANSACTION || bytes + itemBytes > MAX_TRANSACTION_BYTES)) {
      chunks.push(chunk);
      chunk = [];
      shared = new Set();
      bytes = 0;
    }
    chunk.push(item);
    if (name !== null) shared.add(name);
    bytes += itemBytes;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

// Versioned items: written on the condition that they still are what was read. A version is random, not a number that is
// incremented: an item that was deleted and created again must not have the version of the old one.

/** Puts the item, if the stored version is `before`; null if nothing may be stored. */
export function putVersion(
  table: Table,
  key: Key,
  item: Item,
  { before, after }: { before: string | null; after: string },
): TransactWriteItem {
  return {
    Put: { TableName: table.name, Item: { ...keyItem(key), ...item, ver: { S: after } }, ...unchanged(before) },
  };
}

/** Deletes the item, if the stored version is `before`. */
export function deleteVersion(table: Table, key: Key, before: string | null): TransactWriteItem {
  return { Delete: { TableName: table.name, Key: keyItem(key), ...unchanged(before) } };
}

function unchanged(version: string | null) {
  return version === null
    ? { ConditionExpression: "attribute_not_exists(pk)" }
    : { ConditionExpression: "ver = :ver", ExpressionAttributeValues: { ":ver": { S: version } } };
}

// Cursors: the position where a page of a listing ended, as text that the client sends back for the next page. A cursor is
// bound to its listing: a position of one listing is also a position of another, which would then silently skip rows.

/** What is listed: everything that must be the same for every page, in a fixed order. */
type Listing = readonly (string | undefined)[];

const DIGITS = 12;

/** The cursor for a position in a listing. */
export function cursorAt(listing: Listing, position: string): string {
  return Buffer.from(computeCheck(listing, position) + position).toString("base64url");
}

/** The position of a cursor of the very same listing. Throws `bad_parameter` for any other text. */
export function positionAt(listing: Listing, cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const position = text.slice(DIGITS);
  if (cursorAt(listing, position) !== cursor) {
    throw new AppError("bad_parameter", "invalid cursor for this query; omit it to start over");
  }
  return position;
}

/** Against mistakes, not attacks: with a forged cursor a client sees only what it may list anyway. */
function computeCheck(listing: Listing, position: string): string {
  return createHash("sha256")
    .update(JSON.stringify([...listing.map((part) => part ?? null), position]))
    .digest("hex")
    .slice(0, DIGITS);
}

/** Deletes all items of partitions, one partition after the other; with `prefix`, those whose sort key starts with it. */
export async function deletePartitions(table: Table, partitions: readonly string[], prefix?: string): Promise<void> {
  let deletes: TransactWriteItem[] = [];
  const flush = async (): Promise<void> => {
    const writes = deletes;
    deletes = [];
    if (writes.length > 0) await retryingTransient(() => transact(table, writes));
  };
  for (const pk of partitions) {
    const keys = { ...partition(pk, prefix), ProjectionExpression: "pk, sk", ConsistentRead: true };
    for await (const item of queryItems(table, keys)) {
      deletes.push({ Delete: { TableName: table.name, Key: keyItem({ pk, sk: itemText(item, "sk") }) } });
      if (deletes.length === WRITES_PER_TRANSACTION) await flush();
    }
  }
  await flush();
}
