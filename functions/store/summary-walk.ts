// A walk from one host summary to another in small steps. A host with very many backends or strata changes more cells at
// once than one transaction may write. Any summary is a valid state, as long as the cells hold exactly its contributions,
// so the way may lead over states that differ in one group only; being stopped half way leaves nothing wrong, only a mark.

import type { Cohort } from "../../shared/model/cohort.ts";
import { withGroups } from "../../shared/summary/summarise.ts";
import type { HostGroup, HostSummary } from "../../shared/summary/types.ts";

/** A summary with the cohort it counts in. */
export interface SummaryState {
  readonly summary: HostSummary;
  readonly cohort: Cohort;
}

/** The states after `from`, the last of which is `to`; neighbours differ in at most one group, or are in one cohort. */
export function walk(from: SummaryState, to: SummaryState): SummaryState[] {
  const states: SummaryState[] = [];
  let { summary } = from;
  const replace = (group: HostGroup, by: HostGroup | null, cohort: Cohort) => {
    summary = withGroups(summary, [{ backend: group.backend, stratum: group.stratum, group: by }]);
    states.push({ summary, cohort });
  };
  const wanted = new Map(to.summary.groups.map((group) => [`${group.stratum}#${group.backend}`, group]));
  const moves = JSON.stringify(from.cohort) !== JSON.stringify(to.cohort);
  for (const group of from.summary.groups) {
    if (moves || !wanted.has(`${group.stratum}#${group.backend}`)) replace(group, null, from.cohort);
  }
  for (const group of to.summary.groups) replace(group, group, to.cohort);
  return states;
}
