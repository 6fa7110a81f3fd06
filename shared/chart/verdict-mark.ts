// Verdicts in charts: a color and a shape for each, the order in which charts list them, and their counts in text.

import type { Verdict } from "../compare/verdict.ts";
import { type Judged, verdictLabel } from "../report/verdicts.ts";
import { formatCount } from "../run/format.ts";
import type { Shape } from "./scene.ts";

/** The look of a verdict: a role for its color, and a shape that says the same without color. */
interface VerdictMark {
  readonly role: "better" | "worse" | "equal" | "unclear";
  readonly shape: Shape;
}

export const VERDICT_MARKS: Readonly<Record<Verdict, VerdictMark>> = {
  faster: { role: "better", shape: "up" },
  slower: { role: "worse", shape: "down" },
  equivalent: { role: "equal", shape: "diamond" },
  inconclusive: { role: "unclear", shape: "ring" },
  "not comparable": { role: "unclear", shape: "dash" },
};

/** All verdicts, in the order in which charts list them. */
// Sound, because the record names every verdict.
export const VERDICT_ORDER = Object.keys(VERDICT_MARKS) as Verdict[];

/** The items with each verdict by its label, in the order of the verdicts. */
export function groupByVerdict<T extends Judged>(items: readonly T[]): readonly (readonly [label: string, T[]])[] {
  const sorted = VERDICT_ORDER.flatMap((verdict) => items.filter((item) => item.verdict === verdict));
  const labels = [...new Set(sorted.map(verdictLabel))];
  return labels.map((label) => [label, sorted.filter((item) => verdictLabel(item) === label)]);
}

/** How often each verdict was given, e.g. `faster in 6 metrics, slower in 1, too close to call in 5`. */
export function countVerdicts(metrics: readonly Judged[]): string {
  return groupByVerdict(metrics)
    .map(([label, { length }], index) => `${label} in ${index === 0 ? formatCount(length, "metric") : length}`)
    .join(", ");
}
