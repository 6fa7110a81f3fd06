// The quarantine: rejected lines, stored so that nothing that was uploaded is lost. The id of a line is computed from the
// line and its metadata: a client that sends the same bad line every night fills one item, not a thousand.

import { DeleteItemCommand, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import type { Page } from "../../shared/run/listing.ts";
import type { QuarantinedLine } from "../../shared/run/run.ts";
import { retryingTransient, translateError } from "./errors.ts";
import { type Item, itemSize, itemText, keyItem } from "./item.ts";
import { quarantineKey, quarantinePartition } from "./keys.ts";
import {
  cursorAt,
  getItem,
  inChunks,
  partition,
  positionAt,
  queryPage,
  queryPages,
  type Table,
  transact,
} from "./table.ts";

// `lineItem` has written it from a QuarantinedLine.
const parseLine = (item: Item): QuarantinedLine => JSON.parse(itemText(item, "body")) as QuarantinedLine;

const lineItem = (line: QuarantinedLine): Item => ({
  ...keyItem(quarantineKey(line.fleet, line.id)),
  ord: { S: `${line.received_at}#${line.id}` },
  body: { S: JSON.stringify(line) },
});

/** What the cursors of a fleet's quarantine are bound to; the position is the sort key in the order index. */
const listing = (fleet: string) => ["quarantine", fleet];

/** The quarantine of a table. */
export function makeQuarantineStore(table: Table) {
  return {
    add: async (lines: readonly QuarantinedLine[]): Promise<void> => {
      const items = [...new Map(lines.map((line) => [line.id, lineItem(line)])).values()];
      for (const chunk of inChunks(items, { measure: itemSize })) {
        const writes: TransactWriteItem[] = chunk.map((item) => ({ Put: { TableName: table.name, Item: item } }));
        await retryingTransient(() => transact(table, writes));
      }
    },
    get: async (fleet: string, id: string): Promise<QuarantinedLine | null> => {
      const item = await getItem(table, quarantineKey(fleet, id));
      return item === null ? null : parseLine(item);
    },
    list: async (fleet: string, limit: number, cursor?: string): Promise<Page<QuarantinedLine>> => {
      const pk = quarantinePartition(fleet);
      const below = cursor === undefined ? ":" : positionAt(listing(fleet), cursor);
      const keys = await queryPage(table, {
        IndexName: TABLE.orderIndex.name,
        KeyConditionExpression: "pk = :pk AND ord < :below",
        ExpressionAttributeValues: { ":pk": { S: pk }, ":below": { S: below } },
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      });
      const items = await Promise.all(keys.items.map((entry) => getItem(table, { pk, sk: itemText(entry, "sk") })));
      // From the index, not from the lines that were read: all lines of a page may have left the quarantine in between.
      const last = keys.items.at(-1);
      return {
        items: items.flatMap((item) => (item === null ? [] : [parseLine(item)])),
        cursor: keys.next === null || last === undefined ? null : cursorAt(listing(fleet), itemText(last, "ord")),
      };
    },
    remove: async (fleet: string, id: string): Promise<void> => {
      try {
        await table.client.send(
          new DeleteItemCommand({ TableName: table.name, Key: keyItem(quarantineKey(fleet, id)) }),
        );
      } catch (error) {
        throw translateError(error);
      }
    },
  };
}

/** How many lines a fleet has in quarantine, counted up to `max`. */
export async function countQuarantined(table: Table, fleet: string, max: number): Promise<number> {
  let count = 0;
  // In the order index, which does not contain the lines: each may have tens of kB.
  const query = {
    ...partition(quarantinePartition(fleet)),
    IndexName: TABLE.orderIndex.name,
    Select: "COUNT",
  } as const;
  for await (const page of queryPages(table, query)) {
    count += page.count;
    if (count >= max) return max;
  }
  return count;
}
