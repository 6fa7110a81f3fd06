// Merged cells: the cells of several periods as one, which cells a comparison, a trend or a matrix reads, and what was found. Every
// statistic of this folder reads merged cells, and never runs.

import { type Cell, emptyCell, flip, mergeCell } from "../cells/cell.ts";
import { QUANTITY_NAMES } from "../cells/quantities.ts";
import type { Backend } from "../run/backends.ts";
import type { CohortKey } from "../run/cohort.ts";
import type { MetricName } from "../run/metrics.ts";
import type { View } from "../run/run.ts";

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

/** Which cells to read. */
export interface CellQuery {
  readonly fleet: string;
  readonly periods: readonly string[];
  readonly filters: Readonly<Partial<Record<CohortKey, readonly string[]>>>;
  /** A single scope, `ALL` or a stratum; all scopes when omitted. */
  readonly scope?: string | undefined;
  /** The metrics to read; all when omitted or empty. Other metrics are then missing from the cells. */
  readonly metrics?: readonly MetricName[];
  /** Called with the number of cell ranges, each time before they are read; throws to reject the reading. */
  readonly charge?: ((ranges: number) => void) | undefined;
}

/** The cells of one pair or backend by scope, periods merged. */
export type ScopedCells = ReadonlyMap<string, Merged>;

/** The cells of one pair or backend in both views, and when any of them was last written (ISO 8601 UTC; null without cells). */
export interface CellReading {
  readonly views: Readonly<Record<View, ScopedCells>>;
  readonly writtenAt: string | null;
  /** Whether filters were given and a period has hosts in `OTHER_COHORT`, which no filter matches. */
  readonly isCapped: boolean;
}
