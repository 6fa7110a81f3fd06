import type { Verdict } from "../compare/verdict.ts";
import { countOf } from "../run/format.ts";
import { VERDICT_MARKS } from "./verdict-mark.ts";

/** How often each verdict was given, e.g. `faster in 6 metrics, slower in 1, inconclusive in 5`. */
export function verdictCount(verdicts: readonly Verdict[]): string {
  const counts = ORDER.map((verdict) => [verdict, verdicts.filter((each) => each === verdict).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([verdict, count], index) => `${verdict} in ${index === 0 ? countOf(count, "metric") : count}`)
    .join(", ");
}

// The record names every verdict, in the order in which they are told.
const ORDER = Object.keys(VERDICT_MARKS) as Verdict[];
