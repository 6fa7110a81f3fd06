import { type Cell, emptyCell, mergeCell } from "../cells/cell.ts";
import { QUANTITY_NAMES } from "../cells/quantities.ts";
import type { Merged } from "./compare.ts";

/**
 * Adds up one cell for each period and keeps, for each quantity, the largest N of them. Hosts may be in several periods,
 * so that N is the number of hosts that are certainly distinct (statistics.md, section 4, n_eff). Shards and cohorts hold
 * distinct hosts: add those before, within each period. No cells at all give the empty cell, a
 * single one is the result itself. The cells stay untouched.
 */
export function mergePeriods(cells: readonly Cell[]): Merged {
  return {
    cell: sumOf(cells),
    nEff: QUANTITY_NAMES.map((_, index) => Math.max(0, ...cells.map((period) => period.metrics[index]?.n ?? 0))),
    headHosts: Math.max(0, ...cells.map((period) => period.hosts)),
  };
}

function sumOf(cells: readonly Cell[]): Cell {
  const [only] = cells;
  if (only !== undefined && cells.length === 1) return only;
  const sum = emptyCell();
  for (const cell of cells) mergeCell(sum, cell);
  return sum;
}
