// Hosts that ran one backend only. They say something about the backends as well, but mixed up with which hosts got
// which backend; so they give an indication beside the paired comparison and never a verdict (statistics.md, section 7).

import { addBins } from "../cells/bins.ts";
import { emptyMetricCell } from "../cells/metric-cell.ts";
import { codeUnitOrder } from "../model/code-unit-order.ts";
import type { MetricName } from "../run/metrics.ts";
import type { Measure } from "./measure.ts";
import { type Interval, medianEstimate, UNKNOWN } from "./median.ts";
import { contrast, difference, mover, type WeightedContrast } from "./mover.ts";
import { endsOf } from "./order-statistics.ts";

/** The metrics of one backend by stratum. */
export type BackendStrata = ReadonlyMap<string, ReadonlyMap<MetricName, Measure>>;

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

/**
 * The median of the host values of all strata thrown together. Adds only what a median needs: over many strata of a
 * large fleet the sum of squares would leave the exact integers.
 */
function pooledMedian(strata: BackendStrata, metric: MetricName): Interval {
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
