// Unpaired comparisons of medians, in ticks: hosts that ran one backend only (statistics.md, section 7), and one backend in
// two periods (statistics.md, section 8). Both use MOVER, which makes an interval for a weighted sum of differences from the intervals of
// their terms, for any distributions (Zou and Donner 2008; stratified: Tang 2022). They give hints, and never verdicts.

import { addBins } from "../cells/bins.ts";
import { emptyMetricCell } from "../cells/cell.ts";
import type { MetricName } from "../run/metrics.ts";
import { codeUnitOrder } from "../run/text.ts";
import type { QuantityEstimate } from "./estimate.ts";
import { type Median, medianEstimate, type TickInterval, UNKNOWN } from "./median.ts";
import { orderEnds } from "./order-statistics.ts";

/** The metrics of one backend by stratum. */
export type BackendStrata = ReadonlyMap<string, ReadonlyMap<MetricName, QuantityEstimate>>;

/** The comparison between hosts: log-ratios candidate - baseline, in ticks. */
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
 * The indication for one metric, over the strata in which both backends have at least 6 certainly distinct hosts.
 * Hosts and backends are confounded here, so it is an indication next to the paired comparison. `margin` is in ticks.
 */
export function compareBetweenHosts(
  baseline: BackendStrata,
  candidate: BackendStrata,
  metric: MetricName,
  margin: number,
): Indication {
  const crude = difference(pooledMedian(candidate, metric), pooledMedian(baseline, metric));
  const arms = [...baseline]
    .sort(([a], [b]) => codeUnitOrder(a, b))
    .flatMap(([stratum, estimates]) => buildArms(stratum, estimates.get(metric), candidate.get(stratum)?.get(metric)));
  if (arms.length === 0) return { strataUsed: [], crude, estimate: UNKNOWN, interval: null, indication: "none" };
  const { estimate, interval } = mover(arms);
  return {
    strataUsed: arms.map(({ stratum }) => stratum),
    crude,
    estimate,
    interval,
    indication: findDirection(estimate, interval, margin),
  };
}

/**
 * The median of the host values of all strata pooled. Adds only what a median needs: over many strata of a
 * large fleet the sum of squares would leave the exact integers.
 */
function pooledMedian(strata: BackendStrata, metric: MetricName): TickInterval {
  const estimates = [...strata.values()].flatMap((own) => own.get(metric) ?? []);
  const [only, ...others] = estimates;
  if (only === undefined) return UNKNOWN;
  if (others.length === 0) return only.estimate;
  const pool = emptyMetricCell();
  for (const { cell } of estimates) {
    pool.n += cell.n;
    pool.nx += cell.nx;
    addBins(pool.x, cell.x);
    addBins(pool.l, cell.l);
  }
  return medianEstimate(orderEnds(pool));
}

/** One stratum with an interval on both sides. */
interface Arms extends WeightedContrast {
  readonly stratum: string;
}

/** The two sides of a stratum, weighted by their hosts, or nothing when one of them is too small. */
function buildArms(
  stratum: string,
  baseline: QuantityEstimate | undefined,
  candidate: QuantityEstimate | undefined,
): Arms[] {
  const both = baseline && candidate && contrast(baseline, candidate);
  return both ? [{ ...both, stratum, weight: baseline.cell.n + candidate.cell.n }] : [];
}

/** 5 %: smaller changes are not worth a hint. In ticks. */
const MIN_CHANGE = 500;

/** The change of a median from one period to a later one, in ticks. */
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
export function changeBetween(before: Median, now: Median): Change | null {
  const step = contrast(before, now);
  if (step === null) return null;
  const { estimate, interval } = mover([{ ...step, weight: 1 }]);
  return { estimate, interval, hint: findDirection(estimate, interval, MIN_CHANGE) };
}

/** A direction, where the interval leaves 0 and the estimate exceeds the margin. */
function findDirection(estimate: TickInterval, interval: TickInterval, margin: number): "faster" | "slower" | "none" {
  if (interval.lo > 0 && estimate.lo > margin) return "faster";
  return interval.hi < 0 && estimate.hi < -margin ? "slower" : "none";
}

/** The difference of two medians that both have an interval. */
interface Contrast {
  readonly estimate: TickInterval;
  /** Squared distances from the estimate to the lower and the upper limit, both medians together. */
  readonly below: number;
  readonly above: number;
}

/** A contrast and its weight; weights need not add up to 1. */
interface WeightedContrast extends Contrast {
  readonly weight: number;
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

/** Difference of two values that are known as intervals. The ends never meet as infinities of one sign. */
function difference(candidate: TickInterval, baseline: TickInterval): TickInterval {
  return { lo: candidate.lo - baseline.hi, hi: candidate.hi - baseline.lo };
}

/** The weighted mean of contrasts, at least one, with its 95 % interval. An end with any infinite term is infinite. */
function mover(terms: readonly WeightedContrast[]): { estimate: TickInterval; interval: TickInterval } {
  const weights = terms.reduce((sum, { weight }) => sum + weight, 0);
  const sum = (part: (term: Contrast, share: number) => number) =>
    terms.reduce((total, term) => total + part(term, term.weight / weights), 0);
  const estimate = { lo: sum((term, q) => q * term.estimate.lo), hi: sum((term, q) => q * term.estimate.hi) };
  const lo = estimate.lo - Math.sqrt(sum((term, q) => q * q * term.below));
  const hi = estimate.hi + Math.sqrt(sum((term, q) => q * q * term.above));
  // An infinite limit of an infinite estimate would be the difference of infinities, NaN.
  return { estimate, interval: { lo: Number.isFinite(lo) ? lo : -Infinity, hi: Number.isFinite(hi) ? hi : Infinity } };
}
