// A walk from one host summary to another in small steps. A host with very many backends or strata changes more cells at
// once than one transaction may write. Any summary is a valid state, as long as the cells hold exactly its contributions,
// so the way may lead over states that differ in one group only; being stopped half way leaves nothing wrong, only a mark.

import type { CountedCohort } from "../../shared/run/cohort.ts";
import { withGroups } from "../../shared/cells/host-values.ts";
import { encodeSummary } from "../../shared/cells/summary-codec.ts";
import type { HostGroup, HostSummary } from "../../shared/summary/types.ts";
import { cohortHash } from "./keys.ts";

/** A summary with the cohort it counts in. */
export interface SummaryState {
  readonly summary: HostSummary;
  readonly cohort: CountedCohort;
}

/** The states after `from`, the last of which is `to`; neighbours differ in one group, and in the cohort only if empty. */
export function walk(from: SummaryState, to: SummaryState): SummaryState[] {
  const states: SummaryState[] = [];
  const moves = cohortHash(from.cohort) !== cohortHash(to.cohort);
  let { summary } = from;
  const go = ({ backend, stratum }: HostGroup, group: HostGroup | null, cohort: CountedCohort) => {
    const next = withGroups(summary, [{ backend, stratum, group }]);
    if (encodeSummary(next) === encodeSummary(summary)) return;
    summary = next;
    states.push({ summary, cohort });
  };
  const kept = new Set(to.summary.groups.map(({ backend, stratum }) => `${backend}#${stratum}`));
  for (const group of from.summary.groups) {
    if (moves || !kept.has(`${group.backend}#${group.stratum}`)) go(group, null, from.cohort);
  }
  for (const group of to.summary.groups) go(group, group, to.cohort);
  return states;
}
