// Verdicts in reports: which metrics are shown, the words for a verdict, and how it looks in a table.

import type { Reason, Verdict } from "../compare/verdict.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import { type Cell, cell, type RenderOptions, type Tone } from "./model.ts";

/** The values of the metrics to show, in registry order. */
export function shownMetrics<T>(
  of: Readonly<Partial<Record<MetricName, T>>>,
  { metrics }: Pick<RenderOptions, "metrics">,
): (readonly [metric: MetricName, value: T])[] {
  return METRIC_NAMES.flatMap((metric) => {
    const value = of[metric];
    return value === undefined || (metrics.length > 0 && !metrics.includes(metric)) ? [] : [[metric, value] as const];
  });
}

/** A verdict and the rule that gave it. */
export interface Judged {
  readonly verdict: Verdict;
  readonly reason: Reason;
}

const LABELS: Readonly<Record<Verdict, string>> = {
  faster: "faster",
  slower: "slower",
  equivalent: "equivalent",
  inconclusive: "too close to call",
  "not comparable": "not comparable",
};

/** A verdict in words for people; JSON and CSV have the identifiers. Without a reason it is the usual label. */
export function verdictLabel({ verdict, reason }: { readonly verdict: Verdict; readonly reason?: Reason }): string {
  // With too few hosts nothing is known to be close: the ratio of a single host may be 5.
  return reason === "too_few_hosts" ? "undecided" : LABELS[verdict];
}

/** The tone of each verdict. Indications and hints have no tone, so that nobody takes them for verdicts. */
const TONES: Readonly<Record<Verdict, Tone>> = {
  faster: "better",
  slower: "worse",
  equivalent: "equal",
  inconclusive: "unclear",
  "not comparable": "incomparable",
};

/** A verdict as a cell; `mark` follows its words. */
export function verdictCell(judged: Judged, mark = ""): Cell {
  return cell(`${verdictLabel(judged)}${mark}`, TONES[judged.verdict]);
}
