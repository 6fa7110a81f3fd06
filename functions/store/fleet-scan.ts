// A scan of a whole fleet: its hosts, the months in which they have runs, and everything that is stored of them. For the
// audit, the rebuild and the reparse; no request reads so much.

import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { SHARDS, TABLE } from "../../shared/deployment.ts";
import {
  type PendingBacklog,
  type PendingHost,
  periodTouchedBy,
  type TouchedPeriod,
} from "../../shared/run/pending-host.ts";
import { type Clock, enclosingPeriods, PERIOD_ALL, toMonth } from "../../shared/run/periods.ts";
import { currentGeneration } from "./generations.ts";
import { type Item, isExpired, itemText } from "./item.ts";
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
} from "./keys.ts";
import { countPendingHosts, readPendingHost } from "./pending-hosts.ts";
import { parseRuns, type RunError } from "./runs.ts";
import { isWithdrawnEntry, parseEntryPlace } from "./samples.ts";
import { getItem, getItems, partition, queryItems, queryPage, type Table } from "./table.ts";
import { listCellPartitions } from "./totals.ts";

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

/**
 * Reads everything that a fleet has in the table. Items are given as stored, for callers that compare them byte for byte.
 */
export interface FleetScan {
  /** Every host that has runs or has been counted. */
  hosts(fleet: string): Promise<FleetHosts>;
  /** Every period that the fleet may have summaries and cells of, sorted. */
  periods(fleet: string): Promise<readonly string[]>;
  /** The items of all runs of a host, withdrawn ones too, as long as they have not expired. */
  runItems(fleet: string, host: string): AsyncIterable<Item>;
  /** The entries of all runs of a host: their samples, and the places of withdrawn runs. */
  entryItems(fleet: string, host: string): AsyncIterable<Item>;
  /** The generation that answers are read from. */
  activeGeneration(fleet: string): Promise<FleetGeneration>;
  /** The items of all totals and cells of a period. */
  cellItems(of: FleetGeneration, period: string): AsyncIterable<Item>;
  /** The same with nothing but key and version. */
  cellVersions(of: FleetGeneration, period: string): AsyncIterable<Item>;
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
    hosts: (fleet) => hostsOfFleet(table, fleet),
    periods: (fleet) => periodsOfFleet(table, fleet),
    runItems: (fleet, host) => unexpired(runsOfHost(fleet, host)),
    entryItems: (fleet, host) => unexpired(samplesOfHost(fleet, host)),
    activeGeneration: (fleet) => currentGeneration(table, fleet),
    cellItems: (of, period) => itemsWithCells(table, of, period),
    cellVersions: (of, period) => itemsWithCells(table, of, period, { ProjectionExpression: "pk, sk, ver" }),
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
  projection: { readonly ProjectionExpression?: string } = {},
): AsyncGenerator<Item, void> {
  const totals = ALL_SHARDS.map((shard) => totalsPartition(of, period, shard));
  for (const pk of [...totals, ...(await listCellPartitions(table, of, period))]) {
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
}

/**
 * Every host of a fleet that has runs or has been counted; the names are all in memory. The time index may lag behind by a
 * moment. So this also reads the pending hosts and, after these, because a host is no longer pending once it is counted, the
 * summaries.
 */
async function hostsOfFleet(table: Table, fleet: string): Promise<FleetHosts> {
  const hosts = new Map<string, string>();
  const nameless: { readonly hash: string; readonly fault: RunError }[] = [];
  const addNames = async (pk: string) => {
    const query = { ...partition(pk), ProjectionExpression: "pk, sk", ConsistentRead: true };
    for await (const item of queryItems(table, query)) {
      const host = itemText(item, "sk");
      hosts.set(hostHash(fleet, host), host);
    }
  };
  await Promise.all(ALL_SHARDS.map((shard) => addNames(pendingPartition(fleet, shard))));
  const of = await currentGeneration(table, fleet);
  await Promise.all(ALL_SHARDS.map((shard) => addNames(summaryPartition(of, PERIOD_ALL, shard))));
  await Promise.all(ALL_SHARDS.map((shard) => addFromRuns(shard)));
  // Another run of the same host may have the name.
  const still = nameless.filter(({ hash }) => !hosts.has(hash));
  return { names: [...hosts.values()], nameless: still.map(({ fault }) => fault) };

  async function addFromRuns(shard: number): Promise<void> {
    const query = { ...inTimeIndex(fleet, shard), ProjectionExpression: "pk, sk" };
    for await (const item of queryItems(table, query)) {
      const hash = itemText(item, "pk").split("#")[2] ?? "";
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

/** Every period that a fleet may have summaries and cells of: the periods of its runs, withdrawn ones too. One read per month. */
export async function periodsOfFleet(table: Table, fleet: string): Promise<string[]> {
  const months = await Promise.all(ALL_SHARDS.map((shard) => readMonths(shard)));
  return [...new Set([PERIOD_ALL, ...months.flat().flatMap(enclosingPeriods)])].sort();

  async function readMonths(shard: number): Promise<string[]> {
    const found: string[] = [];
    for (;;) {
      const { items } = await queryPage(table, {
        ...inTimeIndex(fleet, shard),
        KeyConditionExpression: "tpk = :tpk AND tsk > :after",
        ExpressionAttributeValues: {
          ...inTimeIndex(fleet, shard).ExpressionAttributeValues,
          // `~` sorts after every day of the month.
          ":after": { S: found.length === 0 ? "0" : `${found.at(-1)}~` },
        },
        Limit: 1,
      });
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
