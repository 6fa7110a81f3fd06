// The activity log in the table: an item for each entry, by month and time, kept for a year.

import { randomBytes } from "node:crypto";
import type { Activity } from "../../../shared/run/activity.ts";
import type { Page } from "../../../shared/run/listing.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import { retryingTransient } from "../table/errors.ts";
import { expiring, type Item, isExpired, itemText, keyItem } from "../table/item.ts";
import { activityKey, activityPartition } from "../table/keys.ts";
import { cursorAt, partition, positionAt, queryItems, type Table, transact } from "../table/table.ts";

const DAYS_KEPT = 365;

/** Months that can have entries that are not expired, the current one included. */
const MONTHS_KEPT = 13;

// `add` has written it from an Activity.
const parseEntry = (item: Item): Activity => JSON.parse(itemText(item, "entry")) as Activity;

/** What the cursors of a log are bound to; the position is the sort key. */
const listing = (fleet: string) => ["activity", fleet];

/** The activity log of every fleet of a table. */
export function makeActivityStore(table: Table, clock: Clock = Date.now) {
  return {
    add: async (fleet: string, entry: Activity): Promise<void> => {
      // Entries of one millisecond must not replace each other.
      const key = activityKey(fleet, entry.at, randomBytes(6).toString("hex"));
      const item = { ...keyItem(key), entry: { S: JSON.stringify(entry) }, ...expiring(entry.at, DAYS_KEPT) };
      await retryingTransient(() => transact(table, [{ Put: { TableName: table.name, Item: item } }]));
    },
    list: (fleet: string, limit: number, cursor?: string): Promise<Page<Activity>> =>
      listEntries(table, fleet, { limit, below: cursor && positionAt(listing(fleet), cursor), now: clock() }),
  };
}

interface Query {
  readonly limit: number;
  /** The sort key of the last entry of the previous page. */
  readonly below: string | undefined;
  readonly now: number;
}

/** One page, newest first: at most one read for each month that has no more entries. */
async function listEntries(table: Table, fleet: string, { limit, below, now }: Query): Promise<Page<Activity>> {
  const found: Item[] = [];
  for (const month of monthsBack(below?.slice(0, 7) ?? new Date(now).toISOString().slice(0, 7))) {
    const query = {
      ...inMonth(activityPartition(fleet, month), below),
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: limit + 1 - found.length,
    };
    for await (const item of queryItems(table, query)) {
      if (isExpired(item, now)) return { items: found.map(parseEntry), cursor: null };
      found.push(item);
      if (found.length > limit) return toPage(fleet, found.slice(0, limit));
    }
  }
  return { items: found.map(parseEntry), cursor: null };
}

function toPage(fleet: string, items: readonly Item[]): Page<Activity> {
  const last = items.at(-1);
  return {
    items: items.map(parseEntry),
    cursor: last === undefined ? null : cursorAt(listing(fleet), itemText(last, "sk")),
  };
}

const inMonth = (pk: string, below: string | undefined) =>
  below === undefined
    ? partition(pk)
    : {
        KeyConditionExpression: "pk = :pk AND sk < :below",
        ExpressionAttributeValues: { ":pk": { S: pk }, ":below": { S: below } },
      };

/** A month (`2026-12`) and the ones before it, as far back as entries are kept. */
function monthsBack(month: string): string[] {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return Array.from({ length: MONTHS_KEPT }, (_, back) =>
    new Date(Date.UTC(year, number - 1 - back, 1)).toISOString().slice(0, 7),
  );
}
