// Reading cells: which cells a comparison, a trend or a matrix is computed from, and what was found.

import type { CohortKey } from "../run/cohort.ts";
import type { MetricName } from "../run/metrics.ts";
import type { View } from "../run/run.ts";
import type { Merged } from "./merge-periods.ts";

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
