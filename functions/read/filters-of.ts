import type { Question } from "../../shared/compare/question.ts";
import { COHORT_KEYS, type CohortKey } from "../../shared/run/cohort.ts";

/** The cohort filters among the parameters of a query. */
export function filtersOf(
  query: Readonly<Partial<Record<CohortKey, readonly string[] | undefined>>>,
): Question["filters"] {
  return Object.fromEntries(COHORT_KEYS.flatMap((key) => (query[key] === undefined ? [] : [[key, query[key]]])));
}
