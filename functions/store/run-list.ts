// Lists of runs, newest first: the runs of a host by its order index, the runs of a fleet by the time index. No page reads
// more than a few thousand keys, however few of them match the query.

import { SHARDS, TABLE } from "../../shared/deployment.ts";
import type { RunPage, RunQuery } from "../../shared/run/listing.ts";
import type { RunPlace } from "../../shared/run/run-codec.ts";
import { codeUnitOrder } from "../../shared/run/text.ts";
import { nextTurn } from "../runtime/turns.ts";
import { type Item, itemText } from "./item.ts";
import { computeShard, hostHash, keyText, runKey, runsOfHost, timePartition } from "./keys.ts";
import { parseRunOrder, parseRuns, RunError } from "./runs.ts";
import { cursorAt, getItems, partition, positionAt, queryPages, type Table } from "./table.ts";

/** One page of the runs that match a query. Throws `bad_parameter` for a cursor of another query. */
export function listRuns(table: Table, fleet: string, query: RunQuery): Promise<RunPage> {
  return query.host === undefined
    ? listByTime(table, fleet, query, { shards: ALL_SHARDS })
    : listHost(table, fleet, query.host, query);
}

/** A run in a listing; as a position, the run that was listed last. */
interface Entry {
  readonly at: string;
  readonly id: string;
}

/** What the cursors of a query are bound to. */
const listing = (fleet: string, { host, backend, from, to }: RunQuery) => ["runs", fleet, host, backend, from, to];

function parseStart(fleet: string, query: RunQuery): Entry | null {
  if (query.cursor === undefined) return null;
  const [at = "", id = ""] = positionAt(listing(fleet, query), query.cursor).split("#");
  return { at, id };
}

function newestFirst(a: Entry, b: Entry): number {
  return codeUnitOrder(b.at, a.at) || codeUnitOrder(b.id, a.id);
}

/** The runs that were found, newest first, and how far they were searched. */
interface Found {
  readonly entries: readonly Entry[];
  /** The last entry that was examined, if there may be more after it. */
  readonly searchedTo: Entry | null;
  readonly examined: number;
}

async function readPage(table: Table, fleet: string, query: RunQuery, found: Found): Promise<RunPage> {
  const { entries, searchedTo, examined } = found;
  const listed = entries.slice(0, query.limit);
  const keys = listed.map(({ id }) => runKey(fleet, id));
  const items = await getItems(table, keys);
  await nextTurn();
  const isShort = entries.length <= query.limit && searchedTo !== null;
  const last = entries.length > query.limit ? listed.at(-1) : searchedTo;
  const { runs, unreadable } = parseRuns(
    keys.map((key) => items.get(keyText(key))).filter((item) => item !== undefined),
  );
  return {
    items: runs,
    unreadable,
    cursor: last ? cursorAt(listing(fleet, query), `${last.at}#${last.id}`) : null,
    ...(isShort && { examined }),
  };
}

/** Entries of the order index of a host that a page reads: about 1 MB. A host with more is listed by the time index. */
const MAX_OF_HOST = 5_000;

/** The runs of a host. It reads the whole order index of the host, some hundred bytes per run, and sorts it by time. */
async function listHost(table: Table, fleet: string, host: string, query: RunQuery): Promise<RunPage> {
  const start = parseStart(fleet, query);
  const entries: Entry[] = [];
  const withoutOrder: RunError[] = [];
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
    if (read > MAX_OF_HOST) return listByTime(table, fleet, query, { shards: [computeShard(fleet, host)], host });
    for (const item of items) {
      const entry = parseEntry(item);
      if (entry instanceof RunError) {
        withoutOrder.push(entry);
        continue;
      }
      const { backend, finished_at: at, id } = entry;
      if (query.backend !== undefined && backend !== query.backend) continue;
      if (at < (query.from ?? "") || at >= (query.to ?? ":")) continue;
      if (start !== null && newestFirst(start, { at, id }) >= 0) continue;
      entries.push({ at, id });
    }
  }
  const found = { entries: entries.sort(newestFirst), searchedTo: null, examined: read };
  const page = await readPage(table, fleet, query, found);
  // They have no time, so they are listed before all others.
  return start === null ? { ...page, unreadable: [...withoutOrder, ...page.unreadable] } : page;
}

/** The run of an entry of the order index, or what is wrong with the entry. */
function parseEntry(item: Item): RunPlace | RunError {
  try {
    return parseRunOrder(item);
  } catch (error) {
    return new RunError(item, error);
  }
}

/** Keys per read, about 40 kB, where possibly only few of them match. */
const MAX_KEYS_AT_ONCE = 250;

/** Keys of a shard that a page searches; over all shards a few thousand. */
const MAX_KEYS = 1_000;

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Shards of a fleet, and the host in them to list; all hosts if omitted. */
interface Scope {
  readonly shards: readonly number[];
  readonly host?: string;
}

/**
 * Runs by the time index: the newest of each shard, merged. Where only few match, a page ends before it is full. The shards
 * are then searched to different times; everything older than the latest of these is left for the next page.
 */
async function listByTime(table: Table, fleet: string, query: RunQuery, { shards, host }: Scope): Promise<RunPage> {
  const start = parseStart(fleet, query);
  const below = start === null ? (query.to ?? ":") : ([`${start.at}#${start.id}`, query.to ?? ":"].sort()[0] ?? ":");
  const from = query.from ?? "0";
  if (from > below) return { items: [], unreadable: [], cursor: null };
  const isSearch = query.backend !== undefined || host !== undefined;
  const prefix = host === undefined ? "" : hostHash(fleet, host);
  const found = await Promise.all(
    shards.map(async (shard): Promise<Found> => {
      const entries: Entry[] = [];
      const keys = {
        IndexName: TABLE.timeIndex.name,
        KeyConditionExpression: "tpk = :tpk AND tsk BETWEEN :from AND :below",
        ProjectionExpression: "sk, tsk",
        ExpressionAttributeValues: {
          ":tpk": { S: timePartition(fleet, shard) },
          ":from": { S: from },
          ":below": { S: below },
        },
        ScanIndexForward: false,
        Limit: isSearch ? MAX_KEYS_AT_ONCE : query.limit + 1,
      };
      let examined = 0;
      for await (const page of queryPages(table, keys)) {
        let last: Entry | null = null;
        for (const item of page.items) {
          const [at = "", , backend] = itemText(item, "tsk").split("#");
          const id = itemText(item, "sk");
          last = { at, id };
          if (id.startsWith(prefix) && (query.backend === undefined || backend === query.backend)) entries.push(last);
        }
        examined += page.items.length;
        const isEnough = entries.length > query.limit || examined >= MAX_KEYS;
        if (page.next !== null && last !== null && isEnough) return { entries, searchedTo: last, examined };
      }
      return { entries, searchedTo: null, examined };
    }),
  );
  // What is older than this may come after runs that another shard was not searched for yet.
  const searchedTo = found.flatMap((each) => each.searchedTo ?? []).sort(newestFirst)[0] ?? null;
  const entries = found
    .flatMap((each) => each.entries)
    .filter((entry) => searchedTo === null || newestFirst(entry, searchedTo) <= 0)
    .sort(newestFirst);
  return readPage(table, fleet, query, {
    entries,
    searchedTo,
    examined: found.reduce((sum, each) => sum + each.examined, 0),
  });
}
