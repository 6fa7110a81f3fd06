import type { Comparison } from "../compare/comparison.ts";
import type { Verdict } from "../compare/verdict.ts";
import { metricLabel } from "../run/metrics.ts";
import { countOf } from "../run/format.ts";
import { hostsOfAll } from "./host-count.ts";
import { shownMetrics } from "./shown-metrics.ts";
import type { Look } from "./summary.ts";

/** Verdicts that decide something, in words after the candidate's name. */
const DECIDED = [
  ["faster", "faster"],
  ["slower", "slower"],
  ["equivalent", "as fast at the median"],
] as const satisfies readonly (readonly [Verdict, string])[];

/**
 * What a comparison found over the fleet in one sentence, e.g. "On 9 to 40 hosts with both, blktap2 compared with
 * loop is faster in char write, block write; slower in random seeks; 9 of 12 metrics are undecided." Hosts differ from metric to metric.
 */
export function comparisonLead({ baseline, candidate, fleet }: Comparison, look: Pick<Look, "metrics">): string {
  const metrics = shownMetrics(fleet.metrics, look);
  if (metrics.every(([, { hosts }]) => hosts === 0))
    return `No host has results on both ${baseline} and ${candidate} that count: nothing to compare yet.`;
  const on = `On ${hostsOfAll(metrics.map(([, metric]) => metric))} with both`;
  const decided = DECIDED.flatMap(([verdict, word]) => {
    const names = metrics.filter(([, metric]) => metric.verdict === verdict).map(([name]) => metricLabel(name));
    return names.length === 0 ? [] : [`${word} in ${names.join(", ")}`];
  });
  const open = metrics.filter(([, { verdict }]) => !DECIDED.some(([word]) => word === verdict)).length;
  const of = `${open} of ${countOf(metrics.length, "metric")}`;
  if (decided.length === 0) return `${on}, no metric has a verdict: ${candidate} against ${baseline} is undecided.`;
  const rest = open === 0 ? "" : `; ${of} ${open === 1 ? "is" : "are"} undecided`;
  return `${on}, ${candidate} compared with ${baseline} is ${decided.join("; ")}${rest}.`;
}
