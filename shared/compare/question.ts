// What a comparison is asked, and what it is computed from: `compare` reads merged cells only, never runs.

import type { Cell } from "../cells/cell.ts";
import { flip } from "../cells/merge.ts";
import type { Backend } from "../run/backends.ts";
import type { CohortKey } from "../run/cohort.ts";
import type { MetricName } from "../run/metrics.ts";
import type { View } from "../model/view.ts";
import type { Notice } from "./notice.ts";

/** A question about two backends (docs/api.md#read). Ratios are candidate / baseline. */
export interface Question {
  readonly baseline: Backend;
  readonly candidate: Backend;
  /** Period names, e.g. `2026-Q4`; their cells may share hosts. */
  readonly periods: readonly string[];
  readonly view: View;
  readonly filters: Readonly<Partial<Record<CohortKey, readonly string[]>>>;
  /** Relative difference that is too small to matter, e.g. 0.03 for 3 %; above 0. */
  readonly margin: number;
  /** Metrics asked for; empty means all. They alone are reported, and they alone share the Holm correction. */
  readonly metrics: readonly MetricName[];
}

/** Cells of several periods added up, with what is needed not to count a host twice (`mergePeriods`). */
export interface Merged {
  readonly cell: Cell;
  /** For each quantity, in their order, the largest N of the periods: n_eff of statistics.md, section 4. */
  readonly nEff: readonly number[];
  /** The largest host count of the periods, over all quantities. */
  readonly headHosts: number;
}

/** Everything a comparison is computed from. Keys of the maps are scopes: `ALL` or a stratum such as `v1/2G/8k/16`. */
export interface ComparisonInput {
  readonly question: Question;
  /** When the cells were last brought up to date, ISO 8601; null when never. */
  readonly asOf: string | null;
  /** Hosts with results that the cells do not hold yet. */
  readonly pendingHosts: number;
  /** What a reader must know of the cells; nothing if not given. */
  readonly notices?: readonly Notice[];
  /** Pair cells as stored, i.e. of the backend later in the alphabet over the earlier one. */
  readonly pair: ReadonlyMap<string, Merged>;
  /** Value cells by stratum; under `ALL` only the head and the notes count. */
  readonly baselineValues: ReadonlyMap<string, Merged>;
  readonly candidateValues: ReadonlyMap<string, Merged>;
  /** The pair cells of view `all`, when the view asked for is `trusted`; otherwise null. */
  readonly pairAsReported: ReadonlyMap<string, Merged> | null;
}

/** A pair cell as candidate over baseline: it is stored as the later name over the earlier one. */
export function oriented(merged: Merged, { baseline, candidate }: Pick<Question, "baseline" | "candidate">): Merged {
  return baseline <= candidate ? merged : { ...merged, cell: flip(merged.cell) };
}
