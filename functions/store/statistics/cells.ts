// Cells for queries. A query reads one range of keys for each period, cohort and pair or backend, adds the cells up over
// shards and cohorts, and merges them over periods. The number of items it reads depends on the number of cohorts, scopes and
// shards, never on the number of hosts or runs.
//
// What was read stays in the process. Every transaction that changes a cell writes two items with totals, of all cohorts and
// of the host's own, so their versions change, too. A query first reads the totals of all cohorts: in a shard whose version
// is the cached one nothing has changed. In other shards it reads the totals of the cohorts, and then only the cells of
// cohorts whose versions have changed.

import { BothViews, type Cell, type CellKind, emptyCell, mergeCell, SCOPE_ALL } from "../../../shared/cells/cell.ts";
import { mergeEncoded } from "../../../shared/cells/codec.ts";
import { efficiencyName, quantityIndex } from "../../../shared/cells/quantities.ts";
import type { FleetGeneration } from "../../../shared/cells/stored-summary.ts";
import { findTotal, isTotal } from "../../../shared/cells/totals.ts";
import type { CellQuery, CellReading, ScopedCells } from "../../../shared/compare/merged-cells.ts";
import { mergePeriods } from "../../../shared/compare/merged-cells.ts";
import { AppError } from "../../../shared/errors.ts";
import { COHORT_KEYS, type Cohort } from "../../../shared/run/cohort.ts";
import type { MetricName } from "../../../shared/run/metrics.ts";
import { type Cache, makeCache } from "../../runtime/cache.ts";
import { mapConcurrent } from "../../runtime/map-concurrent.ts";
import { nextTurn, takingTurns } from "../../runtime/turns.ts";
import { type Item, itemText } from "../table/item.ts";
import { ALL_COHORTS, cellPartitions, scopePrefix } from "../table/keys.ts";
import { partition, queryAll, type Table } from "../table/table.ts";
import { matchingCohorts, readCohorts } from "./cohorts.ts";
import { currentGeneration } from "./generations.ts";
import {
  backendsOfTotals,
  type CohortTotals,
  encodedViews,
  makeTotalsStore,
  NO_TOTALS,
  pairsOf,
  type TotalsStore,
} from "./totals.ts";

/** Names, and ranges of each, that one query reads at the same time: together as many as the store has connections. */
const NAMES_AT_ONCE = 4;
const RANGES_AT_ONCE = 16;

/** Periods whose ranges are read at the same time. */
const PERIODS_AT_ONCE = 4;

/** Ranges that one query may read. Each takes a millisecond or less, so this many take some ten seconds. */
const MAX_RANGES = 20_000;

/** Names that a query with filters is presumed to read before its cohorts are known: as many as a comparison reads. */
const NAMES_PRESUMED = 3;

/** Cohorts that a period is presumed to have before any of it was read. */
const COHORTS_PRESUMED = 50;

/** Periods whose number of cohorts is cached. */
const MAX_COHORT_COUNTS = 10_000;

/** Room for the cells of some hundred cohorts, or of all cohorts together for a few hundred queries. */
const CACHE_BYTES = 32e6;

/** Room for the sums of some hundred queries with filters, and for the lists of the cohorts that match them. */
const SUMS_BYTES = 8e6;
const MATCHES_BYTES = 4e6;

/** What the hash of a cohort takes in memory, with its versions in all shards. */
const COHORT_BYTES = 500;

/** What an entry of a cache takes in addition to its value, about: key, version and the entry itself. */
const ENTRY_BYTES = 1_000;

/** The cells of one cohort in one period by scope, added up over shards. They are shared, and must not be changed. */
interface CohortCells {
  readonly views: BothViews<ReadonlyMap<string, Cell>>;
  readonly writtenAt: string | null;
}

/** A table, and what was read from it. */
interface CachedTable {
  readonly table: Table;
  readonly cells: Cache<CohortCells>;
  /** The sums of cells over the cohorts that match filters. */
  readonly sums: Cache<CohortCells>;
  /** Which cohorts of a period match filters. */
  readonly matches: Cache<MatchedPeriod>;
  readonly totals: TotalsStore;
  /** How many cohorts a fleet had in a period when they were last read. */
  readonly cohortCounts: Map<string, number>;
}

/** A period, and the cohorts in it that match the filters. */
interface MatchedPeriod {
  readonly period: string;
  readonly cohorts: readonly string[];
  /** The totals of all cohorts together. */
  readonly all: CohortTotals;
  /** The totals of each of the cohorts; a cohort without hosts has none. */
  readonly totals: ReadonlyMap<string, CohortTotals>;
  /** Whether hosts that match the filters may be missing. */
  readonly isCapped: boolean;
}

/** The cells of a table. It caches what it reads, up to about 52 MB. */
export function makeCellStore(table: Table) {
  const measureSize = ({ views: { trusted, all, areSame } }: CohortCells) =>
    sizeOf(trusted) + (areSame ? 0 : sizeOf(all));
  const cached: CachedTable = {
    table,
    cells: makeCache<CohortCells>({ maxSize: CACHE_BYTES, measureSize, entrySize: ENTRY_BYTES }),
    sums: makeCache<CohortCells>({ maxSize: SUMS_BYTES, measureSize, entrySize: ENTRY_BYTES }),
    matches: makeCache<MatchedPeriod>({
      maxSize: MATCHES_BYTES,
      measureSize: ({ totals }) => COHORT_BYTES * totals.size,
      entrySize: ENTRY_BYTES,
    }),
    totals: makeTotalsStore(table),
    cohortCounts: new Map(),
  };
  return {
    open: async (query: CellQuery) => {
      const presumed = isFiltered(query) ? NAMES_PRESUMED * presumedCohorts(cached, query) : 0;
      // Before anything is read: otherwise a query that is then rejected would have read as many cohorts as any other.
      query.charge?.(presumed);
      const of = await currentGeneration(table, query.fleet);
      const periods = await matchPeriods(cached, of, query);
      query.charge?.(-presumed);
      const read = (kind: CellKind, name: string) => readCells(cached, of, query, periods, kind, name);
      const charge = (names: number): void => {
        const ranges = countRanges(names, periods);
        query.charge?.(ranges);
      };
      return {
        read: async (kind: CellKind, name: string): Promise<CellReading> => {
          charge(1);
          return read(kind, name);
        },
        readAll: async (kind: "pair" | "backend"): Promise<ReadonlyMap<string, CellReading>> => {
          const names = listNames(periods, kind);
          charge(names.length);
          return new Map(
            await mapConcurrent(names, NAMES_AT_ONCE, async (name) => [name, await read(kind, name)] as const),
          );
        },
      };
    },
    cohorts: async (fleet: string, period: string): Promise<Cohort[]> =>
      readCohorts(table, await currentGeneration(table, fleet), period),
  };
}

const isFiltered = ({ filters }: CellQuery): boolean => COHORT_KEYS.some((key) => filters[key] !== undefined);

function presumedCohorts({ cohortCounts }: CachedTable, { fleet, periods }: CellQuery): number {
  return periods.reduce((sum, period) => sum + (cohortCounts.get(`${fleet} ${period}`) ?? COHORTS_PRESUMED), 0);
}

/** The ranges that reading so many names takes. Throws `bad_parameter` for more than one query may read. */
function countRanges(names: number, periods: readonly MatchedPeriod[]): number {
  const ranges = periods.reduce((sum, { cohorts }) => sum + cohorts.length, 0) * names;
  if (ranges <= MAX_RANGES) return ranges;
  const text = `query too large: it would read ${ranges} cell ranges, and the limit is ${MAX_RANGES} (each of ${names} pairs or backends, in each period and each cohort that matches the filters); request fewer periods or narrow the filters`;
  throw new AppError("bad_parameter", text);
}

async function matchPeriods(cached: CachedTable, of: FleetGeneration, query: CellQuery): Promise<MatchedPeriod[]> {
  const { table, totals, matches, cohortCounts } = cached;
  // Before any cells: what is cached under a version must not be older than the version.
  const ofAll = await totals.ofAll(of, query.periods);
  return Promise.all(
    query.periods.map(async (period): Promise<MatchedPeriod> => {
      const all = ofAll.get(period) ?? NO_TOTALS;
      if (!isFiltered(query)) {
        return { period, cohorts: [ALL_COHORTS], all, totals: new Map([[ALL_COHORTS, all]]), isCapped: false };
      }
      const match = async (): Promise<MatchedPeriod> => {
        const [matching, ofCohorts] = await Promise.all([
          matchingCohorts(table, of, query.filters, period),
          totals.ofCohorts(of, period, all),
        ]);
        if (cohortCounts.size >= MAX_COHORT_COUNTS) cohortCounts.clear();
        cohortCounts.set(`${of.fleet} ${period}`, matching.listed);
        const { cohorts, isCapped } = matching;
        const matched = cohorts.map((cohort) => [cohort, ofCohorts.get(cohort) ?? NO_TOTALS] as const);
        return { period, cohorts, all, totals: new Map(matched), isCapped };
      };
      return matches.get(filterKey(of, period, query), match, all.version);
    }),
  );
}

/** Identifies the cohorts of a period that a query selects. */
const filterKey = ({ fleet, generation }: FleetGeneration, period: string, { filters }: CellQuery): string =>
  JSON.stringify([fleet, generation, period, COHORT_KEYS.map((key) => filters[key] ?? null)]);

/** The backends that have results in any of the periods, or the pairs of them, sorted. */
function listNames(periods: readonly MatchedPeriod[], kind: "pair" | "backend"): string[] {
  const backends = backendsOfTotals(periods.map(({ all }) => all));
  return kind === "backend" ? backends : pairsOf(backends);
}

// The cells of one name.

async function readCells(
  cached: CachedTable,
  of: FleetGeneration,
  query: CellQuery,
  periods: readonly MatchedPeriod[],
  kind: CellKind,
  name: string,
): Promise<CellReading> {
  const atOnce = Math.floor(RANGES_AT_ONCE / Math.min(PERIODS_AT_ONCE, Math.max(1, periods.length)));
  const found = await mapConcurrent(periods, PERIODS_AT_ONCE, (period) =>
    readPeriod(cached, of, query, period, { kind, name, atOnce }),
  );
  await nextTurn();
  return {
    views: BothViews.listOf(found.map(({ views }) => views)).map(mergeScopes),
    writtenAt: latest(found.map(({ writtenAt }) => writtenAt)),
    isCapped: periods.some((period) => period.isCapped),
  };
}

/** The cells of one name in a period, added up over the cohorts that match. The sum of several cohorts is cached. */
function readPeriod(
  cached: CachedTable,
  of: FleetGeneration,
  query: CellQuery,
  { period, cohorts, totals, all }: MatchedPeriod,
  { kind, name, atOnce }: Pick<CellRange, "kind" | "name"> & { readonly atOnce: number },
): Promise<CohortCells> {
  const { scope, metrics = [] } = query;
  const add = async (): Promise<CohortCells> => {
    const turn = takingTurns();
    const sum = makeCohortSum();
    await mapConcurrent(cohorts, atOnce, async (cohort) => {
      const range = { period, cohort, kind, name, scope, metrics };
      sum.add(await readCohortCells(cached, of, range, totals.get(cohort) ?? NO_TOTALS));
      await turn();
    });
    return sum.total();
  };
  if (cohorts.length < 2) return add();
  const key = `${filterKey(of, period, query)} ${scope ?? ""} ${metrics.join()} ${kind} ${name}`;
  return cached.sums.get(key, add, all.version);
}

function mergeScopes(periods: readonly ReadonlyMap<string, Cell>[]): ScopedCells {
  const scopes = new Set(periods.flatMap((period) => [...period.keys()]));
  return new Map(
    [...scopes].sort().map((scope) => [scope, mergePeriods(periods.flatMap((period) => period.get(scope) ?? []))]),
  );
}

const NO_CELLS: CohortCells = { views: new BothViews(new Map()), writtenAt: null };

/** The cells of one pair or backend in a cohort and period, in one scope or all, with some metrics or all. */
interface CellRange {
  readonly period: string;
  readonly cohort: string;
  readonly kind: CellKind;
  readonly name: string;
  readonly scope: string | undefined;
  readonly metrics: readonly MetricName[];
}

/** The cells of one range, unless they are cached. A cohort without totals has no cells. */
async function readCohortCells(
  { table, cells }: CachedTable,
  of: FleetGeneration,
  { period, metrics, scope, ...named }: CellRange,
  totals: CohortTotals,
): Promise<CohortCells> {
  if (totals.shards.length === 0) return NO_CELLS;
  const partitions = cellPartitions(of, period, named);
  const read = async (): Promise<CohortCells> => {
    const stored = [
      ...(scope === undefined || scope === SCOPE_ALL ? storedTotals(named, totals) : []),
      ...(hasOwnItems(named.kind, scope) ? await readStored(table, partitions, scope) : []),
    ];
    const indexes = quantityIndexes(metrics);
    return {
      views: BothViews.listOf(stored.map(({ views }) => views)).map((encoded) =>
        addUp(
          stored.map((cell) => cell.scope),
          encoded,
          indexes,
        ),
      ),
      writtenAt: latest(stored.map(({ writtenAt }) => writtenAt)),
    };
  };
  return cells.get(`${partitions[0]} ${scope ?? ""} ${metrics.join()}`, read, totals.version);
}

/** One cell of one shard, encoded. */
interface StoredCell {
  readonly scope: string;
  readonly views: BothViews<Uint8Array | null>;
  readonly writtenAt: string;
}

/** The cells that are among the totals: the cell of the fleet, or of a backend over all strata. */
function storedTotals({ kind, name }: Pick<CellRange, "kind" | "name">, { shards }: CohortTotals): StoredCell[] {
  if (!isTotal({ kind, scope: SCOPE_ALL })) return [];
  return shards.flatMap(({ views, writtenAt }) => {
    const found = views.map((bytes) => (bytes === null ? null : findTotal(bytes, name)));
    return found.trusted === null && found.all === null ? [] : [{ scope: SCOPE_ALL, views: found, writtenAt }];
  });
}

/** Whether any of the cells has an item of its own. */
const hasOwnItems = (kind: CellKind, scope: string | undefined): boolean =>
  kind !== "fleet" && (scope === undefined || !isTotal({ kind, scope }));

/** The cells that have items of their own. */
async function readStored(
  table: Table,
  partitions: readonly string[],
  scope: string | undefined,
): Promise<StoredCell[]> {
  const prefix = scope === undefined ? undefined : scopePrefix(scope);
  // Consistently: cells older than their version would be used until the version changes.
  const items = await Promise.all(
    partitions.map((pk) => queryAll(table, { ...partition(pk, prefix), ConsistentRead: true })),
  );
  return items.flat().map((item) => ({
    scope: scopeOf(item),
    views: encodedViews(item),
    writtenAt: itemText(item, "at"),
  }));
}

/** The scope of the item of a cell. */
const scopeOf = (cell: Item): string => itemText(cell, "sk").split("#", 1)[0] ?? "";

/** The indexes of the rates and efficiencies of metrics in a cell; undefined for all. */
function quantityIndexes(metrics: readonly MetricName[]): ReadonlySet<number> | undefined {
  if (metrics.length === 0) return undefined;
  return new Set(metrics.flatMap((metric) => [quantityIndex(metric), quantityIndex(efficiencyName(metric))]));
}

/** One view of stored cells by scope, added up over shards. */
function addUp(
  scopes: readonly string[],
  encoded: readonly (Uint8Array | null)[],
  indexes: ReadonlySet<number> | undefined,
): ReadonlyMap<string, Cell> {
  const sums = new Map<string, Cell>();
  for (const [index, bytes] of encoded.entries()) {
    const scope = scopes[index] ?? "";
    const sum = sums.get(scope) ?? emptyCell();
    if (bytes !== null) mergeEncoded(sum, bytes, indexes);
    sums.set(scope, sum);
  }
  return sums;
}

/** A sum over the cohorts of one period. */
interface CohortSum {
  add(cells: CohortCells): void;
  /** The sum of everything that was added; for a single cohort the very cells that were added. */
  total(): CohortCells;
}

/** An empty sum. Cohorts are added one by one in any order, so that a thousand of them take no more memory than two. */
function makeCohortSum(): CohortSum {
  let total = NO_CELLS;
  let added = 0;
  let sums = new BothViews(new Map<string, Cell>());
  return {
    add: (cells) => {
      added += 1;
      if (added === 1) {
        total = cells;
        return;
      }
      if (added === 2) sums = total.views.map((scopes) => addScopes(new Map(), scopes));
      if (sums.areSame && !cells.views.areSame) sums = new BothViews(sums.trusted, addScopes(new Map(), sums.trusted));
      sums.map((sum, view) => addScopes(sum, cells.views[view]));
      total = { views: sums, writtenAt: latest([total.writtenAt, cells.writtenAt]) };
    },
    total: () => total,
  };
}

/** Adds cells to a sum, which it changes; gives the sum. */
function addScopes(sum: Map<string, Cell>, scopes: ReadonlyMap<string, Cell>): Map<string, Cell> {
  for (const [scope, cell] of scopes) {
    const added = sum.get(scope) ?? emptyCell();
    mergeCell(added, cell);
    sum.set(scope, added);
  }
  return sum;
}

/** The last of some times (ISO 8601 UTC); null without any. */
function latest(times: readonly (string | null)[]): string | null {
  return times.reduce((last, time) => (last === null || (time !== null && time > last) ? time : last), null);
}

/** What cells take in memory, about: a cell itself, each quantity in it, and each count of a histogram. */
const CELL_BYTES = 500;
const QUANTITY_BYTES = 500;
const COUNT_BYTES = 8;

/** Bytes in memory, not in the table: where few hosts differ much, items are short and histograms are long. */
function sizeOf(scopes: ReadonlyMap<string, Cell>): number {
  let bytes = 0;
  for (const { metrics } of scopes.values()) {
    bytes += CELL_BYTES;
    for (const metric of metrics) {
      if (metric === null) continue;
      const { x, l, u } = metric;
      bytes += QUANTITY_BYTES + COUNT_BYTES * (x.counts.length + l.counts.length + u.counts.length);
    }
  }
  return bytes;
}
