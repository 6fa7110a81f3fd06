import type { Verdict } from "../compare/verdict.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import { type Cell, cell, type RenderOptions, type Tone } from "./model.ts";

/** What an answer has for each metric that a look shows, in registry order. */
export function shownMetrics<T>(
  of: Readonly<Partial<Record<MetricName, T>>>,
  { metrics }: Pick<RenderOptions, "metrics">,
): (readonly [metric: MetricName, value: T])[] {
  return METRIC_NAMES.flatMap((metric) => {
    const value = of[metric];
    return value === undefined || (metrics.length > 0 && !metrics.includes(metric)) ? [] : [[metric, value] as const];
  });
}

/** The tone of each verdict. Indications and hints have none, so that nobody takes them for one. */
const TONES: Readonly<Record<Verdict, Tone>> = {
  faster: "better",
  slower: "worse",
  equivalent: "equal",
  inconclusive: "unclear",
  "not comparable": "incomparable",
};

/** A verdict as a cell; `mark` stands behind it. */
export function verdictCell(verdict: Verdict, mark = ""): Cell {
  return cell(`${verdict}${mark}`, TONES[verdict]);
}
