// Verdicts in charts: a color and a shape for each, the order in which charts list them, and their counts in words.

import type { Verdict } from "../compare/verdict.ts";
import { VERDICT_LABELS } from "../report/verdicts.ts";
import { countOf } from "../run/format.ts";
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

/** How often each verdict was given, e.g. `faster in 6 metrics, slower in 1, too close to call in 5`. */
export function countVerdicts(verdicts: readonly Verdict[]): string {
  const counts = VERDICT_ORDER.map((verdict) => [verdict, verdicts.filter((each) => each === verdict).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([verdict, count], index) => `${VERDICT_LABELS[verdict]} in ${index === 0 ? countOf(count, "metric") : count}`)
    .join(", ");
}
