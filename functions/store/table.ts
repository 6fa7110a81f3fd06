// The table, as an object that commands are sent to: reads of items and ranges, and writes of all or nothing, with what goes
// wrong in the words of the product. `open-table.ts` makes the client behind it.

import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { storeBusy, translated } from "./errors.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { idOf, type Key } from "./keys.ts";

// Chunks: a list cut into pieces that each fit one transaction, by number of writes and by bytes.

/** Writes that DynamoDB takes in one transaction. */
export const WRITES_PER_TRANSACTION = 100;

/** DynamoDB takes 4 MiB in one transaction; the rest is room for keys, expressions and our rough count. */
export const MAX_TRANSACTION_BYTES = 3_000_000;

/**
 * Cuts `items` in order, each being one write. Items may need a write that they share with others of their chunk, such as
 * the mark of a host: `sharedOf` names it. No chunk has more than 100 writes or holds more than 3 MB, except that an item
 * too large for any chunk gets one of its own.
 */
export function inChunks<T>(
  items: readonly T[],
  { bytesOf, sharedOf = () => null }: { bytesOf: (item: T) => number; sharedOf?: (item: T) => string | null },
): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let shared = new Set<string>();
  let bytes = 0;
  for (const item of items) {
    const itemBytes = bytesOf(item);
    const name = sharedOf(item);
    const writes = chunk.length + 1 + shared.size + (name === null || shared.has(name) ? 0 : 1);
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

// Versioned items: written under the condition that they still are what was read. The version is random, not counted, so
// that an item which was deleted and made again is not taken for the old one.

/** Puts the item, if what is there is the version `before`; null means that nothing is. */
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

/** Deletes the item, if it is the version `before`. */
export function deleteVersion(table: Table, key: Key, before: string | null): TransactWriteItem {
  return { Delete: { TableName: table.name, Key: keyItem(key), ...unchanged(before) } };
}

function unchanged(version: string | null) {
  return version === null
    ? { ConditionExpression: "attribute_not_exists(pk)" }
    : { ConditionExpression: "ver = :ver", ExpressionAttributeValues: { ":ver": { S: version } } };
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

type Query = Omit<QueryCommandInput, "TableName">;

/** A page of a query; `next` is where the following page starts, null on the last. */
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
    throw translated(error);
  }
}

/** All pages of a query, each asked for when whoever wants them is done with the one before. */
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

/** All items of a query at once; for ranges whose size does not grow with runs. */
export async function queryAll(table: Table, query: Query): Promise<Item[]> {
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
