// Aggregation: work marks in, cells out. For each marked host it reads the newest runs of what was touched, summarises
// them, and commits the difference between what the host has contributed so far and what it contributes now. Losing a
// wake-up, running twice, out of order or at the same time never changes the result (design, principle 5).

import { BUCKETS } from "../../shared/deployment.ts";
import type { Backend } from "../../shared/model/backends.ts";
import { PERIOD_ALL, periodsOf, windowOf } from "../../shared/model/period.ts";
import type { AggregationStore, Clock, Mark, StoredSummary, SummaryStep } from "../../shared/ports.ts";
import {
  cohortOf,
  GROUP_CAP,
  type GroupReplacement,
  summariseGroup,
  withGroups,
} from "../../shared/summary/summarise.ts";
import { encodeSummary } from "../../shared/summary/summary-codec.ts";
import type { RunSample } from "../../shared/summary/types.ts";

export interface AggregateDeps {
  readonly store: AggregationStore;
  readonly clock: Clock;
  /** Waits before the given try, at random, so that workers that met once do not meet again. */
  readonly backOff: (attempt: number) => Promise<void>;
}

/** What a pass did: hosts brought up to date, and hosts left marked because others kept getting in the way. */
export interface Outcome {
  readonly done: number;
  readonly left: number;
}

/** Hosts that are read and committed together: enough to share cells, few enough to keep a lost race cheap. */
const HOSTS_AT_ONCE = 25;
const TRIES = 12;

/** Works off all marks of a fleet that are open when it starts. */
export async function aggregateFleet(deps: AggregateDeps, fleet: string): Promise<Outcome> {
  let done = 0;
  let left = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    let after: string | undefined;
    do {
      const marks = await deps.store.marks(fleet, bucket, HOSTS_AT_ONCE, after);
      const outcome = await aggregateMarks(deps, fleet, bucket, marks);
      done += outcome.done;
      left += outcome.left;
      after = marks.length < HOSTS_AT_ONCE ? undefined : marks.at(-1)?.host;
    } while (after !== undefined);
  }
  return { done, left };
}

/** Works off marks of hosts of one bucket. */
export async function aggregateMarks(
  deps: AggregateDeps,
  fleet: string,
  bucket: number,
  marks: readonly Mark[],
): Promise<Outcome> {
  let open = marks;
  for (let attempt = 0; open.length > 0 && attempt < TRIES; attempt += 1) {
    if (attempt > 0) await deps.backOff(attempt);
    const steps = await stepsOf(deps.store, fleet, open);
    const lost = await deps.store.commit(fleet, bucket, steps, new Date(deps.clock()).toISOString());
    const lostHosts = new Set(lost.map(({ after }) => after.summary.host));
    await Promise.all(open.filter(({ host }) => !lostHosts.has(host)).map((mark) => deps.store.clear(mark)));
    open = open.filter(({ host }) => lostHosts.has(host));
  }
  return { done: marks.length - open.length, left: open.length };
}

/** The steps that bring the summaries of the marked hosts up to date; none where nothing changes. */
async function stepsOf(store: AggregationStore, fleet: string, marks: readonly Mark[]): Promise<SummaryStep[]> {
  const replacements = (await Promise.all(marks.map((mark) => replacementsOf(store, mark)))).flat();
  const stored = await store.summaries(fleet, replacements);
  return replacements.flatMap(({ period, groups }, index) => {
    const before = stored[index];
    return before === undefined ? [] : stepOf(period, before, groups);
  });
}

function stepOf(period: string, before: StoredSummary, groups: readonly GroupReplacement[]): SummaryStep[] {
  const summary = withGroups(before.summary, groups);
  if (encodeSummary(summary) === encodeSummary(before.summary)) return [];
  return [{ period, before, after: { summary, cohort: cohortOf(summary) } }];
}

interface PeriodReplacement {
  readonly period: string;
  readonly host: string;
  readonly groups: readonly GroupReplacement[];
}

/** For every period that the mark's months belong to: the groups touched in it, summarised afresh. */
async function replacementsOf(store: AggregationStore, mark: Mark): Promise<PeriodReplacement[]> {
  const groupsOfPeriod = new Map<string, GroupReplacement[]>();
  const groups = new Map(mark.touched.map(({ backend, stratum }) => [`${backend}#${stratum}`, { backend, stratum }]));
  for (const { backend, stratum } of groups.values()) {
    const group = { fleet: mark.fleet, host: mark.host, backend, stratum };
    const newest = await store.samples(group, windowOf(PERIOD_ALL), GROUP_CAP);
    const months = mark.touched.filter((touched) => touched.backend === backend && touched.stratum === stratum);
    for (const period of new Set(months.flatMap(({ month }) => periodsOf(month)))) {
      const samples = await samplesIn(store, group, period, newest);
      const replaced = groupsOfPeriod.get(period) ?? [];
      replaced.push({ backend, stratum, group: summariseGroup(samples) });
      groupsOfPeriod.set(period, replaced);
    }
  }
  return [...groupsOfPeriod].map(([period, replaced]) => ({ period, host: mark.host, groups: replaced }));
}

/** The newest samples of a period. Where all of a group's samples are at hand, those of the period are among them. */
async function samplesIn(
  store: AggregationStore,
  group: { fleet: string; host: string; backend: Backend; stratum: string },
  period: string,
  newest: readonly RunSample[],
): Promise<readonly RunSample[]> {
  const window = windowOf(period);
  if (newest.length === GROUP_CAP && period !== PERIOD_ALL) return store.samples(group, window, GROUP_CAP);
  return newest.filter(({ finished_at }) => finished_at >= window.from && finished_at < window.to);
}
