// Cells for a question: one range of keys for each period and cohort, added over shards and cohorts, then merged over
// periods. The number of items read depends on the cohorts, scopes and shards there are, never on hosts or runs.

import type { Cell } from "../../shared/cells/cell.ts";
import { mergeEncoded } from "../../shared/cells/codec.ts";
import { emptyCell } from "../../shared/cells/merge.ts";
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
import { partition, queryAll, type Table } from "./table.ts";

export function makeCellStore(table: Table): CellStore {
  return {
    read: async (question, kind, name) => {
      const of = await currentGeneration(table, question.fleet);
      return readCells(table, of, question, await placesOf(table, of, question), kind, name);
    },
    readAll: (question, kind) => readAllCells(table, question, kind),
    cohorts: async (fleet, period) => readCohorts(table, await currentGeneration(table, fleet), period),
  };
}

/** A period, and the cohorts in it that satisfy the filters. */
interface Place {
  readonly period: string;
  readonly cohorts: readonly string[];
  /** Whether hosts that satisfy them may be missing. */
  readonly isCapped: boolean;
}

function placesOf(table: Table, of: FleetGeneration, question: CellQuestion): Promise<Place[]> {
  const isFiltered = COHORT_KEYS.some((key) => question.filters[key] !== undefined);
  return Promise.all(
    question.periods.map(async (period) =>
      isFiltered
        ? { period, ...(await matchingCohorts(table, of, question.filters, period)) }
        : { period, cohorts: [EVERY_COHORT], isCapped: false },
    ),
  );
}

async function readAllCells(
  table: Table,
  question: CellQuestion,
  kind: "pair" | "backend",
): Promise<Map<string, CellReading>> {
  const of = await currentGeneration(table, question.fleet);
  const [places, ...names] = await Promise.all([
    placesOf(table, of, question),
    ...question.periods.map((period) => cellNames(table, of, period, kind)),
  ]);
  const sorted = [...new Set(names.flat())].sort();
  return new Map(
    await Promise.all(
      sorted.map(async (name) => [name, await readCells(table, of, question, places, kind, name)] as const),
    ),
  );
}

async function readCells(
  table: Table,
  of: FleetGeneration,
  { scope, metrics = [] }: CellQuestion,
  places: readonly Place[],
  kind: string,
  name: string,
): Promise<CellReading> {
  const items = await Promise.all(
    places.map(async ({ period, cohorts }) => {
      const ranges = await Promise.all(
        cohorts.map((cohort) =>
          queryAll(table, partition(cellPartition(of, period), cellPrefix(cohort, kind, name, scope))),
        ),
      );
      return ranges.flat();
    }),
  );
  const writtenAt = items.flat().reduce<string | null>((newest, item) => {
    const at = textOf(item, "at");
    return newest === null || at > newest ? at : newest;
  }, null);
  const wanted = wantedPlaces(metrics);
  const merged = (view: View) => mergeScopes(items.map((ofPeriod) => addUp(ofPeriod, view, wanted)));
  const trusted = merged("trusted");
  const views = { trusted, all: items.flat().some(hasTwoViews) ? merged("all") : trusted };
  return { views, writtenAt, isCapped: places.some((place) => place.isCapped) };
}

/** Where the rates and efficiencies of metrics are in a cell; undefined for all. */
function wantedPlaces(metrics: readonly MetricName[]): ReadonlySet<number> | undefined {
  if (metrics.length === 0) return undefined;
  return new Set(metrics.flatMap((metric) => [placeOf(metric), placeOf(efficiencyName(metric))]));
}

/** The cells of one period by scope, added over shards and cohorts. */
function addUp(items: readonly Item[], view: View, wanted: ReadonlySet<number> | undefined): Map<string, Cell> {
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

function mergeScopes(periods: readonly ReadonlyMap<string, Cell>[]): ScopedCells {
  const scopes = new Set(periods.flatMap((period) => [...period.keys()]));
  return new Map(
    [...scopes].sort().map((scope) => [scope, mergePeriods(periods.flatMap((period) => period.get(scope) ?? []))]),
  );
}
