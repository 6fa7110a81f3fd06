// From numbers to a verdict: the eleven rules of statistics.md, section 6, read from top to bottom. In: the estimate, interval
// and test of one metric in one scope, in ticks. Out: a verdict, and as its reason the rule that gave it.

import { rnd, TICKS_PER_LOG } from "../cells/host-values.ts";
import type { TickInterval } from "./median.ts";

export type Verdict = "faster" | "slower" | "equivalent" | "inconclusive" | "not comparable";

export type Reason =
  | "no_paired_hosts"
  | "too_fast_on_both"
  | "mostly_too_fast"
  | "too_few_hosts"
  | "ci_within_margin"
  | "too_fast_hides_size"
  | "ci_includes_1"
  | "not_significant_after_holm"
  | "ci_above_1"
  | "ci_below_1"
  | "difference_below_margin";

/** What the rules are applied to: one metric of one scope. */
export interface Evidence {
  /** Paired hosts, and those too fast to measure on both sides. */
  readonly hosts: number;
  readonly bothTooFast: number;
  /** Median log-ratio in ticks. */
  readonly estimate: TickInterval;
  /** Its 95 % interval; null with fewer than 6 certainly distinct hosts. */
  readonly interval: TickInterval | null;
  /** The narrowest that it could be without `+++++` (`Median`); null with it. */
  readonly narrowest: TickInterval | null;
  /** Sign-test p after Holm's correction; null without a test. */
  readonly pHolm: number | null;
  /** The margin in ticks (`marginTicks`). */
  readonly margin: number;
}

/** A verdict and the rule that gave it. */
interface Judgment {
  readonly verdict: Verdict;
  readonly reason: Reason;
}

/** Applies the rules in order. The first one that holds gives the verdict; the last one always holds. */
export function judge({ hosts, bothTooFast, estimate, interval, narrowest, pHolm, margin }: Evidence): Judgment {
  if (hosts === 0) return { verdict: "not comparable", reason: "no_paired_hosts" };
  if (bothTooFast === hosts) return { verdict: "not comparable", reason: "too_fast_on_both" };
  if (estimate.lo === -Infinity && estimate.hi === Infinity) {
    return { verdict: "not comparable", reason: "mostly_too_fast" };
  }
  if (interval === null) return { verdict: "inconclusive", reason: "too_few_hosts" };
  if (interval.lo > -margin && interval.hi < margin) return { verdict: "equivalent", reason: "ci_within_margin" };

  const significant = isSignificant(pHolm);
  if (!excludesOne(interval)) {
    // Rules 6 and 7. Hosts that are equal, or differ by less than the grid resolves, are no reason for a longer test.
    const isHidden = significant && narrowest !== null && excludesOne(narrowest);
    return { verdict: "inconclusive", reason: isHidden ? "too_fast_hides_size" : "ci_includes_1" };
  }
  if (!significant) return { verdict: "inconclusive", reason: "not_significant_after_holm" };

  if (interval.lo > 0 && estimate.lo > margin) return { verdict: "faster", reason: "ci_above_1" };
  if (interval.hi < 0 && estimate.hi < -margin) return { verdict: "slower", reason: "ci_below_1" };
  return { verdict: "inconclusive", reason: "difference_below_margin" };
}

const excludesOne = ({ lo, hi }: TickInterval): boolean => lo > 0 || hi < 0;

/** Significance level of the corrected sign test. */
const LEVEL = 0.05;

/** Whether hosts agree on a direction more often than chance explains; `p` is after Holm's correction. */
export const isSignificant = (p: number | null): boolean => p !== null && p <= LEVEL;

/** The default margin, 3 %, is a round 300 ticks by definition, not ln 1.03. */
const DEFAULT_MARGIN = 0.03;
const DEFAULT_MARGIN_TICKS = 300;

/** A relative margin above 0 in ticks: 300 for the default 0.03, else the log of 1 + margin. */
export function marginTicks(margin: number): number {
  return margin === DEFAULT_MARGIN ? DEFAULT_MARGIN_TICKS : rnd(TICKS_PER_LOG * Math.log1p(margin));
}
