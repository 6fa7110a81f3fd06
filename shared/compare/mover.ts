// MOVER: an interval for a weighted sum of differences from the intervals of their terms, whatever their distributions (Zou
// and Donner 2008; stratified: Tang 2022; statistics.md, section 7). Log values in ticks.

import { addBins } from "../cells/bins.ts";
import { emptyMetricCell } from "../cells/cell.ts";
import type { MetricName } from "../run/metrics.ts";
import { codeUnitOrder } from "../run/text.ts";
import type { Measure } from "./estimate.ts";
import { type Median, medianEstimate, type TickInterval, UNKNOWN } from "./median.ts";
import { endsOf } from "./order-statistics.ts";

/** The difference of two medians that both have an interval. */
interface Contrast {
  readonly estimate: TickInterval;
  /** Squared distances from the estimate to the lower and the upper limit, both medians together. */
  readonly below: number;
  readonly above: number;
}

/** A contrast and how much it weighs; weights need not add up to 1. */
interface WeightedContrast extends Contrast {
  readonly weight: number;
}

/** Difference of two values that are known as intervals. The ends never meet as infinities of one sign. */
function difference(candidate: TickInterval, baseline: TickInterval): TickInterval {
  return { lo: candidate.lo - baseline.hi, hi: candidate.hi - baseline.lo };
}

/** Candidate less baseline; null when one of them has too few hosts for an interval. */
function contrast(baseline: Median, candidate: Median): Contrast | null {
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
function mover(terms: readonly WeightedContrast[]): { estimate: TickInterval; interval: TickInterval } {
  const weights = terms.reduce((sum, { weight }) => sum + weight, 0);
  const sum = (partOf: (term: Contrast, share: number) => number) =>
    terms.reduce((total, term) => total + partOf(term, term.weight / weights), 0);
  const estimate = { lo: sum((term, q) => q * term.estimate.lo), hi: sum((term, q) => q * term.estimate.hi) };
  const lo = estimate.lo - Math.sqrt(sum((term, q) => q * q * term.below));
  const hi = estimate.hi + Math.sqrt(sum((term, q) => q * q * term.above));
  // An infinite limit of an infinite estimate would be the difference of infinities, NaN.
  return { estimate, interval: { lo: Number.isFinite(lo) ? lo : -Infinity, hi: Number.isFinite(hi) ? hi : Infinity } };
}

// Hosts that ran one backend only. They say something about the backends as well, but mixed up with which hosts got
// which backend; so they give an indication beside the paired comparison and never a verdict (statistics.md, section 7).

/** The metrics of one backend by stratum. */
export type BackendStrata = ReadonlyMap<string, ReadonlyMap<MetricName, Measure>>;

/** Log-ratios candidate - baseline, in ticks. */
export interface Indication {
  readonly strataUsed: readonly string[];
  /** Difference of the pooled medians. */
  readonly crude: TickInterval;
  /** The weighted difference of the strata's medians, unknown when no stratum could be used. */
  readonly estimate: TickInterval;
  readonly interval: TickInterval | null;
  readonly indication: "faster" | "slower" | "none";
}

/**
 * The median of the host values of all strata thrown together. Adds only what a median needs: over many strata of a
 * large fleet the sum of squares would leave the exact integers.
 */
function pooledMedian(strata: BackendStrata, metric: MetricName): TickInterval {
  const measures = [...strata.values()].flatMap((own) => own.get(metric) ?? []);
  const [only, ...others] = measures;
  if (only === undefined) return UNKNOWN;
  if (others.length === 0) return only.estimate;
  const pool = emptyMetricCell();
  for (const { cell } of measures) {
    pool.n += cell.n;
    pool.nx += cell.nx;
    addBins(pool.x, cell.x);
    addBins(pool.l, cell.l);
  }
  return medianEstimate(endsOf(pool));
}

/** One stratum with an interval on both sides. */
interface Arms extends WeightedContrast {
  readonly stratum: string;
}

/** The two sides of a stratum, weighing by their hosts, or nothing when one of them is too small. */
function armsOf(stratum: string, baseline: Measure | undefined, candidate: Measure | undefined): Arms[] {
  const both = baseline && candidate && contrast(baseline, candidate);
  return both ? [{ ...both, stratum, weight: baseline.cell.n + candidate.cell.n }] : [];
}

/**
 * The indication for one metric, over the strata in which both backends have at least 6 certainly distinct hosts.
 * `margin` is in ticks.
 */
export function betweenHosts(
  baseline: BackendStrata,
  candidate: BackendStrata,
  metric: MetricName,
  margin: number,
): Indication {
  const crude = difference(pooledMedian(candidate, metric), pooledMedian(baseline, metric));
  const arms = [...baseline]
    .sort(([a], [b]) => codeUnitOrder(a, b))
    .flatMap(([stratum, measures]) => armsOf(stratum, measures.get(metric), candidate.get(stratum)?.get(metric)));
  if (arms.length === 0) return { strataUsed: [], crude, estimate: UNKNOWN, interval: null, indication: "none" };
  const { estimate, interval } = mover(arms);
  const faster = interval.lo > 0 && estimate.lo > margin;
  const slower = interval.hi < 0 && estimate.hi < -margin;
  return {
    strataUsed: arms.map(({ stratum }) => stratum),
    crude,
    estimate,
    interval,
    indication: faster ? "faster" : slower ? "slower" : "none",
  };
}

/** 5 %: smaller changes are not worth a hint. */
const MIN_CHANGE = 500;

/** What became of a median from one period to a later one, in ticks. */
export interface Change {
  readonly estimate: TickInterval;
  readonly interval: TickInterval;
  /** A hint and no verdict: without correction for the many hints of a table, 1 in 40 is false in either direction. */
  readonly hint: "faster" | "slower" | "none";
}

/**
 * The change of one backend's median in one stratum between two periods (statistics.md, section 8): a hint when the interval
 * leaves 0 and the estimate exceeds 5 %. Hosts that are in both periods only make it more cautious. Null when one of the
 * periods has fewer than 6 hosts.
 */
export function change(before: Median, now: Median): Change | null {
  const step = contrast(before, now);
  if (step === null) return null;
  const { estimate, interval } = mover([{ ...step, weight: 1 }]);
  const faster = interval.lo > 0 && estimate.lo > MIN_CHANGE;
  const slower = interval.hi < 0 && estimate.hi < -MIN_CHANGE;
  return { estimate, interval, hint: faster ? "faster" : slower ? "slower" : "none" };
}
