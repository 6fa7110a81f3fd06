// What a flag is: a code for what a reader must know before acting on a number (statistics.md, section 9), and its details, which
// say in words what it means here, with the count behind it. `flags.ts` sets them.

import type { MetricName } from "../run/metrics.ts";

/** All flags, in the order in which they are listed. */
export const FLAGS = [
  "single_host",
  "mostly_single_runs",
  "many_too_fast",
  "outlier_hosts",
  "mixed_effect",
  "strata_disagree",
  "simpson",
  "paired_and_between_disagree",
  "suspect_cached_reads",
  "small_file",
  "mixed_versions",
  "bound_mismatch",
  "low_cpu",
  "inflated_cpu",
] as const;

export type Flag = (typeof FLAGS)[number];

/** What stands behind a flag. */
export interface FlagDetail {
  readonly text: string;
  /** Hosts concerned, where they are counted; on either backend; with several periods a host counts once in each. */
  readonly count?: number;
  /** Cache rules that fired, for `suspect_cached_reads`. */
  readonly rules?: readonly string[];
  /** The metrics that have the flag, in the flags of a scope. */
  readonly metrics?: readonly MetricName[];
}

/** Details of the flags that are set, by code. */
export type FlagDetails = Readonly<Partial<Record<Flag, FlagDetail>>>;

/** The codes of the flags that are set, in the order of `FLAGS`. */
export function flagsOf(details: FlagDetails): Flag[] {
  return FLAGS.filter((flag) => details[flag] !== undefined);
}
