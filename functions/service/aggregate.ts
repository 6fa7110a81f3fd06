// Aggregation: work marks in, cells out. For each marked host it reads the newest runs of what was touched, summarises
// them, and commits the difference between what the host has contributed so far and what it contributes now. Losing a
// wake-up, running twice, out of order or at the same time never changes the result (design, principle 5).

import {
  computeCountedCohort,
  GROUP_CAP,
  type GroupReplacement,
  type HostGroup,
  type HostSummary,
  type RunSample,
  summarizeGroup,
  withGroups,
} from "../../shared/cells/host-values.ts";
import { encodeSummary } from "../../shared/cells/summary-codec.ts";
import { BUCKETS } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import type {
  AggregationStore,
  Clock,
  FleetGeneration,
  PendingHost,
  StoredSummary,
  SummaryStep,
  Touched,
} from "../../shared/ports.ts";
import type { Backend } from "../../shared/run/backends.ts";
import { enclosingPeriods, PERIOD_ALL, periodWindow } from "../../shared/run/periods.ts";
import { codeUnitOrder } from "../../shared/run/text.ts";
import { mapConcurrent } from "../store/in-lanes.ts";

// From runs to steps: what brings the summaries of hosts up to date. In: hosts and what of them was touched. Out: for each of
// their periods the stored summary and the one that takes its place, made of the newest samples.

/** What of a host is to be brought up to date. */
export type Work = Pick<PendingHost, "host" | "touched">;

/** Hosts whose samples are read at the same time: the store has 64 connections, and other work than this. */
const READERS = 16;

/**
 * The steps that bring the summaries of hosts up to date. The stored summaries are read before the samples: a
 * summary that is still the same when the step is committed then rules out that anybody has committed newer samples. For
 * the same reason a step that changes nothing is a step.
 */
async function stepsOf(store: AggregationStore, of: FleetGeneration, work: readonly Work[]): Promise<SummaryStep[]> {
  const keys = work.flatMap(({ host, touched }) => periodsTouched(touched).map((period) => ({ period, host })));
  const stored = await store.summaries(of, keys);
  const before = new Map<string, Map<string, StoredSummary>>();
  stored.forEach((summary, index) => {
    const { period = "", host = "" } = keys[index] ?? {};
    before.set(host, (before.get(host) ?? new Map()).set(period, summary));
  });
  const steps = await mapConcurrent(work, READERS, async (each) =>
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
      after: { summary, cohort: computeCountedCohort(summary) },
    };
  });
}

const periodsTouched = (touched: readonly Touched[]): string[] => [
  ...new Set(touched.flatMap(({ period }) => enclosingPeriods(period))),
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
    const newest = await store.samples(group, periodWindow(PERIOD_ALL), GROUP_CAP);
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
    const group = remembered.get(key) ?? summarizeGroup(samples);
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
  const window = periodWindow(period);
  if (newest.length === GROUP_CAP && period !== PERIOD_ALL) return store.samples(group, window, GROUP_CAP);
  return newest.filter(({ finished_at }) => finished_at >= window.from && finished_at < window.to);
}

export interface AggregateDeps {
  readonly store: AggregationStore;
  readonly clock: Clock;
  /** Waits before the given try, at random, so that workers that met once do not meet again. */
  readonly backOff: (attempt: number) => Promise<void>;
  /** Asked between batches; once true, a pass over a fleet ends early and leaves the other marks open. */
  readonly isStopping?: () => boolean;
  /** Buckets that are worked off at the same time; one unless given. */
  readonly lanes?: number;
}

/**
 * What a pass did: hosts brought up to date, hosts left marked because others kept getting in the way, and how often a host
 * had to be tried again because somebody else had changed what it adds to meanwhile.
 */
export interface Outcome {
  readonly done: number;
  readonly left: number;
  readonly conflicts: number;
}

/** Marks of a bucket that are read together, to work off hosts of one cohort together: those share its cells. */
const MARKS_AT_ONCE = 4000;

/**
 * Hosts that are read and committed together: some transactions full, and few enough to be held in memory at once. A race
 * lost by some of them costs those alone.
 */
const HOSTS_AT_ONCE = 100;

const TRIES = 12;

/** A host that cannot be brought up to date, because something of it is damaged: by name, with the reason. */
export class HostError extends Error {
  override readonly name = "HostError";

  constructor(fleet: string, host: string, reason: unknown) {
    const said = reason instanceof Error ? reason.message : String(reason);
    super(`host ${JSON.stringify(host)} of fleet ${fleet} cannot be counted: ${said}`, { cause: reason });
  }
}

/**
 * Works off all marks of a fleet that are open when it starts. A host that cannot be brought up to date, because something
 * of it is damaged, does not hold up the others; at the end its HostError is thrown, or an AggregateError of several.
 */
export async function aggregateFleet(deps: AggregateDeps, fleet: string): Promise<Outcome> {
  const outcome = { done: 0, left: 0, conflicts: 0 };
  const faults: HostError[] = [];
  const workOff = async (bucket: number, marks: readonly PendingHost[]): Promise<void> => {
    try {
      const { done, left, conflicts } = await aggregatePendingHosts(deps, fleet, bucket, marks);
      outcome.done += done;
      outcome.left += left;
      outcome.conflicts += conflicts;
    } catch (error) {
      // An AppError is about the store, not about a host.
      if (error instanceof AppError) throw error;
      const [first] = marks;
      if (marks.length === 1 && first !== undefined) faults.push(new HostError(fleet, first.host, error));
      else for (const mark of marks) await workOff(bucket, [mark]);
    }
  };
  const workOffBucket = async (bucket: number): Promise<void> => {
    let after: string | undefined;
    do {
      const marks = await deps.store.marks(fleet, bucket, MARKS_AT_ONCE, after);
      for (const { host, fault } of marks) if (fault !== undefined) faults.push(new HostError(fleet, host, fault));
      const whole = marks.filter(({ fault }) => fault === undefined);
      const byCohort = whole.toSorted((a, b) => codeUnitOrder(a.cohort, b.cohort));
      for (let from = 0; from < byCohort.length; from += HOSTS_AT_ONCE) {
        if (deps.isStopping?.() === true) return;
        await workOff(bucket, byCohort.slice(from, from + HOSTS_AT_ONCE));
      }
      after = marks.length < MARKS_AT_ONCE ? undefined : marks.at(-1)?.host;
    } while (after !== undefined);
  };
  // Buckets share no item: while one lane waits for the store, the other computes.
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket).values();
  const lane = async (): Promise<void> => {
    for (const bucket of buckets) {
      if (deps.isStopping?.() === true) return;
      await workOffBucket(bucket);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: deps.lanes ?? 1 }, lane));
  const refused = lanes.find((each) => each.status === "rejected");
  if (refused !== undefined) throw refused.reason;
  if (faults.length > 1) throw new AggregateError(faults, faults.map(({ message }) => message).join("\n"));
  if (faults.length > 0) throw faults[0];
  return outcome;
}

/**
 * Works off marks of hosts of one bucket, in every generation that is kept up to date. Which these are is asked after the
 * marks were read: whoever clears a mark that was written during a rebuild then has counted its runs there as well.
 */
export async function aggregatePendingHosts(
  deps: AggregateDeps,
  fleet: string,
  bucket: number,
  marks: readonly PendingHost[],
): Promise<Outcome> {
  let open = marks;
  let conflicts = 0;
  for (let attempt = 0; open.length > 0 && attempt < TRIES; attempt += 1) {
    if (attempt > 0) await deps.backOff(attempt);
    const lost = new Set<string>();
    for (const of of await deps.store.generations(fleet)) {
      for (const host of await bringUpToDate(deps, of, bucket, open)) lost.add(host);
    }
    await deps.store.clear(open.filter(({ host }) => !lost.has(host)));
    open = open.filter(({ host }) => lost.has(host));
    conflicts += open.length;
  }
  return { done: marks.length - open.length, left: open.length, conflicts };
}

/** Brings hosts of one bucket up to date in one generation; gives those where somebody else got in the way. */
export async function bringUpToDate(
  deps: Pick<AggregateDeps, "store" | "clock">,
  of: FleetGeneration,
  bucket: number,
  work: readonly Work[],
): Promise<ReadonlySet<string>> {
  const steps = await stepsOf(deps.store, of, work);
  const lost = await deps.store.commit(of, bucket, steps, new Date(deps.clock()).toISOString());
  return new Set(lost.map(({ after }) => after.summary.host));
}
