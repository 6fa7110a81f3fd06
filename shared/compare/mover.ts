// MOVER: an interval for a weighted sum of differences from the intervals of their terms, whatever their distributions (Zou
// and Donner 2008; stratified: Tang 2022; statistics.md, section 7). Log values in ticks.

import type { Interval, Median } from "./median.ts";

/** The difference of two medians that both have an interval. */
export interface Contrast {
  readonly estimate: Interval;
  /** Squared distances from the estimate to the lower and the upper limit, both medians together. */
  readonly below: number;
  readonly above: number;
}

/** A contrast and how much it weighs; weights need not add up to 1. */
export interface WeightedContrast extends Contrast {
  readonly weight: number;
}

/** Difference of two values that are known as intervals. The ends never meet as infinities of one sign. */
export function difference(candidate: Interval, baseline: Interval): Interval {
  return { lo: candidate.lo - baseline.hi, hi: candidate.hi - baseline.lo };
}

/** Candidate less baseline; null when one of them has too few hosts for an interval. */
export function contrast(baseline: Median, candidate: Median): Contrast | null {
  const { estimate: b, interval: limitsB } = baseline;
  const { estimate: c, interval: limitsC } = candidate;
  if (limitsB === null || limitsC === null) return null;
  return {
    estimate: difference(c, b),
    below: (c.lo - limitsC.lo) ** 2 + (limitsB.hi - b.hi) ** 2,
    above: (limitsC.hi - c.hi) ** 2 + (b.lo - limitsB.lo) ** 2,
  };
}

/** The weighted mean of contrasts, at least one, with its 95 % interval. An end with any infinite term is infinite. */
export function mover(terms: readonly WeightedContrast[]): { estimate: Interval; interval: Interval } {
  const weights = terms.reduce((sum, { weight }) => sum + weight, 0);
  const sum = (partOf: (term: Contrast, share: number) => number) =>
    terms.reduce((total, term) => total + partOf(term, term.weight / weights), 0);
  const estimate = { lo: sum((term, q) => q * term.estimate.lo), hi: sum((term, q) => q * term.estimate.hi) };
  const lo = estimate.lo - Math.sqrt(sum((term, q) => q * q * term.below));
  const hi = estimate.hi + Math.sqrt(sum((term, q) => q * q * term.above));
  // An infinite limit of an infinite estimate would be the difference of infinities, NaN.
  return { estimate, interval: { lo: Number.isFinite(lo) ? lo : -Infinity, hi: Number.isFinite(hi) ? hi : Infinity } };
}
