// Runs listed, newest first: those of a host by its order index, those of a fleet by the time index, page by page. No page
// reads more than a few thousand keys, however few of them are wanted.

import { BUCKETS, TABLE } from "../../shared/deployment.ts";
import type { RunPage, RunQuery } from "../../shared/run/listing.ts";
import type { RunPlace } from "../../shared/run/run-codec.ts";
import { codeUnitOrder } from "../../shared/run/text.ts";
import { nextTurn } from "../runtime/turns.ts";
import { cursorAt, placeAt } from "./cursor.ts";
import { type Item, textOf } from "./item.ts";
import { bucketOf, hostHash, idOf, runKey, runsOfHost, timePartition } from "./keys.ts";
import { RunError, runPlaceOf, runsOfItems } from "./runs.ts";
import { getItems, partition, queryPages, type Table } from "./table.ts";

/** One page of the runs that a query asks for. Throws `bad_parameter` for a cursor of another question. */
export function listRuns(table: Table, fleet: string, query: RunQuery): Promise<RunPage> {
  return query.host === undefined
    ? listByTime(table, fleet, query, { buckets: ALL_BUCKETS })
    : listHost(table, fleet, query.host, query);
}

/** A place in a listing: the run listed last. */
interface Entry {
  readonly at: string;
  readonly id: string;
}

/** What the cursors of a question are bound to. */
const listingOf = (fleet: string, { host, backend, from, to }: RunQuery) => ["runs", fleet, host, backend, from, to];

function placeOf(fleet: string, query: RunQuery): Entry | null {
  if (query.cursor === undefined) return null;
  const [at = "", id = ""] = placeAt(listingOf(fleet, query), query.cursor).split("#");
  return { at, id };
}

function newestFirst(a: Entry, b: Entry): number {
  return codeUnitOrder(b.at, a.at) || codeUnitOrder(b.id, a.id);
}

/** Runs that were found, newest first, and where they were looked for last if that was not to the end. */
interface Found {
  readonly entries: readonly Entry[];
  /** The last place that was looked at, when there may be more behind it. */
  readonly lookedUpTo: Entry | null;
  readonly lookedAt: number;
}

async function pageOf(table: Table, fleet: string, query: RunQuery, found: Found): Promise<RunPage> {
  const { entries, lookedUpTo, lookedAt } = found;
  const listed = entries.slice(0, query.limit);
  const keys = listed.map(({ id }) => runKey(fleet, id));
  const items = await getItems(table, keys);
  await nextTurn();
  const isShort = entries.length <= query.limit && lookedUpTo !== null;
  const last = entries.length > query.limit ? listed.at(-1) : lookedUpTo;
  const { runs, unreadable } = runsOfItems(
    keys.map((key) => items.get(idOf(key))).filter((item) => item !== undefined),
  );
  return {
    items: runs,
    unreadable,
    cursor: last ? cursorAt(listingOf(fleet, query), `${last.at}#${last.id}`) : null,
    ...(isShort && { lookedAt }),
  };
}

/** Entries of a host's order index that a page reads: about a MB. A host with more is listed by the index of times. */
const MAX_OF_HOST = 5_000;

/** A host's runs: its whole order index is read, which is a few hundred bytes a run, then sorted by time. */
async function listHost(table: Table, fleet: string, host: string, query: RunQuery): Promise<RunPage> {
  const place = placeOf(fleet, query);
  const entries: Entry[] = [];
  const misplaced: RunError[] = [];
  const index = {
    ...partition(runsOfHost(fleet, host)),
    IndexName: TABLE.orderIndex.name,
    ProjectionExpression: "pk, sk, ord",
    ConsistentRead: true,
    Limit: MAX_KEYS_AT_ONCE,
  };
  let read = 0;
  for await (const { items } of queryPages(table, index)) {
    read += items.length;
    if (read > MAX_OF_HOST) return listByTime(table, fleet, query, { buckets: [bucketOf(fleet, host)], host });
    for (const item of items) {
      const entry = entryOf(item);
      if (entry instanceof RunError) {
        misplaced.push(entry);
        continue;
      }
      const { backend, finished_at: at, id } = entry;
      if (query.backend !== undefined && backend !== query.backend) continue;
      if (at < (query.from ?? "") || at >= (query.to ?? ":")) continue;
      if (place !== null && newestFirst(place, { at, id }) >= 0) continue;
      entries.push({ at, id });
    }
  }
  const found = { entries: entries.sort(newestFirst), lookedUpTo: null, lookedAt: read };
  const page = await pageOf(table, fleet, query, found);
  // They have no place in time: they stand before all others.
  return place === null ? { ...page, unreadable: [...misplaced, ...page.unreadable] } : page;
}

/** The place of an entry of the order index, or what is wrong with it. */
function entryOf(item: Item): RunPlace | RunError {
  try {
    return runPlaceOf(item);
  } catch (error) {
    return new RunError(item, error);
  }
}

/** Keys that are read at a time, about 40 kB, where only some are wanted, which may be rare. */
const MAX_KEYS_AT_ONCE = 250;

/** Keys of a bucket that a page reads in search of those that are wanted; so it reads a few thousand at most. */
const MAX_KEYS = 1_000;

const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** Buckets of a fleet, and the one host of them that is wanted; all hosts when none is given. */
interface Among {
  readonly buckets: readonly number[];
  readonly host?: string;
}

/**
 * Runs by the index of times: the newest of each bucket, merged. Where few of them are wanted a page ends before it is
 * full: what lies behind the last key of the bucket that got least far is left for the next.
 */
async function listByTime(table: Table, fleet: string, query: RunQuery, { buckets, host }: Among): Promise<RunPage> {
  const place = placeOf(fleet, query);
  const below = place === null ? (query.to ?? ":") : ([`${place.at}#${place.id}`, query.to ?? ":"].sort()[0] ?? ":");
  const from = query.from ?? "0";
  if (from > below) return { items: [], unreadable: [], cursor: null };
  const isSearch = query.backend !== undefined || host !== undefined;
  const prefix = host === undefined ? "" : hostHash(fleet, host);
  const found = await Promise.all(
    buckets.map(async (bucket): Promise<Found> => {
      const entries: Entry[] = [];
      const keys = {
        IndexName: TABLE.timeIndex.name,
        KeyConditionExpression: "tpk = :tpk AND tsk BETWEEN :from AND :below",
        ProjectionExpression: "sk, tsk",
        ExpressionAttributeValues: {
          ":tpk": { S: timePartition(fleet, bucket) },
          ":from": { S: from },
          ":below": { S: below },
        },
        ScanIndexForward: false,
        Limit: isSearch ? MAX_KEYS_AT_ONCE : query.limit + 1,
      };
      let lookedAt = 0;
      for await (const page of queryPages(table, keys)) {
        let last: Entry | null = null;
        for (const item of page.items) {
          const [at = "", , backend] = textOf(item, "tsk").split("#");
          const id = textOf(item, "sk");
          last = { at, id };
          if (id.startsWith(prefix) && (query.backend === undefined || backend === query.backend)) entries.push(last);
        }
        lookedAt += page.items.length;
        const isEnough = entries.length > query.limit || lookedAt >= MAX_KEYS;
        if (page.next !== null && last !== null && isEnough) return { entries, lookedUpTo: last, lookedAt };
      }
      return { entries, lookedUpTo: null, lookedAt };
    }),
  );
  // Behind the place where one bucket was left, others may have results that come after some that this one still has.
  const lookedUpTo = found.flatMap((each) => each.lookedUpTo ?? []).sort(newestFirst)[0] ?? null;
  const entries = found
    .flatMap((each) => each.entries)
    .filter((entry) => lookedUpTo === null || newestFirst(entry, lookedUpTo) <= 0)
    .sort(newestFirst);
  return pageOf(table, fleet, query, {
    entries,
    lookedUpTo,
    lookedAt: found.reduce((sum, each) => sum + each.lookedAt, 0),
  });
}
