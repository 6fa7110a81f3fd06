// Cells for a question: one range of keys for each period and cohort, added over shards and cohorts, then merged over
// periods. The number of items read depends on the cohorts, scopes and shards there are, never on hosts or runs.

import type { Cell } from "../../shared/cells/cell.ts";
import { addCell, emptyCell } from "../../shared/cells/merge.ts";
import { mergePeriods } from "../../shared/compare/merge-periods.ts";
import { COHORT_KEYS, type Cohort } from "../../shared/model/cohort.ts";
import type { View } from "../../shared/model/view.ts";
import type { CellQuestion, CellReading, CellStore, ScopedCells } from "../../shared/ports.ts";
import { viewOf } from "./cell-item.ts";
import { type Item, textOf } from "./item.ts";
import { cellPartition, cellPrefix, cohortHash, cohortPartition, EVERY_COHORT } from "./keys.ts";
import { partition, queryAll, type Table } from "./table.ts";

export function makeCellStore(table: Table): CellStore {
  return {
    read: (question, kind, name) => readCells(table, question, kind, name),
    cohorts: (fleet, period) => readCohorts(table, fleet, period),
  };
}

async function readCohorts(table: Table, fleet: string, period: string): Promise<Cohort[]> {
  const items = await queryAll(table, partition(cohortPartition(fleet, period)));
  return items.map((item) => JSON.parse(textOf(item, "cohort")));
}

/** Whether a cohort satisfies every filter: each key must have one of the values asked for. */
export function cohortMatches(cohort: Cohort, filters: CellQuestion["filters"]): boolean {
  return COHORT_KEYS.every((key) => {
    const wanted = filters[key];
    const value = cohort[key];
    return wanted === undefined || (value !== undefined && wanted.includes(value));
  });
}

async function cohortsFor(table: Table, question: CellQuestion, period: string): Promise<string[]> {
  if (COHORT_KEYS.every((key) => question.filters[key] === undefined)) return [EVERY_COHORT];
  const cohorts = await readCohorts(table, question.fleet, period);
  return cohorts.filter((cohort) => cohortMatches(cohort, question.filters)).map(cohortHash);
}

async function readCells(table: Table, question: CellQuestion, kind: string, name: string): Promise<CellReading> {
  const items = await Promise.all(
    question.periods.map(async (period) => {
      const cohorts = await cohortsFor(table, question, period);
      const ranges = await Promise.all(
        cohorts.map((cohort) =>
          queryAll(table, partition(cellPartition(question.fleet, period), cellPrefix(cohort, kind, name))),
        ),
      );
      return ranges.flat();
    }),
  );
  const writtenAt = items.flat().reduce<string | null>((newest, item) => {
    const at = textOf(item, "at");
    return newest === null || at > newest ? at : newest;
  }, null);
  const merged = (view: View) => mergeScopes(items.map((ofPeriod) => addUp(ofPeriod, view)));
  return { views: { trusted: merged("trusted"), all: merged("all") }, writtenAt };
}

/** The cells of one period by scope, added over shards and cohorts. */
function addUp(items: readonly Item[], view: View): Map<string, Cell> {
  const scopes = new Map<string, Cell>();
  for (const item of items) {
    const scope = textOf(item, "sk").split("#")[3] ?? "";
    const cell = scopes.get(scope) ?? emptyCell();
    addCell(cell, viewOf(item, view));
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
