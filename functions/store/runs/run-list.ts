// Lists of runs, newest first: the runs of a host by the keys of its samples, the runs of a fleet by the time index. No page reads
// more than a few thousand keys, however few of them match the query.

import { SHARDS, TABLE } from "../../../shared/deployment.ts";
import type { RunPage, RunQuery } from "../../../shared/run/listing.ts";
import { codeUnitOrder } from "../../../shared/run/text.ts";
import { mapConcurrent } from "../../runtime/map-concurrent.ts";
import { nextTurn } from "../../runtime/turns.ts";
import { isExpired, itemText } from "../table/item.ts";
import { computeShard, hostHash, keyText, runKey, samplesOfHost, timePartition } from "../table/keys.ts";
import { cursorAt, getItems, positionAt, queryPage, queryPages, type Table } from "../table/table.ts";
import { parseRuns } from "./runs.ts";
import { parseEntryPlace } from "./samples.ts";

/** One page of the runs that match a query. Throws `bad_parameter` for a cursor of another query. */
export function listRuns(table: Table, fleet: string, query: RunQuery, now: number): Promise<RunPage> {
  return query.host === undefined
    ? listByTime(table, fleet, query, { shards: ALL_SHARDS, now })
    : listHost(table, fleet, query.host, query, now);
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

/** The page of what was found. Runs past their time are left out, so that it may be short. */
async function readPage(table: Table, fleet: string, query: RunQuery, found: Found, now: number): Promise<RunPage> {
  const { entries, searchedTo, examined } = found;
  const listed = entries.slice(0, query.limit);
  const keys = listed.map(({ id }) => runKey(fleet, id));
  const items = await getItems(table, keys);
  await nextTurn();
  const isShort = entries.length <= query.limit && searchedTo !== null;
  const last = entries.length > query.limit ? listed.at(-1) : searchedTo;
  const { runs, unreadable } = parseRuns(
    keys
      .map((key) => items.get(keyText(key)))
      .filter((item) => item !== undefined)
      .filter((item) => !isExpired(item, now)),
  );
  return {
    items: runs,
    unreadable,
    cursor: last ? cursorAt(listing(fleet, query), `${last.at}#${last.id}`) : null,
    ...(isShort && { examined }),
  };
}

/** Groups of a host, each one backend in one stratum, that a page merges. A host with more is listed by the time index. */
const MAX_GROUPS = 50;

/**
 * The runs of a host: the newest of each of its groups, merged. A page reads some keys of each group, however many runs the
 * host has.
 */
async function listHost(table: Table, fleet: string, host: string, query: RunQuery, now: number): Promise<RunPage> {
  const start = parseStart(fleet, query);
  const groups = await readGroups(table, samplesOfHost(fleet, host), query.backend);
  if (groups === null) return listByTime(table, fleet, query, { shards: [computeShard(fleet, host)], host, now });
  const below = firstBelow(start, query);
  const found = await mapConcurrent(groups, GROUPS_AT_ONCE, async (group) => {
    const { items } = await queryPage(table, {
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :below",
      ProjectionExpression: "sk",
      ExpressionAttributeValues: {
        ":pk": { S: samplesOfHost(fleet, host) },
        ":from": { S: `${group}#${query.from ?? ""}` },
        ":below": { S: `${group}#${below}` },
      },
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: query.limit + 2,
    });
    return items.map(parseEntryPlace).map(({ finished_at: at, id }): Entry => ({ at, id }));
  });
  const inRange = found
    .flat()
    // The range includes its end: a run of exactly the time, or the run that the last page ended with.
    .filter(
      ({ at, id }) =>
        (query.to === undefined || at < query.to) && (start === null || newestFirst(start, { at, id }) < 0),
    )
    .sort(newestFirst);
  // A run that was stored again after its withdrawn form expired has two entries until the expired one is deleted.
  const entries = [...new Map(inRange.map((entry) => [entry.id, entry])).values()];
  return readPage(table, fleet, query, { entries, searchedTo: null, examined: entries.length }, now);
}

/** Groups that are read at the same time. */
const GROUPS_AT_ONCE = 8;

/** The groups of a host in the order of their keys, withdrawn runs apart; null for more than `MAX_GROUPS`. One small read each. */
export async function readGroups(table: Table, pk: string, backend?: string): Promise<string[] | null> {
  const groups: string[] = [];
  for (const prefix of backend === undefined ? [""] : [`${backend}#`, `~${backend}#`]) {
    // `$` sorts after `#`, which ends a group, and before anything else that could follow.
    for (let from = prefix; ; from = `${groups.at(-1)}$`) {
      const { items } = await queryPage(table, {
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :end",
        ProjectionExpression: "sk",
        ExpressionAttributeValues: {
          ":pk": { S: pk },
          ":from": { S: from === "" ? " " : from },
          ":end": { S: `${prefix}\uFFFF` },
        },
        ConsistentRead: true,
        Limit: 1,
      });
      const [next] = items;
      if (next === undefined) break;
      if (groups.length === MAX_GROUPS) return null;
      groups.push(itemText(next, "sk").split("#", 2).join("#"));
    }
  }
  return groups;
}

/** The end of the range that a page searches, as a time or as time and id. */
function firstBelow(start: Entry | null, query: RunQuery): string {
  const to = query.to ?? ":";
  return start === null ? to : ([`${start.at}#${start.id}`, to].sort()[0] ?? to);
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
  /** In milliseconds. */
  readonly now: number;
}

/**
 * Runs by the time index: the newest of each shard, merged. Where only few match, a page ends before it is full. The shards
 * are then searched to different times; everything older than the latest of these is left for the next page.
 */
async function listByTime(
  table: Table,
  fleet: string,
  query: RunQuery,
  { shards, host, now }: Scope,
): Promise<RunPage> {
  const start = parseStart(fleet, query);
  const below = firstBelow(start, query);
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
  const examined = found.reduce((sum, each) => sum + each.examined, 0);
  return readPage(table, fleet, query, { entries, searchedTo, examined }, now);
}
