// Runs listed, newest first: those of a host by its order index, those of a fleet by the time index, page by page.

import { BUCKETS, TABLE } from "../../shared/deployment.ts";
import { codeUnitOrder } from "../../shared/model/code-unit-order.ts";
import type { RunPlace } from "../../shared/model/run-codec.ts";
import type { RunListing, RunQuery } from "../../shared/ports.ts";
import { cursorAt, placeAt } from "./cursor.ts";
import { type Item, textOf } from "./item.ts";
import { idOf, runKey, runsOfHost, timePartition } from "./keys.ts";
import { RunFault, runsOfItems } from "./run-item.ts";
import { runPlaceOf } from "./run-place.ts";
import { getItems, partition, queryItems, queryPages, type Table } from "./table.ts";

/** One page of the runs that a query asks for. Throws `bad_parameter` for a cursor of another question. */
export function listRuns(table: Table, fleet: string, query: RunQuery): Promise<RunListing> {
  return query.host === undefined ? listFleet(table, fleet, query) : listHost(table, fleet, query.host, query);
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

async function pageOf(table: Table, fleet: string, query: RunQuery, entries: Entry[]): Promise<RunListing> {
  const listed = entries.slice(0, query.limit);
  const keys = listed.map(({ id }) => runKey(fleet, id));
  const items = await getItems(table, keys);
  const last = listed.at(-1);
  const { runs, unreadable } = runsOfItems(
    keys.map((key) => items.get(idOf(key))).filter((item) => item !== undefined),
  );
  return {
    items: runs,
    unreadable,
    cursor:
      entries.length > query.limit && last !== undefined
        ? cursorAt(listingOf(fleet, query), `${last.at}#${last.id}`)
        : null,
  };
}

/** A host's runs: its whole order index is read, which is a few hundred bytes a run, then sorted by time. */
async function listHost(table: Table, fleet: string, host: string, query: RunQuery): Promise<RunListing> {
  const place = placeOf(fleet, query);
  const entries: Entry[] = [];
  const misplaced: RunFault[] = [];
  const index = {
    ...partition(runsOfHost(fleet, host)),
    IndexName: TABLE.orderIndex.name,
    ProjectionExpression: "pk, sk, ord",
    ConsistentRead: true,
  };
  for await (const item of queryItems(table, index)) {
    const entry = entryOf(item);
    if (entry instanceof RunFault) {
      misplaced.push(entry);
      continue;
    }
    const { backend, finished_at: at, id } = entry;
    if (query.backend !== undefined && backend !== query.backend) continue;
    if (at < (query.from ?? "") || at >= (query.to ?? ":")) continue;
    if (place !== null && newestFirst(place, { at, id }) >= 0) continue;
    entries.push({ at, id });
  }
  const page = await pageOf(table, fleet, query, entries.sort(newestFirst));
  // They have no place in time: they stand before all others.
  return place === null ? { ...page, unreadable: [...misplaced, ...page.unreadable] } : page;
}

/** The place of an entry of the order index, or what is wrong with it. */
function entryOf(item: Item): RunPlace | RunFault {
  try {
    return runPlaceOf(item);
  } catch (error) {
    return new RunFault(item, error);
  }
}

/** Keys that are read at a time where only those of one backend are wanted, which may be rare: about 150 kB. */
const KEYS_OF_ALL_BACKENDS = 1_000;

/** A fleet's runs: the newest of each bucket, merged. */
async function listFleet(table: Table, fleet: string, query: RunQuery): Promise<RunListing> {
  const place = placeOf(fleet, query);
  const below = place === null ? (query.to ?? ":") : ([`${place.at}#${place.id}`, query.to ?? ":"].sort()[0] ?? ":");
  const from = query.from ?? "0";
  if (from > below) return { items: [], unreadable: [], cursor: null };
  const buckets = await Promise.all(
    Array.from({ length: BUCKETS }, async (_, bucket) => {
      const entries: Entry[] = [];
      const keys = {
        IndexName: TABLE.timeIndex.name,
        KeyConditionExpression: "tpk = :tpk AND tsk BETWEEN :from AND :below",
        ExpressionAttributeValues: {
          ":tpk": { S: timePartition(fleet, bucket) },
          ":from": { S: from },
          ":below": { S: below },
        },
        ScanIndexForward: false,
        Limit: query.backend === undefined ? query.limit + 1 : KEYS_OF_ALL_BACKENDS,
      };
      for await (const page of queryPages(table, keys)) {
        for (const item of page.items) {
          const [at = "", , backend] = textOf(item, "tsk").split("#");
          const id = textOf(item, "sk");
          if (query.backend === undefined || backend === query.backend) entries.push({ at, id });
        }
        if (entries.length > query.limit) break;
      }
      return entries;
    }),
  );
  return pageOf(table, fleet, query, buckets.flat().sort(newestFirst));
}
