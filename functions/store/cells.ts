// Cells for a question: one range of keys for each period and cohort, added over shards and cohorts, then merged over
// periods. The number of items read depends on the cohorts, scopes and shards there are, never on hosts or runs.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { type Cell, type CellKind, emptyCell, mergeCell } from "../../shared/cells/cell.ts";
import { mergeEncoded } from "../../shared/cells/codec.ts";
import { efficiencyName, quantityIndex } from "../../shared/cells/quantities.ts";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import type { CellQuery, CellReading, ScopedCells } from "../../shared/compare/cell-reading.ts";
import { mergePeriods } from "../../shared/compare/merge-periods.ts";
import { AppError } from "../../shared/errors.ts";
import { COHORT_KEYS, type Cohort } from "../../shared/run/cohort.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import type { View } from "../../shared/run/run.ts";
import { nextTurn, takingTurns } from "../runtime/turns.ts";
import { matchingCohorts, readCohorts } from "./cohorts.ts";
import { encodedView, hasTwoViews } from "./commit.ts";
import { currentGeneration } from "./generations.ts";
import { mapConcurrent } from "./in-lanes.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { cellPartition, cellPrefix, EVERY_COHORT, type Key, stampPartition, stampPrefix } from "./keys.ts";
import { type Memory, makeMemory } from "./memory.ts";
import { partition, queryAll, queryItems, queryPage, type Table } from "./table.ts";

// Stamps: whether cells are still those that were read. Every transaction that changes cells of a cohort in a shard writes
// the one small item that stands for them all, under a new value. Who remembers cells reads stamps before them and again
// at the next question: while these are the same, so are the cells, and none of them need be read.

/** The write that says that cells have changed, to be part of the transaction that changes them. */
export function stampWrite(table: Table, key: Key, stamp: string): TransactWriteItem {
  return { Put: { TableName: table.name, Item: { ...keyItem(key), stamp: { S: stamp } } } };
}

/**
 * What the stamps of a period say, by cohort: one text over all its shards. Of one cohort alone when it is given. A cohort
 * that never had a cell is left out.
 */
async function readStamps(
  table: Table,
  of: FleetGeneration,
  period: string,
  cohort?: string,
): Promise<ReadonlyMap<string, string>> {
  const stamps = new Map<string, string>();
  const prefix = cohort === undefined ? undefined : stampPrefix(cohort);
  const query = { ...partition(stampPartition(of, period), prefix), ConsistentRead: true };
  for await (const item of queryItems(table, query)) {
    const [owner = "", shard = ""] = textOf(item, "sk").split("#");
    stamps.set(owner, `${stamps.get(owner) ?? ""} ${shard}:${textOf(item, "stamp")}`);
  }
  return stamps;
}

/** The character after `#`, which ends a name in a sort key: the first text behind all cells of that name. */
const BEHIND = "$";

/**
 * The pairs or backends that have cells in a period, sorted. The list of all cohorts together is skipped through, one item
 * for each name, however many scopes and shards there are: at most 66 small reads for pairs, 12 for backends, and one more.
 */
async function cellNames(
  table: Table,
  of: FleetGeneration,
  period: string,
  kind: "pair" | "backend",
): Promise<string[]> {
  const end = `${EVERY_COHORT}#${kind}${BEHIND}`;
  const names: string[] = [];
  let from = `${EVERY_COHORT}#${kind}#`;
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
      // Names are remembered under a stamp that was read before them, as cells are.
      ConsistentRead: true,
    });
    const [next] = items;
    const name = next === undefined ? undefined : textOf(next, "sk").split("#")[2];
    if (name === undefined) return names;
    names.push(name);
    from = cellPrefix(EVERY_COHORT, kind, name).replace(/#$/, BEHIND);
  }
}

// The cells of one cohort in one period, and of several together: added over shards, and remembered under the stamp they were
// read with, so that what has not changed since is not read again.

/** The cells of one cohort by scope, added over shards; they are shared, and must not be changed. */
interface CohortCells {
  readonly views: Readonly<Record<View, ReadonlyMap<string, Cell>>>;
  readonly writtenAt: string | null;
}

/** One map for both views: they are alike, and not added up twice. */
const NO_CELLS: ReadonlyMap<string, Cell> = new Map();
const NOTHING: CohortCells = { views: { trusted: NO_CELLS, all: NO_CELLS }, writtenAt: null };

/** A table, and what of it is kept in the process. */
interface RememberedTable {
  readonly table: Table;
  readonly remembered: Memory<CohortCells>;
}

/** The cells of one range, read unless they are remembered. A cohort without a stamp has none. */
async function cohortCells(
  { table, remembered }: RememberedTable,
  pk: string,
  prefix: string,
  metrics: readonly MetricName[],
  stamp: string | undefined,
): Promise<CohortCells> {
  if (stamp === undefined) return NOTHING;
  return remembered.recall(`${pk} ${prefix} ${metrics.join()}`, stamp, async () => {
    // Consistently: cells older than their stamp would be believed for as long as the stamp stands.
    const items = await queryAll(table, { ...partition(pk, prefix), ConsistentRead: true });
    const wanted = wantedPlaces(metrics);
    const trusted = addUp(items, "trusted", wanted);
    const all = items.some(hasTwoViews) ? addUp(items, "all", wanted) : trusted;
    const value = { views: { trusted, all }, writtenAt: latest(items.map((item) => textOf(item, "at"))) };
    return { value, bytes: sizeOf(trusted) + (all === trusted ? 0 : sizeOf(all)) };
  });
}

/** What cells take in memory, about: a cell itself, each quantity in it, and each count of a histogram. */
const CELL_BYTES = 500;
const QUANTITY_BYTES = 500;
const COUNT_BYTES = 8;

/** Measured on what is kept: few hosts far apart have short items and long histograms. */
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

/** The last of some times. */
function latest(times: readonly (string | null)[]): string | null {
  return times.reduce((last, time) => (last === null || (time !== null && time > last) ? time : last), null);
}

/** Where the rates and efficiencies of metrics are in a cell; undefined for all. */
function wantedPlaces(metrics: readonly MetricName[]): ReadonlySet<number> | undefined {
  if (metrics.length === 0) return undefined;
  return new Set(metrics.flatMap((metric) => [quantityIndex(metric), quantityIndex(efficiencyName(metric))]));
}

/** Stored cells by scope, added over shards. */
function addUp(items: readonly Item[], view: View, wanted: ReadonlySet<number> | undefined): ReadonlyMap<string, Cell> {
  const scopes = new Map<string, Cell>();
  for (const item of items) {
    const scope = textOf(item, "sk").split("#")[3] ?? "";
    const cell = scopes.get(scope) ?? emptyCell();
    const bytes = encodedView(item, view);
    if (bytes !== null) mergeEncoded(cell, bytes, wanted);
    scopes.set(scope, cell);
  }
  return scopes;
}

/** A sum over cohorts of one period. */
interface CohortSum {
  add(cells: CohortCells): void;
  /** The sum of all that was added; of one cohort its very cells. */
  total(): CohortCells;
}

/** A sum to which cohorts are added in any order, one after the other, so that a thousand of them take no more room than two. */
function sumOverCohorts(): CohortSum {
  let total: CohortCells = NOTHING;
  let added = 0;
  let trusted = new Map<string, Cell>();
  /** The same map as long as no cohort has cached runs: then the views are one sum. */
  let all = trusted;
  return {
    add: (cells) => {
      added += 1;
      if (added === 1) {
        total = cells;
        return;
      }
      if (added === 2) {
        trusted = sumOf(total.views.trusted);
        all = areAlike(total) ? trusted : sumOf(total.views.all);
      }
      if (all === trusted && !areAlike(cells)) all = sumOf(trusted);
      addScopes(trusted, cells.views.trusted);
      if (all !== trusted) addScopes(all, cells.views.all);
      total = { views: { trusted, all }, writtenAt: latest([total.writtenAt, cells.writtenAt]) };
    },
    total: () => total,
  };
}

const areAlike = ({ views }: CohortCells): boolean => views.all === views.trusted;

function sumOf(scopes: ReadonlyMap<string, Cell>): Map<string, Cell> {
  const sum = new Map<string, Cell>();
  addScopes(sum, scopes);
  return sum;
}

function addScopes(to: Map<string, Cell>, scopes: ReadonlyMap<string, Cell>): void {
  for (const [scope, cell] of scopes) {
    const sum = to.get(scope) ?? emptyCell();
    mergeCell(sum, cell);
    to.set(scope, sum);
  }
}

/** Names and ranges of cells that one question reads at the same time: all together what the store has connections for. */
const NAMES_AT_ONCE = 4;
const RANGES_AT_ONCE = 16;

/** Ranges that one question may read. Each takes a millisecond or less, so that even this many are some ten seconds. */
const MAX_RANGES = 20_000;

/** What a question with filters is presumed to read before its cohorts are known: as a comparison, all that there are. */
const NAMES_PRESUMED = 3;

/** Cohorts of a period of which nothing has been read yet. */
const COHORTS_PRESUMED = 50;

/** Periods whose number of cohorts is kept in mind. */
const MAX_PERIODS_KNOWN = 10_000;

/** Room for the cells of some hundred cohorts, or of all hosts in a few hundred questions. */
const REMEMBERED_BYTES = 32e6;

interface Cells extends RememberedTable {
  readonly names: Memory<readonly string[]>;
  /** How many cohorts a fleet was seen to have in a period. */
  readonly cohortCounts: Map<string, number>;
}

/** Cells over the table; what was read last is kept in the process, in some 32 MB. */
export function makeCellStore(table: Table) {
  const cells = {
    table,
    remembered: makeMemory<CohortCells>(REMEMBERED_BYTES),
    names: makeMemory<readonly string[]>(REMEMBERED_BYTES / 100),
    cohortCounts: new Map<string, number>(),
  };
  return {
    open: async (question: CellQuery) => {
      const presumed = isFiltered(question) ? NAMES_PRESUMED * cohortsKnown(cells, question) : 0;
      // Before anything is read: else those who are to be refused would read as many cohorts as those who are let in.
      question.charge?.(presumed);
      const of = await currentGeneration(table, question.fleet);
      const places = await placesOf(cells, of, question);
      question.charge?.(-presumed);
      const read = (kind: CellKind, name: string) => readCells(cells, of, question, places, kind, name);
      const charge = (names: number): void => {
        const ranges = rangesFor(names, places);
        question.charge?.(ranges);
      };
      return {
        read: async (kind: CellKind, name: string): Promise<CellReading> => {
          charge(1);
          return read(kind, name);
        },
        readAll: async (kind: "pair" | "backend"): Promise<ReadonlyMap<string, CellReading>> => {
          const names = await namesIn(cells, of, places, kind);
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

/** A period, and the cohorts in it that satisfy the filters. */
interface Place {
  readonly period: string;
  readonly cohorts: readonly string[];
  /** What the cells of each cohort are known by. */
  readonly stamps: ReadonlyMap<string, string>;
  /** Whether hosts that satisfy the filters may be missing. */
  readonly isCapped: boolean;
}

const isFiltered = ({ filters }: CellQuery): boolean => COHORT_KEYS.some((key) => filters[key] !== undefined);

function cohortsKnown({ cohortCounts }: Cells, { fleet, periods }: CellQuery): number {
  return periods.reduce((sum, period) => sum + (cohortCounts.get(`${fleet} ${period}`) ?? COHORTS_PRESUMED), 0);
}

function placesOf({ table, cohortCounts }: Cells, of: FleetGeneration, question: CellQuery): Promise<Place[]> {
  return Promise.all(
    question.periods.map(async (period) => {
      if (!isFiltered(question)) {
        const stamps = await readStamps(table, of, period, EVERY_COHORT);
        return { period, cohorts: [EVERY_COHORT], stamps, isCapped: false };
      }
      const [matching, stamps] = await Promise.all([
        matchingCohorts(table, of, question.filters, period),
        readStamps(table, of, period),
      ]);
      if (cohortCounts.size >= MAX_PERIODS_KNOWN) cohortCounts.clear();
      cohortCounts.set(`${of.fleet} ${period}`, matching.listed);
      return { period, cohorts: matching.cohorts, isCapped: matching.isCapped, stamps };
    }),
  );
}

/** The pairs or backends that have cells in any of the periods, sorted. */
async function namesIn(
  { table, names }: Cells,
  of: FleetGeneration,
  places: readonly Place[],
  kind: "pair" | "backend",
): Promise<string[]> {
  const found = await Promise.all(
    places.map(({ period, stamps }) =>
      names.recall(`${cellPartition(of, period)} ${kind}`, stamps.get(EVERY_COHORT) ?? "", async () => {
        const value = await cellNames(table, of, period, kind);
        return { value, bytes: value.join().length };
      }),
    ),
  );
  return [...new Set(found.flat())].sort();
}

async function readCells(
  cells: Cells,
  of: FleetGeneration,
  question: CellQuery,
  places: readonly Place[],
  kind: CellKind,
  name: string,
): Promise<CellReading> {
  const turn = takingTurns();
  const sums = places.map((place) => ({ place, sum: sumOverCohorts() }));
  const ranges = sums.flatMap(({ place, sum }) => place.cohorts.map((cohort) => ({ place, cohort, sum })));
  await mapConcurrent(ranges, RANGES_AT_ONCE, async ({ place: { period, stamps }, cohort, sum }) => {
    const prefix = cellPrefix(cohort, kind, name, question.scope);
    sum.add(await cohortCells(cells, cellPartition(of, period), prefix, question.metrics ?? [], stamps.get(cohort)));
    await turn();
  });
  await nextTurn();
  const periods = sums.map(({ sum }) => sum.total());
  const trusted = mergeScopes(periods.map(({ views }) => views.trusted));
  const areAlike = periods.every(({ views }) => views.all === views.trusted);
  return {
    views: { trusted, all: areAlike ? trusted : mergeScopes(periods.map(({ views }) => views.all)) },
    writtenAt: latest(periods.map(({ writtenAt }) => writtenAt)),
    isCapped: places.some((place) => place.isCapped),
  };
}

/** The ranges that so many names take to read. Throws `bad_parameter` for more than one question may read. */
function rangesFor(names: number, places: readonly Place[]): number {
  const ranges = places.reduce((sum, { cohorts }) => sum + cohorts.length, 0) * names;
  if (ranges <= MAX_RANGES) return ranges;
  const text = `expected a question about at most ${MAX_RANGES} sums of hosts, found ${ranges}: every pair or backend (${names}) in every period in each cohort that the filters let through; ask for fewer periods or name more filters`;
  throw new AppError("bad_parameter", text);
}

function mergeScopes(periods: readonly ReadonlyMap<string, Cell>[]): ScopedCells {
  const scopes = new Set(periods.flatMap((period) => [...period.keys()]));
  return new Map(
    [...scopes].sort().map((scope) => [scope, mergePeriods(periods.flatMap((period) => period.get(scope) ?? []))]),
  );
}
