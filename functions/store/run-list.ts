// Runs listed, newest first: those of a host by its order index, those of a fleet by the time index, page by page.

import { BUCKETS, TABLE } from "../../shared/deployment.ts";
import { codeUnitOrder } from "../../shared/model/code-unit-order.ts";
import type { Run } from "../../shared/model/run.ts";
import type { Page, RunQuery } from "../../shared/ports.ts";
import { cursorAt, placeAt } from "./cursor.ts";
import { textOf } from "./item.ts";
import { idOf, runKey, runsOfHost, timePartition } from "./keys.ts";
import { runOfItem } from "./run-item.ts";
import { runPlaceOf } from "./run-place.ts";
import { getItems, partition, queryItems, queryPages, type Table } from "./table.ts";

/** One page of the runs that a query asks for. Throws `bad_parameter` for a cursor of another question. */
export function listRuns(table: Table, fleet: string, query: RunQuery): Promise<Page<Run>> {
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

async function pageOf(table: Table, fleet: string, query: RunQuery, entries: Entry[]): Promise<Page<Run>> {
  const listed = entries.slice(0, query.limit);
  const items = await getItems(
    table,
    listed.map(({ id }) => runKey(fleet, id)),
  );
  const last = listed.at(-1);
  return {
    items: listed.flatMap(({ id }) => {
      const item = items.get(idOf(runKey(fleet, id)));
      return item === undefined ? [] : [runOfItem(item)];
    }),
    cursor:
      entries.length > query.limit && last !== undefined
        ? cursorAt(listingOf(fleet, query), `${last.at}#${last.id}`)
        : null,
  };
}

/** A host's runs: its whole order index is read, which is a few hundred bytes a run, then sorted by time. */
async function listHost(table: Table, fleet: string, host: string, query: RunQuery): Promise<Page<Run>> {
  const place = placeOf(fleet, query);
  const entries: Entry[] = [];
  const index = {
    ...partition(runsOfHost(fleet, host)),
    IndexName: TABLE.orderIndex.name,
    ProjectionExpression: "ord",
    ConsistentRead: true,
  };
  for await (const item of queryItems(table, index)) {
    const { backend, finished_at: at, id } = runPlaceOf(item);
    if (query.backend !== undefined && backend !== query.backend) continue;
    if (at < (query.from ?? "") || at >= (query.to ?? ":")) continue;
    if (place !== null && newestFirst(place, { at, id }) >= 0) continue;
    entries.push({ at, id });
  }
  return pageOf(table, fleet, query, entries.sort(newestFirst));
}

/** Keys that are read at a time where only those of one backend are wanted, which may be rare: about 150 kB. */
const KEYS_OF_ALL_BACKENDS = 1_000;

/** A fleet's runs: the newest of each bucket, merged. */
async function listFleet(table: Table, fleet: string, query: RunQuery): Promise<Page<Run>> {
  const place = placeOf(fleet, query);
  const below = place === null ? (query.to ?? ":") : ([`${place.at}#${place.id}`, query.to ?? ":"].sort()[0] ?? ":");
  const from = query.from ?? "0";
  if (from > below) return { items: [], cursor: null };
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
          const [at = "", id = "", backend] = textOf(item, "tsk").split("#");
          if (query.backend === undefined || backend === query.backend) entries.push({ at, id });
        }
        if (entries.length > query.limit) break;
      }
      return entries;
    }),
  );
  return pageOf(table, fleet, query, buckets.flat().sort(newestFirst));
}
