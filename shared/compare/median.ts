// The median over hosts, and its distribution-free 95 % interval (statistics.md, section 4): the one procedure behind every
// number of an answer. In: the ordered host values of a cell, in ticks. Hosts with a bound alone take part with their
// bound, so both the estimate and the interval may be open on a side.

import { at, atFromLargest, type Ends } from "./order-statistics.ts";
import { type MedianRank, medianRank } from "./tests.ts";

/** A range of log values in ticks (1e-4 of a natural log). An infinite end means that nothing is known on that side. */
export interface TickInterval {
  readonly lo: number;
  readonly hi: number;
}

/** The estimate of a value of which nothing is known. */
export const UNKNOWN: TickInterval = { lo: -Infinity, hi: Infinity };

/** Hosts needed for a 95 % interval: with 5 the range of all values covers the median in 93.75 % of cases at most. */
export const MIN_HOSTS = 6;

/** Half a bin, in ticks. Limits are never given closer to the estimate than the grid can resolve. */
const RESOLUTION = 25;

/** A median of host values. */
export interface Median {
  /** A point (`lo` = `hi`) when the values around the middle are exact; else all that is known of it. */
  readonly estimate: TickInterval;
  /** 95 % interval; null when there are fewer than 6 hosts. */
  readonly interval: TickInterval | null;
  /**
   * The narrowest that this interval could be if the values behind the bounds were known; equal to it when all are exact,
   * and upside down where their bounds leave it open.
   */
  readonly narrowest: TickInterval | null;
}

/**
 * The median with its interval. Lower ends make the lower results, upper ends the upper ones. `nEff` is the number of
 * certainly distinct hosts, 0 to n. No hosts give an unknown median. `computeRank` is `medianRank`, or a memoized one.
 */
export function computeMedian(ends: Ends, nEff: number, computeRank: (n: number) => MedianRank = medianRank): Median {
  const { lower, upper } = ends;
  const estimate = medianEstimate(ends);
  if (nEff < MIN_HOSTS) return { estimate, interval: null, narrowest: null };
  const { k, lambda } = computeRank(nEff);
  const rank = ((k + lambda - 0.5) * lower.size) / nEff + 0.5;
  return {
    estimate,
    interval: {
      lo: Math.min(at(lower, rank), estimate.lo - RESOLUTION),
      hi: Math.max(atFromLargest(upper, rank), estimate.hi + RESOLUTION),
    },
    narrowest: {
      lo: Math.min(at(upper, rank), estimate.hi - RESOLUTION),
      hi: Math.max(atFromLargest(lower, rank), estimate.lo + RESOLUTION),
    },
  };
}

/** The median of the host values without its interval; unknown without hosts. */
export function medianEstimate({ lower, upper }: Ends): TickInterval {
  if (lower.size === 0) return UNKNOWN;
  const middle = (lower.size + 1) / 2;
  return { lo: at(lower, middle), hi: atFromLargest(upper, middle) };
}
