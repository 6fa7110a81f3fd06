// A scan of a whole fleet: its hosts, the months in which they have runs, and everything that is stored of them. For the
// audit, the rebuild and the reparse; no request reads so much.

import type { RunSample } from "../../../shared/cells/host-values.ts";
import type { FleetGeneration } from "../../../shared/cells/stored-summary.ts";
import { SHARDS, TABLE } from "../../../shared/deployment.ts";
import type { Backend } from "../../../shared/run/backends.ts";
import {
  type PendingBacklog,
  type PendingHost,
  periodTouchedBy,
  type TouchedPeriod,
} from "../../../shared/run/pending-host.ts";
import { type Clock, enclosingPeriods, PERIOD_ALL, toMonth } from "../../../shared/run/periods.ts";
import { countPendingHosts, readPendingHost } from "../runs/pending-hosts.ts";
import { readGroups } from "../runs/run-list.ts";
import { parseRuns, type RunError } from "../runs/runs.ts";
import { isWithdrawnEntry, parseEntryPlace, readSamples } from "../runs/samples.ts";
import { type Item, isExpired, itemText } from "../table/item.ts";
import {
  cohortPartitions,
  hostHash,
  type Key,
  pendingPartition,
  runsOfHost,
  samplesOfHost,
  summaryPartition,
  timePartition,
  totalsPartition,
} from "../table/keys.ts";
import { getItem, getItems, partition, queryItems, queryPage, type Table } from "../table/table.ts";
import { currentGeneration, readableGeneration, readGenerations } from "./generations.ts";
import { listCellPartitions } from "./totals.ts";

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

/**
 * Reads everything that a fleet has in the table. Items are given as stored, for callers that compare them byte for byte.
 */
export interface FleetScan {
  /** Every host of some shards that has runs or has been counted; of its runs, only those that finished in `since` or later. */
  hosts(fleet: string, shards?: readonly number[], since?: string): Promise<FleetHosts>;
  /** Every period that the fleet may have summaries and cells of, sorted. */
  periods(fleet: string): Promise<readonly string[]>;
  /** The items of all runs of a host, withdrawn ones too, as long as they have not expired. */
  runItems(fleet: string, host: string): AsyncIterable<Item>;
  /** The entries of all runs of a host: their samples, and the places of withdrawn runs. */
  entryItems(fleet: string, host: string): AsyncIterable<Item>;
  /**
   * The starts of the keys of a host's entries, one for each backend and stratum, and after `~` for withdrawn runs; null for
   * more than 50.
   */
  entryGroups(fleet: string, host: string): Promise<readonly string[] | null>;
  /** The entries of one such group, of runs that finished in `since` or later. */
  entryItemsSince(fleet: string, host: string, group: string, since: string): AsyncIterable<Item>;
  /** The newest `limit` samples of a group whose `finished_at` is in the window, newest first. */
  samples(
    group: { readonly fleet: string; readonly host: string; readonly backend: Backend; readonly stratum: string },
    window: { readonly from: string; readonly to: string },
    limit: number,
  ): Promise<readonly RunSample[]>;
  /** The generation that answers are read from. */
  activeGeneration(fleet: string): Promise<FleetGeneration>;
  /** The items of all totals and cells of a period; with `shards`, all of these, and some of others. */
  cellItems(of: FleetGeneration, period: string, shards?: readonly number[]): AsyncIterable<Item>;
  /** The same with nothing but key and version. */
  cellVersions(of: FleetGeneration, period: string, shards?: readonly number[]): AsyncIterable<Item>;
  /** The keys of the totals of a period, of every shard. */
  totalsKeys(of: FleetGeneration, period: string): AsyncIterable<Item>;
  /** The items of all cohorts of a period. */
  cohortItems(of: FleetGeneration, period: string): AsyncIterable<Item>;
  /** The items under these keys (each given once), by `keyText` their key; missing ones are left out. */
  items(keys: readonly Key[]): Promise<ReadonlyMap<string, Item>>;
  /** Null for a host that is not pending. Throws ItemError for a damaged record. */
  pendingHost(fleet: string, host: string): Promise<PendingHost | null>;
  pendingBacklog(fleet: string): Promise<PendingBacklog>;
}

/** The scan of any fleet of a table. */
export function makeFleetScan(table: Table, clock: Clock = Date.now): FleetScan {
  const all = (pk: string) => queryItems(table, { ...partition(pk), ConsistentRead: true });
  const unexpired = async function* (pk: string): AsyncGenerator<Item, void> {
    for await (const item of all(pk)) if (!isExpired(item, clock())) yield item;
  };
  return {
    hosts: (fleet, shards, since) => hostsOfFleet(table, fleet, shards, since),
    periods: (fleet) => periodsOfFleet(table, fleet),
    runItems: (fleet, host) => unexpired(runsOfHost(fleet, host)),
    entryItems: (fleet, host) => unexpired(samplesOfHost(fleet, host)),
    entryGroups: (fleet, host) => readGroups(table, samplesOfHost(fleet, host)),
    entryItemsSince: (fleet, host, group, since) =>
      queryItems(table, {
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues: {
          ":pk": { S: samplesOfHost(fleet, host) },
          ":from": { S: `${group}#${since}` },
          // `:` sorts after every digit, with which a time begins.
          ":to": { S: `${group}#:` },
        },
        ConsistentRead: true,
      }),
    samples: (group, window, limit) => readSamples(table, group, window, limit),
    activeGeneration: (fleet) => currentGeneration(table, fleet),
    cellItems: (of, period, shards = ALL_SHARDS) => itemsWithCells(table, of, period, shards),
    cellVersions: (of, period, shards = ALL_SHARDS) =>
      itemsWithCells(table, of, period, shards, { ProjectionExpression: "pk, sk, ver" }),
    totalsKeys: async function* (of, period) {
      for (const shard of ALL_SHARDS) {
        const query = { ...partition(totalsPartition(of, period, shard)), ConsistentRead: true };
        yield* queryItems(table, { ...query, ProjectionExpression: "pk, sk" });
      }
    },
    cohortItems: async function* (of, period) {
      for (const pk of cohortPartitions(of, period)) yield* all(pk);
    },
    items: (keys) => getItems(table, keys),
    pendingHost: (fleet, host) => readPendingHost(table, fleet, host),
    pendingBacklog: (fleet) => countPendingHosts(table, fleet),
  };
}

async function* itemsWithCells(
  table: Table,
  of: FleetGeneration,
  period: string,
  shards: readonly number[],
  projection: { readonly ProjectionExpression?: string } = {},
): AsyncGenerator<Item, void> {
  const totals = shards.map((shard) => totalsPartition(of, period, shard));
  for (const pk of [...totals, ...(await listCellPartitions(table, of, period, shards))]) {
    yield* queryItems(table, { ...partition(pk), ...projection, ConsistentRead: true });
  }
}

/** What a rebuild scans in any fleet of a table. */
export function makeRebuildScan(table: Table) {
  return {
    hosts: (fleet: string): Promise<FleetHosts> => hostsOfFleet(table, fleet),
    touchedPeriods: (fleet: string, host: string): Promise<readonly TouchedPeriod[]> =>
      readTouchedPeriods(table, fleet, host),
  };
}

export type RebuildScan = ReturnType<typeof makeRebuildScan>;

/** The hosts of a fleet. */
interface FleetHosts {
  /** Each once, in no order. */
  readonly names: readonly string[];
  /** Runs that cannot be read and whose host is not known from elsewhere either. */
  readonly nameless: readonly RunError[];
  /** With `since`: the ids of the runs of each host, by the hash of the host. */
  readonly runIds: ReadonlyMap<string, readonly string[]>;
}

/**
 * Every host of a fleet that has runs or has been counted; the names are all in memory. The time index may lag behind by a
 * moment. So this also reads the pending hosts and, after these, because a host is no longer pending once it is counted, the
 * summaries.
 */
async function hostsOfFleet(
  table: Table,
  fleet: string,
  shards: readonly number[] = ALL_SHARDS,
  since?: string,
): Promise<FleetHosts> {
  const runIds = new Map<string, string[]>();
  const hosts = new Map<string, string>();
  const nameless: { readonly hash: string; readonly fault: RunError }[] = [];
  const addNames = async (pk: string) => {
    const query = { ...partition(pk), ProjectionExpression: "pk, sk", ConsistentRead: true };
    for await (const item of queryItems(table, query)) {
      const host = itemText(item, "sk");
      hosts.set(hostHash(fleet, host), host);
    }
  };
  await Promise.all(shards.map((shard) => addNames(pendingPartition(fleet, shard))));
  const of = readableGeneration(fleet, await readGenerations(table, fleet));
  if (of !== null) await Promise.all(shards.map((shard) => addNames(summaryPartition(of, PERIOD_ALL, shard))));
  await Promise.all(shards.map((shard) => addFromRuns(shard)));
  // Another run of the same host may have the name.
  const still = nameless.filter(({ hash }) => !hosts.has(hash));
  return { names: [...hosts.values()], nameless: still.map(({ fault }) => fault), runIds };

  async function addFromRuns(shard: number): Promise<void> {
    const query = { ...(since === undefined ? inTimeIndex(fleet, shard) : after(fleet, shard, since)) };
    for await (const item of queryItems(table, { ...query, ProjectionExpression: "pk, sk" })) {
      const hash = itemText(item, "pk").split("#")[2] ?? "";
      if (since !== undefined) runIds.set(hash, [...(runIds.get(hash) ?? []), itemText(item, "sk")]);
      if (hosts.has(hash)) continue;
      const run = await getItem(table, { pk: itemText(item, "pk"), sk: itemText(item, "sk") });
      if (run === null) continue;
      const { runs, unreadable } = parseRuns([run]);
      for (const { host } of [...runs, ...unreadable]) if (host !== null) hosts.set(hash, host);
      for (const fault of unreadable) if (fault.host === null) nameless.push({ hash, fault });
    }
  }
}

const inTimeIndex = (fleet: string, shard: number) => ({
  IndexName: TABLE.timeIndex.name,
  KeyConditionExpression: "tpk = :tpk",
  ExpressionAttributeValues: { ":tpk": { S: timePartition(fleet, shard) } },
});

/** The runs of the time index whose sort key comes after a text. */
const after = (fleet: string, shard: number, text: string) => ({
  ...inTimeIndex(fleet, shard),
  KeyConditionExpression: "tpk = :tpk AND tsk > :after",
  ExpressionAttributeValues: { ...inTimeIndex(fleet, shard).ExpressionAttributeValues, ":after": { S: text } },
});

/** Every period that a fleet may have summaries and cells of: the periods of its runs, withdrawn ones too. One read per month. */
export async function periodsOfFleet(table: Table, fleet: string): Promise<string[]> {
  const months = await Promise.all(ALL_SHARDS.map((shard) => readMonths(shard)));
  return [...new Set([PERIOD_ALL, ...months.flat().flatMap(enclosingPeriods)])].sort();

  async function readMonths(shard: number): Promise<string[]> {
    const found: string[] = [];
    for (;;) {
      // `~` sorts after every day of the month.
      const start = found.length === 0 ? "0" : `${found.at(-1)}~`;
      const { items } = await queryPage(table, { ...after(fleet, shard, start), Limit: 1 });
      const [next] = items;
      if (next === undefined) return found;
      found.push(toMonth(itemText(next, "tsk")));
    }
  }
}

/** Everything that the runs of a host touch, except withdrawn ones. */
async function readTouchedPeriods(table: Table, fleet: string, host: string): Promise<TouchedPeriod[]> {
  const query = { ...partition(samplesOfHost(fleet, host)), ProjectionExpression: "sk", ConsistentRead: true };
  const touched = new Map<string, TouchedPeriod>();
  for await (const item of queryItems(table, query)) {
    if (isWithdrawnEntry(item)) continue;
    const each = periodTouchedBy(parseEntryPlace(item));
    touched.set(`${each.period}#${each.backend}#${each.stratum}`, each);
  }
  return [...touched.values()];
}
