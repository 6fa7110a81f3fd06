// Cells for a question: one range of keys for each period and cohort, added over shards and cohorts, then merged over
// periods. The number of items read depends on the cohorts, scopes and shards there are, never on hosts or runs; what has not
// changed since it was read last is not read again.

import type { Cell, CellKind } from "../../shared/cells/cell.ts";
import { mergeEncoded } from "../../shared/cells/codec.ts";
import { emptyCell, mergeCell } from "../../shared/cells/merge.ts";
import { mergePeriods } from "../../shared/compare/merge-periods.ts";
import { COHORT_KEYS } from "../../shared/model/cohort.ts";
import type { MetricName } from "../../shared/model/metrics.ts";
import type { View } from "../../shared/model/view.ts";
import type { CellQuestion, CellReading, CellStore, FleetGeneration, ScopedCells } from "../../shared/ports.ts";
import { efficiencyName, placeOf } from "../../shared/summary/quantities.ts";
import { encodedView, hasTwoViews } from "./cell-item.ts";
import { cellNames } from "./cell-names.ts";
import { matchingCohorts, readCohorts } from "./cohorts.ts";
import { currentGeneration } from "./generations.ts";
import { type Item, textOf } from "./item.ts";
import { cellPartition, cellPrefix, EVERY_COHORT } from "./keys.ts";
import { type Memory, makeMemory } from "./memory.ts";
import { readStamps } from "./stamps.ts";
import { partition, queryAll, type Table } from "./table.ts";

/** Room for the cells of some hundred cohorts, or of all hosts in a few hundred questions. */
const REMEMBERED_BYTES = 32e6;

/** What cells take in memory, about: a cell itself, each quantity in it, and each count of a histogram. */
const CELL_BYTES = 500;
const QUANTITY_BYTES = 500;
const COUNT_BYTES = 8;

/** The cells of one cohort by scope, added over shards; they are shared, and must not be changed. */
interface CohortCells {
  readonly views: Readonly<Record<View, ReadonlyMap<string, Cell>>>;
  readonly writtenAt: string | null;
}

interface Cells {
  readonly table: Table;
  readonly remembered: Memory<CohortCells>;
  readonly names: Memory<readonly string[]>;
}

export function makeCellStore(table: Table): CellStore {
  const cells = {
    table,
    remembered: makeMemory<CohortCells>(REMEMBERED_BYTES),
    names: makeMemory<readonly string[]>(REMEMBERED_BYTES / 100),
  };
  return {
    open: async (question) => {
      const of = await currentGeneration(table, question.fleet);
      const places = await placesOf(table, of, question);
      const read = (kind: CellKind, name: string) => readCells(cells, of, question, places, kind, name);
      return {
        read,
        readAll: async (kind) => {
          const names = await namesIn(cells, of, places, kind);
          return new Map(await Promise.all(names.map(async (name) => [name, await read(kind, name)] as const)));
        },
      };
    },
    cohorts: async (fleet, period) => readCohorts(table, await currentGeneration(table, fleet), period),
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

function placesOf(table: Table, of: FleetGeneration, question: CellQuestion): Promise<Place[]> {
  const isFiltered = COHORT_KEYS.some((key) => question.filters[key] !== undefined);
  return Promise.all(
    question.periods.map(async (period) => {
      if (!isFiltered) {
        const stamps = await readStamps(table, of, period, EVERY_COHORT);
        return { period, cohorts: [EVERY_COHORT], stamps, isCapped: false };
      }
      const [matching, stamps] = await Promise.all([
        matchingCohorts(table, of, question.filters, period),
        readStamps(table, of, period),
      ]);
      return { period, ...matching, stamps };
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
  question: CellQuestion,
  places: readonly Place[],
  kind: CellKind,
  name: string,
): Promise<CellReading> {
  const periods = await Promise.all(
    places.map(async ({ period, cohorts, stamps }) =>
      overCohorts(
        await Promise.all(
          cohorts.map((cohort) => {
            const prefix = cellPrefix(cohort, kind, name, question.scope);
            return cohortCells(cells, cellPartition(of, period), prefix, question.metrics ?? [], stamps.get(cohort));
          }),
        ),
      ),
    ),
  );
  const trusted = mergeScopes(periods.map(({ views }) => views.trusted));
  const areAlike = periods.every(({ views }) => views.all === views.trusted);
  return {
    views: { trusted, all: areAlike ? trusted : mergeScopes(periods.map(({ views }) => views.all)) },
    writtenAt: latest(periods.map(({ writtenAt }) => writtenAt)),
    isCapped: places.some((place) => place.isCapped),
  };
}

/** The cells of one range, read unless they are remembered. A cohort without a stamp has none. */
async function cohortCells(
  { table, remembered }: Cells,
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

const NOTHING: CohortCells = { views: { trusted: new Map(), all: new Map() }, writtenAt: null };

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
  return new Set(metrics.flatMap((metric) => [placeOf(metric), placeOf(efficiencyName(metric))]));
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

/** The cells of cohorts of one period together. Those of one cohort stay as they are. */
function overCohorts(cohorts: readonly CohortCells[]): CohortCells {
  const [only = NOTHING] = cohorts;
  if (cohorts.length <= 1) return only;
  const trusted = sumOfScopes(cohorts.map(({ views }) => views.trusted));
  const areAlike = cohorts.every(({ views }) => views.all === views.trusted);
  return {
    views: { trusted, all: areAlike ? trusted : sumOfScopes(cohorts.map(({ views }) => views.all)) },
    writtenAt: latest(cohorts.map(({ writtenAt }) => writtenAt)),
  };
}

function sumOfScopes(cohorts: readonly ReadonlyMap<string, Cell>[]): ReadonlyMap<string, Cell> {
  const scopes = new Map<string, Cell>();
  for (const [scope, cell] of cohorts.flatMap((cohort) => [...cohort])) {
    const sum = scopes.get(scope) ?? emptyCell();
    mergeCell(sum, cell);
    scopes.set(scope, sum);
  }
  return scopes;
}

function mergeScopes(periods: readonly ReadonlyMap<string, Cell>[]): ScopedCells {
  const scopes = new Set(periods.flatMap((period) => [...period.keys()]));
  return new Map(
    [...scopes].sort().map((scope) => [scope, mergePeriods(periods.flatMap((period) => period.get(scope) ?? []))]),
  );
}
