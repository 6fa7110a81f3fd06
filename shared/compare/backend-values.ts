import type { MetricName } from "../run/metrics.ts";
import { TICKS_PER_LOG } from "../summary/ticks.ts";
import type { BackendValue } from "./comparison.ts";
import { geometricMean } from "./heterogeneity.ts";
import { known, limits } from "./estimate.ts";
import type { Measure } from "./measure.ts";
import { quantile } from "./order-statistics.ts";

/** What one backend does in one stratum: one metric with at least one host, in units per second (statistics.md, section 5). */
function backendValue({ cell, ends: { lower, upper }, estimate, interval }: Measure): BackendValue {
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

/** The values of those metrics that any host has. */
export function backendValues(measures: ReadonlyMap<MetricName, Measure>): Partial<Record<MetricName, BackendValue>> {
  const measured = [...measures].filter(([, { cell }]) => cell.n > 0);
  return Object.fromEntries(measured.map(([metric, own]) => [metric, backendValue(own)]));
}
