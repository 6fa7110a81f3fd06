// Cells of several periods as one: every statistic of this folder reads merged cells, and never runs.

import { type Cell, emptyCell, flip, mergeCell } from "../cells/cell.ts";
import { QUANTITY_NAMES } from "../cells/quantities.ts";
import type { Backend } from "../run/backends.ts";

/** Cells of several periods added up, with the numbers that keep a host from counting twice. */
export interface Merged {
  readonly cell: Cell;
  /** For each quantity, in their order, the largest N of the periods: n_eff of statistics.md, section 4. */
  readonly nEff: readonly number[];
  /** The largest host count of the periods, over all quantities. */
  readonly headHosts: number;
}

/**
 * Adds up one cell for each period and keeps, for each quantity, the largest N of them. Hosts may be in several periods,
 * so that N is the number of hosts that are certainly distinct (statistics.md, section 4, n_eff). Shards and cohorts hold
 * distinct hosts: add those before, within each period. No cells at all give the empty cell, a
 * single one is the result itself. The cells are not changed.
 */
export function mergePeriods(cells: readonly Cell[]): Merged {
  return {
    cell: sumCells(cells),
    nEff: QUANTITY_NAMES.map((_, index) => Math.max(0, ...cells.map((period) => period.metrics[index]?.n ?? 0))),
    headHosts: Math.max(0, ...cells.map((period) => period.hosts)),
  };
}

function sumCells(cells: readonly Cell[]): Cell {
  const [only] = cells;
  if (only !== undefined && cells.length === 1) return only;
  const sum = emptyCell();
  for (const cell of cells) mergeCell(sum, cell);
  return sum;
}

/** A pair cell as candidate over baseline: it is stored as the later name in the alphabet over the earlier one. */
export function orientPair(merged: Merged, { baseline, candidate }: { baseline: Backend; candidate: Backend }): Merged {
  return baseline <= candidate ? merged : { ...merged, cell: flip(merged.cell) };
}
