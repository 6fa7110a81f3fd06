// From runs to steps: what brings the summaries of hosts up to date. In: hosts and what of them was touched. Out: for each of
// their periods the stored summary and the one that takes its place, made of the newest samples.

import type { Backend } from "../../shared/run/backends.ts";
import { PERIOD_ALL, periodsOf, windowOf } from "../../shared/run/periods.ts";
import type {
  AggregationStore,
  FleetGeneration,
  Mark,
  StoredSummary,
  SummaryStep,
  Touched,
} from "../../shared/ports.ts";
import {
  countedCohortOf,
  GROUP_CAP,
  type GroupReplacement,
  summariseGroup,
  withGroups,
} from "../../shared/cells/host-values.ts";
import { encodeSummary } from "../../shared/cells/summary-codec.ts";
import type { HostGroup, HostSummary, RunSample } from "../../shared/summary/types.ts";
import { inLanes } from "../store/in-lanes.ts";

/** What of a host is to be brought up to date. */
export type Work = Pick<Mark, "host" | "touched">;

/** Hosts whose samples are read at the same time: the store has 64 connections, and other work than this. */
const READERS = 16;

/**
 * The steps that bring the summaries of hosts up to date. The stored summaries are read before the samples: a
 * summary that is still the same when the step is committed then rules out that anybody has committed newer samples. For
 * the same reason a step that changes nothing is a step.
 */
export async function stepsOf(
  store: AggregationStore,
  of: FleetGeneration,
  work: readonly Work[],
): Promise<SummaryStep[]> {
  const keys = work.flatMap(({ host, touched }) => periodsTouched(touched).map((period) => ({ period, host })));
  const stored = await store.summaries(of, keys);
  const before = new Map<string, Map<string, StoredSummary>>();
  stored.forEach((summary, index) => {
    const { period = "", host = "" } = keys[index] ?? {};
    before.set(host, (before.get(host) ?? new Map()).set(period, summary));
  });
  const steps = await inLanes(work, READERS, async (each) =>
    stepsOfHost(before.get(each.host) ?? new Map(), await groupsByPeriod(store, of.fleet, each)),
  );
  return steps.flat();
}

/** The steps of one host from its stored summaries by period. */
function stepsOfHost(
  stored: ReadonlyMap<string, StoredSummary>,
  groups: ReadonlyMap<string, readonly GroupReplacement[]>,
): SummaryStep[] {
  // Equal summaries of several periods become one, so that what follows from them is computed once.
  const known = new Map<string, HostSummary>();
  const shared = (summary: HostSummary): HostSummary => {
    const text = encodeSummary(summary);
    const first = known.get(text) ?? summary;
    known.set(text, first);
    return first;
  };
  return [...stored].map(([period, before]) => {
    const summary = shared(withGroups(before.summary, groups.get(period) ?? []));
    return {
      period,
      before: { ...before, summary: shared(before.summary) },
      after: { summary, cohort: countedCohortOf(summary) },
    };
  });
}

const periodsTouched = (touched: readonly Touched[]): string[] => [
  ...new Set(touched.flatMap(({ period }) => periodsOf(period))),
];

/** The groups touched in every period that is touched, summarised afresh. */
async function groupsByPeriod(
  store: AggregationStore,
  fleet: string,
  work: Work,
): Promise<Map<string, GroupReplacement[]>> {
  const byPeriod = new Map<string, GroupReplacement[]>();
  const groups = new Map(work.touched.map(({ backend, stratum }) => [`${backend}#${stratum}`, { backend, stratum }]));
  for (const { backend, stratum } of groups.values()) {
    const touched = work.touched.filter((each) => each.backend === backend && each.stratum === stratum);
    const group = { fleet, host: work.host, backend, stratum };
    const newest = await store.samples(group, windowOf(PERIOD_ALL), GROUP_CAP);
    const summarised = rememberGroups();
    for (const period of periodsTouched(touched)) {
      const samples = await samplesIn(store, group, period, newest);
      const replaced = byPeriod.get(period) ?? [];
      replaced.push({ backend, stratum, group: summarised(samples) });
      byPeriod.set(period, replaced);
    }
  }
  return byPeriod;
}

/**
 * Summarises samples of one group, those of each period once: the month, quarter, year and all of a host often hold the same.
 * Newest first, and of one stretch of time, they are told by the newest and their number.
 */
function rememberGroups(): (samples: readonly RunSample[]) => HostGroup | null {
  const remembered = new Map<string, HostGroup | null>();
  return (samples) => {
    const key = `${samples.length} ${samples[0]?.id}`;
    const group = remembered.get(key) ?? summariseGroup(samples);
    remembered.set(key, group);
    return group;
  };
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
