import type { Comparison } from "../compare/comparison.ts";
import type { MetricName } from "../model/metrics.ts";
import type { Scene } from "./scene.ts";

/** One metric of a comparison in a single line, e.g. `blktap2 vs loop: block write 2.1x (2.0-2.2)`. */
export function badge(comparison: Comparison, metric: MetricName): Scene {
  return { width: 1, height: 1, title: `${comparison.candidate} ${metric}`, desc: "", items: [] };
}
