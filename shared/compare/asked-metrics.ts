import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";

/** The metrics asked for in registry order; all of them when none is named. */
export function askedMetrics(metrics: readonly MetricName[]): readonly MetricName[] {
  return metrics.length === 0 ? METRIC_NAMES : METRIC_NAMES.filter((name) => metrics.includes(name));
}
