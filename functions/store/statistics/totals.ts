// Totals in the table: for each cohort and shard of a period one item with the hosts, runs and notes of the fleet and of each
// backend. Its version changes whenever any cell of the cohort in the shard does, so whatever was read from such cells can be
// cached under it. The totals of all cohorts together change with every change in their shard.

import { BothViews } from "../../../shared/cells/cell.ts";
import { pairName } from "../../../shared/cells/contribution.ts";
import type { FleetGeneration } from "../../../shared/cells/stored-summary.ts";
import { namesOfTotals } from "../../../shared/cells/totals.ts";
import { SHARDS } from "../../../shared/deployment.ts";
import { type Backend, isBackend } from "../../../shared/run/backends.ts";
import { type Cache, makeCache } from "../../runtime/cache.ts";
import { mapConcurrent } from "../../runtime/map-concurrent.ts";
import { type Item, itemText, optionalBytes } from "../table/item.ts";
import { ALL_COHORTS, cellPartitions, keyText, totalsKey, totalsPartition } from "../table/keys.ts";
import { getItems, partition, queryItems, type Table } from "../table/table.ts";

/** The totals of one cohort in one shard. */
interface ShardTotals {
  readonly shard: number;
  readonly version: string;
  /** Encoded. */
  readonly views: BothViews<Uint8Array | null>;
  readonly writtenAt: string;
}

/** The totals of one cohort in a period: one for each shard in which it has hosts. */
export interface CohortTotals {
  readonly shards: readonly ShardTotals[];
  /** Changes whenever any cell of the cohort does. */
  readonly version: string;
}

/** The totals of a cohort without hosts. */
export const NO_TOTALS: CohortTotals = { shards: [], version: "" };

/** What the totals of the cohorts of a few hundred periods of a large fleet take. */
const CACHE_BYTES = 8e6;

/** About what the totals of one cohort in one shard take in memory. */
const TOTALS_BYTES = 600;

/** Shards whose totals one query reads at the same time. */
const SHARDS_AT_ONCE = 8;

/** The totals of a table. It caches the totals of single cohorts. */
export function makeTotalsStore(table: Table) {
  const cache: Cache<ReadonlyMap<string, ShardTotals>> = makeCache<ReadonlyMap<string, ShardTotals>>({
    maxSize: CACHE_BYTES,
    measureSize: (cohorts) => TOTALS_BYTES * cohorts.size,
    entrySize: TOTALS_BYTES,
  });
  return {
    /** The totals of all cohorts together, for each period. */
    ofAll: async (of: FleetGeneration, periods: readonly string[]): Promise<ReadonlyMap<string, CohortTotals>> => {
      const keysOf = (period: string) => ALL_SHARDS.map((shard) => totalsKey(of, period, ALL_COHORTS, shard));
      const items = await getItems(table, periods.flatMap(keysOf));
      return new Map(
        periods.map((period) => [
          period,
          addUp(
            keysOf(period).flatMap((key, shard) => {
              const item = items.get(keyText(key));
              return item === undefined ? [] : [parseTotals(item, shard)];
            }),
          ),
        ]),
      );
    },
    /** The totals of every cohort of a period by its hash; `all` are the totals of all cohorts together, read before. */
    ofCohorts: async (
      of: FleetGeneration,
      period: string,
      all: CohortTotals,
    ): Promise<ReadonlyMap<string, CohortTotals>> => {
      const found = await mapConcurrent(all.shards, SHARDS_AT_ONCE, ({ shard, version }) => {
        const pk = totalsPartition(of, period, shard);
        return cache.get(pk, () => readShard(table, pk, shard), version);
      });
      const cohorts = new Set(found.flatMap((shard) => [...shard.keys()]));
      return new Map([...cohorts].map((cohort) => [cohort, addUp(found.flatMap((shard) => shard.get(cohort) ?? []))]));
    },
  };
}

export type TotalsStore = ReturnType<typeof makeTotalsStore>;

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

/** The totals of a shard by cohort. */
async function readShard(table: Table, pk: string, shard: number): Promise<ReadonlyMap<string, ShardTotals>> {
  const cohorts = new Map<string, ShardTotals>();
  for await (const item of queryItems(table, { ...partition(pk), ConsistentRead: true })) {
    cohorts.set(itemText(item, "sk"), parseTotals(item, shard));
  }
  return cohorts;
}

const parseTotals = (item: Item, shard: number): ShardTotals => ({
  shard,
  version: itemText(item, "ver"),
  views: encodedViews(item),
  writtenAt: itemText(item, "at"),
});

const addUp = (shards: readonly ShardTotals[]): CohortTotals => ({
  shards,
  version: shards.map(({ shard, version }) => `${shard}:${version}`).join(" "),
});

/** The backends that have results in any of the totals, sorted. */
export function backendsOfTotals(totals: Iterable<CohortTotals>): Backend[] {
  const names = new Set<string>();
  for (const { shards } of totals) {
    for (const { views } of shards)
      if (views.all !== null) for (const name of namesOfTotals(views.all)) names.add(name);
  }
  return [...names].filter(isBackend).sort();
}

/**
 * The partitions of a period that may have cells: one for every backend with results in a cohort, and for every pair of them.
 * They exist only where totals do. With `shards`, those that may have cells of these.
 */
export async function listCellPartitions(
  table: Table,
  of: FleetGeneration,
  period: string,
  shards: readonly number[] = ALL_SHARDS,
): Promise<string[]> {
  const totals = new Map<string, ShardTotals[]>();
  for (const shard of shards) {
    for (const [cohort, found] of await readShard(table, totalsPartition(of, period, shard), shard)) {
      totals.set(cohort, [...(totals.get(cohort) ?? []), found]);
    }
  }
  return [...totals].flatMap(([cohort, found]) => {
    const backends = backendsOfTotals([addUp(found)]);
    return [
      ...backends.map((name) => ({ cohort, kind: "backend", name }) as const),
      ...pairsOf(backends).map((name) => ({ cohort, kind: "pair", name }) as const),
    ].flatMap((cells) => cellPartitions(of, period, cells, shards));
  });
}

/** The names of the pairs of some backends. */
export function pairsOf(backends: readonly Backend[]): string[] {
  return backends.flatMap((one, index) => backends.slice(index + 1).map((other) => pairName(one, other)));
}

/** Both views of an item with cells, encoded; null where it has none. An item without `all` has the same cells in both. */
export function encodedViews(item: Item): BothViews<Uint8Array | null> {
  const trusted = optionalBytes(item, "trusted");
  return new BothViews(trusted, optionalBytes(item, "all") ?? trusted);
}
