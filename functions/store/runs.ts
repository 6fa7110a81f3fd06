// Runs in the table: put if absent together with the work mark of their host, read by id, listed by time, withdrawn.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { BUCKETS, TABLE } from "../../shared/deployment.ts";
import type { Run } from "../../shared/model/run.ts";
import type { NewRun, Page, RunQuery, RunStore } from "../../shared/ports.ts";
import type { RunSample } from "../../shared/summary/types.ts";
import { inChunks } from "./chunks.ts";
import { cursorAt, placeAt } from "./cursor.ts";
import { type Item, keyItem, optionalTextOf, sizeOf, textOf } from "./item.ts";
import { idOf, runKey, runOrder, runsOfHost, timePartition, withdrawnOrder } from "./keys.ts";
import { markWrite, touchedBy } from "./marks.ts";
import { retryingTransient } from "./retry.ts";
import { runItem, runOfItem, sampleOfEntry } from "./run-item.ts";
import { TransactionCancelled } from "./store-error.ts";
import { getItem, getItems, partition, queryItems, queryPage, type Table, transact } from "./table.ts";

export function makeRunStore(table: Table): RunStore {
  return {
    add: (runs) => addRuns(table, runs),
    get: async (fleet, id) => {
      const item = await getItem(table, runKey(fleet, id));
      return item === null ? null : runOfItem(item);
    },
    list: (fleet, query) =>
      query.host === undefined ? listFleet(table, fleet, query) : listHost(table, fleet, query.host, query),
    withdraw: (fleet, id, at) => withdraw(table, fleet, id, at),
  };
}

interface Pending {
  readonly newRun: NewRun;
  readonly item: Item;
}

async function addRuns(table: Table, runs: readonly NewRun[]): Promise<("stored" | "duplicate")[]> {
  const stored = new Set<string>();
  const pending = new Map<string, Pending>();
  for (const newRun of runs) {
    const { id } = newRun.run;
    if (!pending.has(id)) pending.set(id, { newRun, item: runItem(newRun.run, newRun.sample) });
  }
  const chunks = inChunks([...pending.values()], {
    bytesOf: ({ item }) => sizeOf(item),
    sharedOf: ({ newRun }) => hostOf(newRun.run),
  });
  for (const chunk of chunks) for (const id of await addChunk(table, chunk)) stored.add(id);
  // The first run of an id is the one that was stored; the same line again in one upload is a duplicate of it.
  return runs.map(({ run }) => (stored.delete(run.id) ? "stored" : "duplicate"));
}

/** Writes those runs of a chunk that are not there yet; the ids of what was written. */
async function addChunk(table: Table, chunk: readonly Pending[]): Promise<readonly string[]> {
  let left = chunk;
  while (left.length > 0) {
    const puts: TransactWriteItem[] = left.map(({ item }) => ({
      Put: { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" },
    }));
    try {
      await retryingTransient(() => transact(table, [...puts, ...marksOf(table, left)]));
      return left.map(({ newRun }) => newRun.run.id);
    } catch (error) {
      if (!(error instanceof TransactionCancelled)) throw error;
      const { reasons } = error;
      const absent = left.filter((_, index) => reasons[index] !== "ConditionalCheckFailed");
      if (absent.length === left.length) throw error;
      left = absent;
    }
  }
  return [];
}

/** One text for a host; an upload may hold hosts of several fleets. */
const hostOf = ({ fleet, host }: Run): string => `${fleet}#${host}`;

function marksOf(table: Table, runs: readonly Pending[]): TransactWriteItem[] {
  const byHost = new Map<string, NewRun[]>();
  for (const { newRun } of runs) {
    const ofHost = byHost.get(hostOf(newRun.run));
    if (ofHost === undefined) byHost.set(hostOf(newRun.run), [newRun]);
    else ofHost.push(newRun);
  }
  return [...byHost.values()].flatMap((ofHost) => {
    const newest = ofHost.reduce((a, b) => (b.run.finished_at > a.run.finished_at ? b : a));
    const { fleet, host, received_at: at } = newest.run;
    const touched = ofHost.map(({ run }) => touchedBy(run));
    return [markWrite(table, fleet, host, touched, at, newest.sample.cohort)];
  });
}

async function withdraw(table: Table, fleet: string, id: string, at: string): Promise<Run | null> {
  const key = runKey(fleet, id);
  const item = await getItem(table, key);
  if (item === null) return null;
  const run = runOfItem(item);
  if (run.withdrawn_at !== null) return run;
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  try {
    await retryingTransient(() =>
      transact(table, [
        {
          Update: {
            TableName: table.name,
            Key: keyItem(key),
            UpdateExpression: "SET withdrawn = :at, ord = :ord",
            ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(withdrawn)",
            ExpressionAttributeValues: { ":at": { S: at }, ":ord": { S: withdrawnOrder(order) } },
          },
        },
        markWrite(table, fleet, run.host, [touchedBy(run)], at),
      ]),
    );
  } catch (error) {
    if (!(error instanceof TransactionCancelled)) throw error;
    // Somebody else withdrew it meanwhile: their time stands.
    const again = await getItem(table, key);
    if (again === null || optionalTextOf(again, "withdrawn") === null) throw error;
    return runOfItem(again);
  }
  return { ...run, withdrawn_at: at };
}

/**
 * Replaces what a run was read as, and marks its host for what it was and what it is. False when it was withdrawn
 * meanwhile: it then stays as it is, for nothing counts it.
 */
export async function replaceRun(table: Table, before: Run, { run, sample }: NewRun, at: string): Promise<boolean> {
  const isWithdrawn = before.withdrawn_at !== null;
  const put: TransactWriteItem = {
    Put: {
      TableName: table.name,
      Item: runItem(run, sample),
      ConditionExpression: `attribute_exists(pk) AND ${isWithdrawn ? "attribute_exists" : "attribute_not_exists"}(withdrawn)`,
    },
  };
  try {
    await retryingTransient(() =>
      transact(table, [
        put,
        markWrite(table, run.fleet, run.host, [touchedBy(before), touchedBy(run)], at, sample.cohort),
      ]),
    );
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}

/** The newest `limit` samples of a host's backend and stratum with `from <= finished_at < to`, newest first. */
export async function readSamples(
  table: Table,
  group: { fleet: string; host: string; backend: string; stratum: string },
  window: { from: string; to: string },
  limit: number,
): Promise<RunSample[]> {
  const prefix = `${group.backend}#${group.stratum}#`;
  const samples: RunSample[] = [];
  const query = {
    IndexName: TABLE.orderIndex.name,
    KeyConditionExpression: "pk = :pk AND ord BETWEEN :from AND :to",
    // `to` itself is outside: no time is equal to it, for times are longer than the prefixes in a window.
    ExpressionAttributeValues: {
      ":pk": { S: runsOfHost(group.fleet, group.host) },
      ":from": { S: prefix + window.from },
      ":to": { S: prefix + window.to },
    },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: limit,
  };
  for await (const entry of queryItems(table, query)) {
    samples.push(sampleOfEntry(entry));
    if (samples.length === limit) break;
  }
  return samples;
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
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
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
    const [backend, , at = "", id = ""] = textOf(item, "ord").replace(/^~/, "").split("#");
    if (query.backend !== undefined && backend !== query.backend) continue;
    if (at < (query.from ?? "") || at >= (query.to ?? ":")) continue;
    if (place !== null && newestFirst(place, { at, id }) >= 0) continue;
    entries.push({ at, id });
  }
  return pageOf(table, fleet, query, entries.sort(newestFirst));
}

/** A fleet's runs: the newest of each bucket, merged. */
async function listFleet(table: Table, fleet: string, query: RunQuery): Promise<Page<Run>> {
  const place = placeOf(fleet, query);
  const below = place === null ? (query.to ?? ":") : ([`${place.at}#${place.id}`, query.to ?? ":"].sort()[0] ?? ":");
  const from = query.from ?? "0";
  if (from > below) return { items: [], cursor: null };
  const buckets = await Promise.all(
    Array.from({ length: BUCKETS }, async (_, bucket) => {
      const entries: Entry[] = [];
      let start: Item | null = null;
      do {
        const page: { items: Item[]; next: Item | null } = await queryPage(table, {
          IndexName: TABLE.timeIndex.name,
          KeyConditionExpression: "tpk = :tpk AND tsk BETWEEN :from AND :below",
          ExpressionAttributeValues: {
            ":tpk": { S: timePartition(fleet, bucket) },
            ":from": { S: from },
            ":below": { S: below },
          },
          ScanIndexForward: false,
          Limit: query.limit + 1,
          ...(start === null ? {} : { ExclusiveStartKey: start }),
        });
        for (const item of page.items) {
          const [at = "", id = "", backend] = textOf(item, "tsk").split("#");
          if (query.backend === undefined || backend === query.backend) entries.push({ at, id });
        }
        start = entries.length > query.limit ? null : page.next;
      } while (start !== null);
      return entries;
    }),
  );
  return pageOf(table, fleet, query, buckets.flat().sort(newestFirst));
}
