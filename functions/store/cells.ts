// Cells for queries. A query reads one range of keys for each period and cohort, adds the cells up over shards and cohorts,
// and merges them over periods. The number of items it reads depends on the number of cohorts, scopes and shards, never on
// the number of hosts or runs.
//
// What was read stays in the process. Every transaction that changes cells of a cohort in a shard also writes a small item,
// their version, with a new value. Before a query reads cells it reads the versions: cells that were cached under the same
// versions have not changed since.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { BothViews, type Cell, type CellKind, emptyCell, mergeCell } from "../../shared/cells/cell.ts";
import { mergeEncoded } from "../../shared/cells/codec.ts";
import { efficiencyName, quantityIndex } from "../../shared/cells/quantities.ts";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { type CellQuery, type CellReading, mergePeriods, type ScopedCells } from "../../shared/compare/merged-cells.ts";
import { AppError } from "../../shared/errors.ts";
import { COHORT_KEYS, type Cohort } from "../../shared/run/cohort.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import { type Cache, makeCache } from "../runtime/cache.ts";
import { mapConcurrent } from "../runtime/map-concurrent.ts";
import { nextTurn, takingTurns } from "../runtime/turns.ts";
import { matchingCohorts, readCohorts } from "./cohorts.ts";
import { currentGeneration } from "./generations.ts";
import { type Item, itemText, keyItem, optionalBytes } from "./item.ts";
import { ALL_COHORTS, cellPartition, cellPrefix, cellVersionPartition, cellVersionPrefix, type Key } from "./keys.ts";
import { partition, queryAll, queryItems, queryPage, type Table } from "./table.ts";

/** Names and ranges that one query reads at the same time: together as many as the store has connections. */
const NAMES_AT_ONCE = 4;
const RANGES_AT_ONCE = 16;

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
  /** The names of the pairs or backends of a period. */
  readonly names: Cache<readonly string[]>;
  /** How many cohorts a fleet had in a period when they were last read. */
  readonly cohortCounts: Map<string, number>;
}

/** A period, and the cohorts in it that match the filters. */
interface MatchedPeriod {
  readonly period: string;
  readonly cohorts: readonly string[];
  /** The versions of the cells of each cohort; a cohort that never had cells has none. */
  readonly versions: ReadonlyMap<string, string>;
  /** Whether hosts that match the filters may be missing. */
  readonly isCapped: boolean;
}

/** The cells of a table. It caches what it reads, up to about 32 MB. */
export function makeCellStore(table: Table) {
  const cached: CachedTable = {
    table,
    cells: makeCache<CohortCells>({
      maxSize: CACHE_BYTES,
      measureSize: ({ views: { trusted, all, areSame } }) => estimateSize(trusted) + (areSame ? 0 : estimateSize(all)),
      entrySize: ENTRY_BYTES,
    }),
    names: makeCache<readonly string[]>({
      maxSize: CACHE_BYTES / 100,
      measureSize: (names) => names.join().length,
      entrySize: ENTRY_BYTES,
    }),
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
          const names = await readNames(cached, of, periods, kind);
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

function matchPeriods({ table, cohortCounts }: CachedTable, of: FleetGeneration, query: CellQuery) {
  return Promise.all(
    query.periods.map(async (period): Promise<MatchedPeriod> => {
      if (!isFiltered(query)) {
        const versions = await readVersions(table, of, period, ALL_COHORTS);
        return { period, cohorts: [ALL_COHORTS], versions, isCapped: false };
      }
      const [matching, versions] = await Promise.all([
        matchingCohorts(table, of, query.filters, period),
        readVersions(table, of, period),
      ]);
      if (cohortCounts.size >= MAX_COHORT_COUNTS) cohortCounts.clear();
      cohortCounts.set(`${of.fleet} ${period}`, matching.listed);
      return { period, cohorts: matching.cohorts, isCapped: matching.isCapped, versions };
    }),
  );
}

/** The versions of the cells of a period: for each cohort, or for the given one, the versions of all its shards as one text. */
async function readVersions(
  table: Table,
  of: FleetGeneration,
  period: string,
  cohort?: string,
): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  const prefix = cohort === undefined ? undefined : cellVersionPrefix(cohort);
  const query = { ...partition(cellVersionPartition(of, period), prefix), ConsistentRead: true };
  for await (const item of queryItems(table, query)) {
    const [owner = "", shard = ""] = itemText(item, "sk").split("#");
    versions.set(owner, `${versions.get(owner) ?? ""} ${shard}:${itemText(item, "stamp")}`);
  }
  return versions;
}

// The names of pairs or backends.

/** The pairs or backends that have cells in any of the periods, sorted. */
async function readNames(
  { table, names }: CachedTable,
  of: FleetGeneration,
  periods: readonly MatchedPeriod[],
  kind: "pair" | "backend",
): Promise<string[]> {
  const found = await Promise.all(
    periods.map(({ period, versions }) =>
      names.get(
        `${cellPartition(of, period)} ${kind}`,
        () => readNamesOfPeriod(table, of, period, kind),
        versions.get(ALL_COHORTS) ?? "",
      ),
    ),
  );
  return [...new Set(found.flat())].sort();
}

/** The character after `#`, which ends a name in a sort key: the first text after all cells of that name. */
const AFTER_NAME = "$";

/**
 * The pairs or backends that have cells in a period, sorted. It skips through the cells of all cohorts together and reads one
 * item for each name, however many scopes and shards there are: at most 66 small reads for pairs, 12 for backends, plus one.
 */
async function readNamesOfPeriod(
  table: Table,
  of: FleetGeneration,
  period: string,
  kind: "pair" | "backend",
): Promise<string[]> {
  const end = `${ALL_COHORTS}#${kind}${AFTER_NAME}`;
  const names: string[] = [];
  let from = `${ALL_COHORTS}#${kind}#`;
  for (;;) {
    const { items } = await queryPage(table, {
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :end",
      ExpressionAttributeValues: {
        ":pk": { S: cellPartition(of, period) },
        ":from": { S: from },
        ":end": { S: end },
      },
      ProjectionExpression: "pk, sk",
      Limit: 1,
      // They are cached under a version that was read before them, as cells are.
      ConsistentRead: true,
    });
    const [next] = items;
    const name = next === undefined ? undefined : itemText(next, "sk").split("#")[2];
    if (name === undefined) return names;
    names.push(name);
    from = cellPrefix(ALL_COHORTS, kind, name).replace(/#$/, AFTER_NAME);
  }
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
  const turn = takingTurns();
  const sums = periods.map((period) => ({ ...period, sum: makeCohortSum() }));
  const ranges = sums.flatMap(({ period, cohorts, versions, sum }) =>
    cohorts.map((cohort) => ({ period, cohort, version: versions.get(cohort), sum })),
  );
  await mapConcurrent(ranges, RANGES_AT_ONCE, async ({ period, cohort, version, sum }) => {
    const prefix = cellPrefix(cohort, kind, name, query.scope);
    sum.add(await readCohortCells(cached, cellPartition(of, period), prefix, query.metrics ?? [], version));
    await turn();
  });
  await nextTurn();
  const totals = sums.map(({ sum }) => sum.total());
  return {
    views: BothViews.listOf(totals.map(({ views }) => views)).map(mergeScopes),
    writtenAt: latest(totals.map(({ writtenAt }) => writtenAt)),
    isCapped: periods.some((period) => period.isCapped),
  };
}

function mergeScopes(periods: readonly ReadonlyMap<string, Cell>[]): ScopedCells {
  const scopes = new Set(periods.flatMap((period) => [...period.keys()]));
  return new Map(
    [...scopes].sort().map((scope) => [scope, mergePeriods(periods.flatMap((period) => period.get(scope) ?? []))]),
  );
}

const NO_CELLS: CohortCells = { views: new BothViews(new Map()), writtenAt: null };

/** The cells of one range, unless they are cached. A cohort without a version has no cells. */
async function readCohortCells(
  { table, cells }: CachedTable,
  pk: string,
  prefix: string,
  metrics: readonly MetricName[],
  version: string | undefined,
): Promise<CohortCells> {
  if (version === undefined) return NO_CELLS;
  const read = async (): Promise<CohortCells> => {
    // Consistently: cells older than their version would be used until the version changes.
    const items = await queryAll(table, { ...partition(pk, prefix), ConsistentRead: true });
    const stored = items.map((item) => ({
      scope: itemText(item, "sk").split("#")[3] ?? "",
      views: encodedViews(item),
    }));
    const indexes = quantityIndexes(metrics);
    return {
      views: BothViews.listOf(stored.map(({ views }) => views)).map((encoded) =>
        addUp(
          stored.map(({ scope }) => scope),
          encoded,
          indexes,
        ),
      ),
      writtenAt: latest(items.map((item) => itemText(item, "at"))),
    };
  };
  return cells.get(`${pk} ${prefix} ${metrics.join()}`, read, version);
}

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
function estimateSize(scopes: ReadonlyMap<string, Cell>): number {
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

// Cells and their versions as items.

/** Both views of a stored cell, encoded; null where the item has none. An item without `all` has the same cell in both. */
export function encodedViews(item: Item): BothViews<Uint8Array | null> {
  const trusted = optionalBytes(item, "trusted");
  return new BothViews(trusted, optionalBytes(item, "all") ?? trusted);
}

/** The write that gives cells a new version, to be part of the transaction that changes them. */
export function cellVersionWrite(table: Table, key: Key, version: string): TransactWriteItem {
  return { Put: { TableName: table.name, Item: { ...keyItem(key), stamp: { S: version } } } };
}
