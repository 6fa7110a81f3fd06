import type { MetricCell } from "../cells/cell.ts";
import type { MetricName } from "../model/metrics.ts";
import { TICKS_PER_LOG } from "../summary/ticks.ts";
import type { BackendValue } from "./comparison.ts";
import { geometricMean } from "./heterogeneity.ts";
import { known, limits } from "./known.ts";
import { medianOf } from "./median.ts";
import { lowerEnds, quantile, upperEnds } from "./order-statistic.ts";
import { metricOf } from "./paired.ts";
import type { Merged } from "./question.ts";

function backendValue(cell: MetricCell, nEff: number): BackendValue {
  const { estimate, interval } = medianOf(cell, nEff);
  const lower = lowerEnds(cell);
  const upper = upperEnds(cell);
  const percentile = (percent: number) => known({ lo: quantile(lower, percent), hi: quantile(upper, percent) });
  return {
    hosts: cell.n,
    runs: cell.runs,
    censored_hosts: cell.n - cell.nx,
    single_run_hosts: cell.one,
    median: known(estimate),
    ci: limits(interval),
    p10: percentile(10),
    p90: percentile(90),
    geometric_mean: geometricMean(cell),
    run_sd_log: cell.wn > 0 ? Math.sqrt(cell.wv / cell.wn) / TICKS_PER_LOG : null,
  };
}

/**
 * What one backend does in one stratum, in units per second, for those of the metrics that any host has
 * (statistics section 5).
 */
export function backendValues(
  merged: Merged,
  metrics: readonly MetricName[],
): Partial<Record<MetricName, BackendValue>> {
  const measured = metrics.map((metric) => ({ metric, ...metricOf(merged, metric) })).filter(({ cell }) => cell.n > 0);
  return Object.fromEntries(measured.map(({ metric, cell, nEff }) => [metric, backendValue(cell, nEff)]));
}
