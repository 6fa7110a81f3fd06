// The log-ratio of two backends on one host, and the host's one vote over its strata (statistics.md, section 2).

import { mid } from "./mid.ts";
import { rnd } from "./ticks.ts";
import type { HostValue } from "./types.ts";

/**
 * The logarithm of candidate over baseline in ticks, as an interval. `lo` may be -Infinity and `hi` +Infinity; exact
 * when both are equal. Never stored, hence infinities and not nulls.
 */
export interface LogRatio {
  readonly lo: number;
  readonly hi: number;
}

/** The log-ratio of two values of one metric, same host, stratum and period: `lo_c - hi_b` to `hi_c - lo_b`. */
export function logRatio(baseline: HostValue, candidate: HostValue): LogRatio {
  return {
    lo: candidate.lo - (baseline.hi ?? Number.POSITIVE_INFINITY),
    hi: (candidate.hi ?? Number.POSITIVE_INFINITY) - baseline.lo,
  };
}

/** Whether nothing is known about the size of the ratio: both sides were too fast to measure. */
export function isBothTooFast(ratio: LogRatio): boolean {
  return ratio.lo === Number.NEGATIVE_INFINITY && ratio.hi === Number.POSITIVE_INFINITY;
}

/**
 * The strata of a host that make up its vote: those that say something about the size of the ratio, or all of them if
 * none does.
 */
export function votingStrata<T extends { readonly ratio: LogRatio }>(strata: readonly T[]): readonly T[] {
  const informative = strata.filter((stratum) => !isBothTooFast(stratum.ratio));
  return informative.length > 0 ? informative : strata;
}

/**
 * The one vote of a host: the median of the lower ends and the median of the upper ends, each in whole ticks. Takes the
 * ratios of the voting strata, at least one; the vote of a single stratum is its ratio.
 */
export function voteOf(ratios: readonly LogRatio[]): LogRatio {
  return { lo: rnd(mid(ratios.map((ratio) => ratio.lo))), hi: rnd(mid(ratios.map((ratio) => ratio.hi))) };
}
