// The quarantine: rejected lines, stored so that nothing that was uploaded is lost. The id of a line is computed from the
// line and its metadata: a client that sends the same bad line every night fills one item, not a thousand. A line is kept for
// 30 days from its first receipt. Each has a second, small item by its time of receipt, for lists; both are spread over
// partitions by the id.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { SHARDS } from "../../../shared/deployment.ts";
import type { Page } from "../../../shared/run/listing.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { QuarantinedLine } from "../../../shared/run/run.ts";
import { codeUnitOrder } from "../../../shared/run/text.ts";
import { retryingTransient, TransactionCancelled } from "../table/errors.ts";
import { absentOrExpired, expiring, type Item, isExpired, itemSize, itemText, keyItem } from "../table/item.ts";
import { keyText, quarantineKey, quarantineOrderKey, quarantinePartition } from "../table/keys.ts";
import {
  cursorAt,
  getItem,
  getItems,
  inChunks,
  positionAt,
  queryItems,
  queryPage,
  type Table,
  transact,
} from "../table/table.ts";
import { type FullQuarantine, QUARANTINE_LIMITS, type QuarantineLimits, takeRoom } from "./quarantine-room.ts";

/** How long a rejected line is kept. */
const DAYS_KEPT = 30;

// `lineItems` has written it from a QuarantinedLine.
const parseLine = (item: Item): QuarantinedLine => JSON.parse(itemText(item, "body")) as QuarantinedLine;

/** The two items of a line. */
export function lineItems(line: QuarantinedLine): { readonly line: Item; readonly order: Item } {
  const ttl = expiring(line.received_at, DAYS_KEPT);
  return {
    line: { ...keyItem(quarantineKey(line.fleet, line.id)), body: { S: JSON.stringify(line) }, ...ttl },
    order: { ...keyItem(quarantineOrderKey(line.fleet, line.received_at, line.id)), ...ttl },
  };
}

/** What the cursors of a fleet's quarantine are bound to; the position is time of receipt and id. */
const listing = (fleet: string) => ["quarantine", fleet];

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

/** The quarantine of a table. */
export function makeQuarantineStore(
  table: Table,
  clock: Clock = Date.now,
  limits: QuarantineLimits = QUARANTINE_LIMITS,
) {
  return {
    add: (lines: readonly QuarantinedLine[], tokenId: string): Promise<ReadonlyMap<string, FullQuarantine>> =>
      addLines(table, lines, { tokenId, limits, now: clock() }),
    get: async (fleet: string, id: string): Promise<QuarantinedLine | null> => {
      const item = await getItem(table, quarantineKey(fleet, id));
      return item === null || isExpired(item, clock()) ? null : parseLine(item);
    },
    list: async (fleet: string, limit: number, cursor?: string): Promise<Page<QuarantinedLine>> => {
      const below = cursor === undefined ? ":" : positionAt(listing(fleet), cursor);
      const positions = (
        await Promise.all(ALL_SHARDS.map((shard) => readPositions(table, fleet, shard, below, limit + 2)))
      )
        .flat()
        // The range includes its end, which the last page has listed.
        .filter(({ order, position }) => position !== below && !isExpired(order, clock()))
        .sort((a, b) => codeUnitOrder(b.position, a.position));
      const listed = positions.slice(0, limit);
      const keys = listed.map(({ position }) => quarantineKey(fleet, position.split("#")[1] ?? ""));
      const items = await getItems(table, keys);
      // From the positions, not from the lines that were read: all lines of a page may have left the quarantine in between.
      const last = listed.at(-1);
      return {
        items: keys.flatMap((key) => {
          const item = items.get(keyText(key));
          return item === undefined ? [] : [parseLine(item)];
        }),
        cursor: positions.length <= limit || last === undefined ? null : cursorAt(listing(fleet), last.position),
      };
    },
    remove: async (fleet: string, id: string): Promise<void> => {
      const item = await getItem(table, quarantineKey(fleet, id));
      if (item === null) return;
      const keys = [quarantineKey(fleet, id), quarantineOrderKey(fleet, parseLine(item).received_at, id)];
      const deletes = keys.map((key) => ({ Delete: { TableName: table.name, Key: keyItem(key) } }));
      await retryingTransient(() => transact(table, deletes));
    },
  };
}

const bytesOf = ({ line, order }: ReturnType<typeof lineItems>): number => itemSize(line) + itemSize(order);

/** Stores the lines that are not in quarantine already, as far as there is room; gives those for which there is none. */
async function addLines(
  table: Table,
  lines: readonly QuarantinedLine[],
  { tokenId, limits, now }: { readonly tokenId: string; readonly limits: QuarantineLimits; readonly now: number },
): Promise<ReadonlyMap<string, FullQuarantine>> {
  const byId = new Map(lines.map((line) => [line.id, line]));
  const keys = [...byId.values()].map(({ fleet, id }) => quarantineKey(fleet, id));
  const there = await getItems(table, keys);
  const absent = [...byId.values()].filter(({ fleet, id }) => {
    const item = there.get(keyText(quarantineKey(fleet, id)));
    return item === undefined || isExpired(item, now);
  });
  const [first] = absent;
  if (first === undefined) return new Map();
  const items = absent.map((line) => ({ id: line.id, items: lineItems(line) }));
  const sizes = items.map((each) => ({ id: each.id, bytes: bytesOf(each.items) }));
  // All lines of an upload have the fleet and the time of the upload.
  const about = { fleet: first.fleet, tokenId, at: new Date(now).toISOString() };
  const { fitting, refused } = await takeRoom(table, about, sizes, limits);
  const kept = items.filter(({ id }) => fitting.has(id)).map((each) => each.items);
  for (const chunk of inChunks(kept, { measure: bytesOf, writes: 2 })) await addChunk(table, chunk, now);
  return refused;
}

/** Stores the lines of a chunk that are not in quarantine already. */
async function addChunk(table: Table, chunk: readonly ReturnType<typeof lineItems>[], now: number): Promise<void> {
  let left = chunk;
  while (left.length > 0) {
    const puts: TransactWriteItem[] = left.map(({ line }) => ({
      Put: { TableName: table.name, Item: line, ...absentOrExpired(now) },
    }));
    const orders = left.map(({ order }) => ({ Put: { TableName: table.name, Item: order } }));
    try {
      return await retryingTransient(() => transact(table, [...puts, ...orders]));
    } catch (error) {
      if (!(error instanceof TransactionCancelled)) throw error;
      const { reasons } = error;
      const absent = left.filter((_, index) => reasons[index] !== "ConditionalCheckFailed");
      if (absent.length === left.length) throw error;
      left = absent;
    }
  }
}

/** The newest positions of a shard below one, at most `limit`. */
async function readPositions(table: Table, fleet: string, shard: number, below: string, limit: number) {
  const { items } = await queryPage(table, {
    ...positionsBelow(fleet, shard, below),
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: limit,
  });
  return items.map((order) => ({ order, position: itemText(order, "sk").slice(POSITION_PREFIX.length) }));
}

/** How the sort keys of positions start. */
const POSITION_PREFIX = "at#";

const positionsBelow = (fleet: string, shard: number, below: string) => ({
  KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :below",
  ExpressionAttributeValues: {
    ":pk": { S: quarantinePartition(fleet, shard) },
    ":from": { S: POSITION_PREFIX },
    ":below": { S: `${POSITION_PREFIX}${below}` },
  },
});

/** How many lines a fleet has in quarantine, counted up to `max`. */
export async function countQuarantined(table: Table, fleet: string, max: number, now = Date.now()): Promise<number> {
  const counts = await Promise.all(
    ALL_SHARDS.map(async (shard) => {
      let count = 0;
      for await (const order of queryItems(table, positionsBelow(fleet, shard, ":"))) {
        if (!isExpired(order, now)) count += 1;
        if (count >= max) break;
      }
      return count;
    }),
  );
  return Math.min(
    max,
    counts.reduce((sum, count) => sum + count, 0),
  );
}
