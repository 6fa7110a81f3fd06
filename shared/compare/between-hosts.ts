// Hosts that ran one backend only. They say something about the backends as well, but mixed up with which hosts got
// which backend; so they give an indication beside the paired comparison and never a verdict (statistics section 7).

import type { Cell } from "../cells/cell.ts";
import { addCell, emptyCell } from "../cells/merge.ts";
import type { MetricName } from "../model/metrics.ts";
import { type Interval, medianEstimate, medianOf, UNKNOWN } from "./median.ts";
import { metricCell, metricOf } from "./paired.ts";
import type { Merged } from "./question.ts";

/** The value cells of one backend in the strata under study. */
export interface BackendStrata {
  readonly byStratum: ReadonlyMap<string, Merged>;
  /** All of them thrown together. */
  readonly pooled: Cell;
}

/** Log-ratios candidate - baseline, in ticks. */
export interface Indication {
  readonly strataUsed: readonly string[];
  /** Difference of the pooled medians. */
  readonly crude: Interval;
  /** The weighted difference of the strata's medians, unknown when no stratum could be used. */
  readonly estimate: Interval;
  readonly interval: Interval | null;
  readonly indication: "faster" | "slower" | "none";
}

/** Gathers the value cells of the given strata. */
export function backendStrata(values: ReadonlyMap<string, Merged>, strata: readonly string[]): BackendStrata {
  const byStratum = new Map<string, Merged>();
  const pooled = emptyCell();
  for (const stratum of strata) {
    const merged = values.get(stratum);
    if (merged === undefined) continue;
    byStratum.set(stratum, merged);
    addCell(pooled, merged.cell);
  }
  return { byStratum, pooled };
}

/** Difference of two values that are known as intervals. The ends never meet as infinities of one sign. */
function difference(candidate: Interval, baseline: Interval): Interval {
  return { lo: candidate.lo - baseline.hi, hi: candidate.hi - baseline.lo };
}

/** One stratum with an interval on both sides. */
interface Arms {
  readonly stratum: string;
  readonly weight: number;
  readonly estimate: Interval;
  /** Squared distances from the estimate to the lower and the upper limit, both backends together. */
  readonly below: number;
  readonly above: number;
}

/** The two sides of a stratum, or nothing when one of them is too small. */
function armsOf(
  stratum: string,
  baseline: Merged | undefined,
  candidate: Merged | undefined,
  metric: MetricName,
): Arms[] {
  const b = metricOf(baseline, metric);
  const c = metricOf(candidate, metric);
  const { estimate: mb, interval: ib } = medianOf(b.cell, b.nEff);
  const { estimate: mc, interval: ic } = medianOf(c.cell, c.nEff);
  if (ib === null || ic === null) return [];
  return [
    {
      stratum,
      weight: b.cell.n + c.cell.n,
      estimate: difference(mc, mb),
      below: (mc.lo - ic.lo) ** 2 + (ib.hi - mb.hi) ** 2,
      above: (ic.hi - mc.hi) ** 2 + (mb.lo - ib.lo) ** 2,
    },
  ];
}

/**
 * Weighted sum of the strata by MOVER (Zou and Donner 2008; stratified: Tang 2022). Strata weigh by their hosts. An
 * end with any infinite term is infinite.
 */
function mover(arms: readonly Arms[]): { estimate: Interval; interval: Interval } {
  const weights = arms.reduce((sum, { weight }) => sum + weight, 0);
  const sum = (termOf: (arm: Arms, share: number) => number) =>
    arms.reduce((total, arm) => total + termOf(arm, arm.weight / weights), 0);
  const estimate = { lo: sum((arm, q) => q * arm.estimate.lo), hi: sum((arm, q) => q * arm.estimate.hi) };
  const lo = estimate.lo - Math.sqrt(sum((arm, q) => q * q * arm.below));
  const hi = estimate.hi + Math.sqrt(sum((arm, q) => q * q * arm.above));
  // An infinite limit of an infinite estimate would be the difference of infinities, NaN.
  return { estimate, interval: { lo: Number.isFinite(lo) ? lo : -Infinity, hi: Number.isFinite(hi) ? hi : Infinity } };
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
  const crude = difference(
    medianEstimate(metricCell(candidate.pooled, metric)),
    medianEstimate(metricCell(baseline.pooled, metric)),
  );
  const arms = [...baseline.byStratum.keys()]
    .sort()
    .flatMap((stratum) => armsOf(stratum, baseline.byStratum.get(stratum), candidate.byStratum.get(stratum), metric));
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
