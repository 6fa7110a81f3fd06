import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import type { Look } from "./summary.ts";

/** What an answer has for each metric that a look shows, in registry order. */
export function shownMetrics<T>(
  of: Readonly<Partial<Record<MetricName, T>>>,
  { metrics }: Pick<Look, "metrics">,
): (readonly [metric: MetricName, value: T])[] {
  return METRIC_NAMES.flatMap((metric) => {
    const value = of[metric];
    return value === undefined || (metrics.length > 0 && !metrics.includes(metric)) ? [] : [[metric, value] as const];
  });
}
