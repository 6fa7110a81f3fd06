// Aggregation: pending hosts in, statistics out. For each pending host it reads the newest samples of what was touched, makes
// summaries of them, and commits the difference between what the host has contributed so far and what it contributes now. A
// lost wake-up, or a pass that runs twice, out of order or at the same time as another, never changes the result
// (docs/architecture.md).

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
import {
  encodeSummary,
  type FleetGeneration,
  type StoredSummary,
  type SummaryStep,
} from "../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import type { Backend } from "../../shared/run/backends.ts";
import type { PendingHost, TouchedPeriod } from "../../shared/run/pending-host.ts";
import { type Clock, enclosingPeriods, PERIOD_ALL, periodWindow } from "../../shared/run/periods.ts";
import { codeUnitOrder } from "../../shared/run/text.ts";
import { mapConcurrent } from "../runtime/map-concurrent.ts";

/** The pending hosts of fleets. */
export interface PendingHosts {
  /** Up to `limit` pending hosts of a shard in the order of their names, after the host `after`. */
  list(fleet: string, shard: number, limit: number, after?: string): Promise<readonly PendingHost[]>;
  /** Removes pending hosts, except those that became pending again since they were read. */
  clear(hosts: readonly PendingHost[]): Promise<void>;
}

/** The statistics of fleets, and the samples that they are computed from. */
interface StatisticsStore {
  /**
   * The generations that aggregation keeps up to date: the active one, and the one that a rebuild is making. To be read
   * after the pending hosts: a rebuild itself counts the hosts that became pending before its generation was known.
   */
  generations(fleet: string): Promise<readonly FleetGeneration[]>;
  /** The newest `limit` samples of a group whose `finished_at` is in the window, newest first. */
  samples(
    group: { readonly fleet: string; readonly host: string; readonly backend: Backend; readonly stratum: string },
    window: { readonly from: string; readonly to: string },
    limit: number,
  ): Promise<readonly RunSample[]>;
  /** The stored summaries, in the order of the keys; an empty one with version null where nothing is stored. */
  summaries(
    of: FleetGeneration,
    keys: readonly { readonly period: string; readonly host: string }[],
  ): Promise<readonly StoredSummary[]>;
  /**
   * Commits the steps of hosts of one shard. Of each step it stores the new summary, and subtracts the old contributions
   * from the cells and adds the new ones: all of it or nothing. A step that changes nothing still gets a new version. Gives
   * the steps that were not committed because another writer changed what they read: read again and retry.
   */
  commit(
    of: FleetGeneration,
    shard: number,
    steps: readonly SummaryStep[],
    at: string,
  ): Promise<readonly SummaryStep[]>;
}

export interface AggregateDeps {
  readonly pendingHosts: PendingHosts;
  readonly statistics: StatisticsStore;
  readonly clock: Clock;
  /** Waits before the given attempt, for a random time, so that workers that collided do not collide again. */
  readonly backOff: (attempt: number) => Promise<void>;
  /** Called between batches; when true, a pass over a fleet ends early and leaves the other hosts pending. */
  readonly isStopping?: () => boolean;
  /** Shards that are processed at the same time; 1 unless given. */
  readonly lanes?: number;
}

/**
 * The counts of a pass: hosts that are up to date now, hosts that are still pending after too many conflicts, and how often a
 * host was retried because another writer had changed the same summary or cells.
 */
export interface Outcome {
  readonly done: number;
  readonly left: number;
  readonly conflicts: number;
}

/** A host that cannot be counted because its data are damaged, with the reason. */
export class HostError extends Error {
  override readonly name = "HostError";

  constructor(fleet: string, host: string, reason: unknown) {
    const text = reason instanceof Error ? reason.message : String(reason);
    super(`host ${JSON.stringify(host)} of fleet ${fleet} cannot be counted: ${text}`, { cause: reason });
  }
}

/** Pending hosts of a shard that are read together, so that hosts of one cohort are processed together: they share its cells. */
const LISTED_AT_ONCE = 4000;

/**
 * Hosts that are read and committed together: enough to fill several transactions, and few enough for memory. If some of them
 * lose a race, only these are retried.
 */
const HOSTS_AT_ONCE = 100;

/**
 * Processes all hosts of a fleet that are pending when it starts. A host with damaged data does not stop the others; at the
 * end its HostError is thrown, or an AggregateError of several.
 */
export async function aggregateFleet(deps: AggregateDeps, fleet: string): Promise<Outcome> {
  const outcome = { done: 0, left: 0, conflicts: 0 };
  const errors: HostError[] = [];
  const processHosts = async (shard: number, hosts: readonly PendingHost[]): Promise<void> => {
    try {
      const { done, left, conflicts } = await aggregatePendingHosts(deps, fleet, shard, hosts);
      outcome.done += done;
      outcome.left += left;
      outcome.conflicts += conflicts;
    } catch (error) {
      // An AppError is about the store, not about a host.
      if (error instanceof AppError) throw error;
      const [first] = hosts;
      if (hosts.length === 1 && first !== undefined) errors.push(new HostError(fleet, first.host, error));
      else for (const host of hosts) await processHosts(shard, [host]);
    }
  };
  const processShard = async (shard: number): Promise<void> => {
    let after: string | undefined;
    do {
      const listed = await deps.pendingHosts.list(fleet, shard, LISTED_AT_ONCE, after);
      for (const { host, fault } of listed) if (fault !== undefined) errors.push(new HostError(fleet, host, fault));
      const readable = listed.filter(({ fault }) => fault === undefined);
      const byCohort = readable.toSorted((a, b) => codeUnitOrder(a.cohort, b.cohort));
      for (let from = 0; from < byCohort.length; from += HOSTS_AT_ONCE) {
        if (deps.isStopping?.() === true) return;
        await processHosts(shard, byCohort.slice(from, from + HOSTS_AT_ONCE));
      }
      after = listed.length < LISTED_AT_ONCE ? undefined : listed.at(-1)?.host;
    } while (after !== undefined);
  };
  // Shards share no item: while one lane waits for the store, another computes.
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard).values();
  const lane = async (): Promise<void> => {
    for (const shard of shards) {
      if (deps.isStopping?.() === true) return;
      await processShard(shard);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: deps.lanes ?? 1 }, lane));
  const failed = lanes.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  if (errors.length > 1) throw new AggregateError(errors, errors.map(({ message }) => message).join("\n"));
  if (errors.length > 0) throw errors[0];
  return outcome;
}

const MAX_ATTEMPTS = 12;

/**
 * Processes pending hosts of one shard, in every generation that is kept up to date. The generations are read after the
 * pending hosts: so the runs of a host that became pending during a rebuild are counted in the new generation as well before
 * the host is cleared.
 */
export async function aggregatePendingHosts(
  deps: AggregateDeps,
  fleet: string,
  shard: number,
  hosts: readonly PendingHost[],
): Promise<Outcome> {
  let left = hosts;
  let conflicts = 0;
  for (let attempt = 0; left.length > 0 && attempt < MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 0) await deps.backOff(attempt);
    const lost = new Set<string>();
    for (const of of await deps.statistics.generations(fleet)) {
      for (const host of await updateHosts(deps, of, shard, left)) lost.add(host);
    }
    await deps.pendingHosts.clear(left.filter(({ host }) => !lost.has(host)));
    left = left.filter(({ host }) => lost.has(host));
    conflicts += left.length;
  }
  return { done: hosts.length - left.length, left: left.length, conflicts };
}

/** A host, with the periods and groups of it that are to be updated. */
export type Work = Pick<PendingHost, "host" | "touched">;

/** Updates hosts of one shard in one generation; returns those that another writer has changed at the same time. */
export async function updateHosts(
  deps: Pick<AggregateDeps, "statistics" | "clock">,
  of: FleetGeneration,
  shard: number,
  work: readonly Work[],
): Promise<ReadonlySet<string>> {
  const steps = await makeSteps(deps.statistics, of, work);
  const lost = await deps.statistics.commit(of, shard, steps, new Date(deps.clock()).toISOString());
  return new Set(lost.map(({ after }) => after.summary.host));
}

// Steps: for each period of a host, the stored summary and the one that replaces it, made of the newest samples.

/** Hosts whose samples are read at the same time: the store has 64 connections, and other work as well. */
const READERS = 16;

/**
 * The steps that update the summaries of hosts. The stored summaries are read before the samples: if a summary is unchanged
 * when its step is committed, nobody has committed newer samples in between. For the same reason, a step that changes nothing
 * is committed too.
 */
async function makeSteps(store: StatisticsStore, of: FleetGeneration, work: readonly Work[]): Promise<SummaryStep[]> {
  const keys = work.flatMap(({ host, touched }) => periodsTouched(touched).map((period) => ({ period, host })));
  const stored = await store.summaries(of, keys);
  const before = new Map<string, Map<string, StoredSummary>>();
  stored.forEach((summary, index) => {
    const { period = "", host = "" } = keys[index] ?? {};
    before.set(host, (before.get(host) ?? new Map()).set(period, summary));
  });
  const steps = await mapConcurrent(work, READERS, async (each) =>
    makeHostSteps(before.get(each.host) ?? new Map(), await groupsByPeriod(store, of.fleet, each)),
  );
  return steps.flat();
}

/** The steps of one host from its stored summaries by period. */
function makeHostSteps(
  stored: ReadonlyMap<string, StoredSummary>,
  groups: ReadonlyMap<string, readonly GroupReplacement[]>,
): SummaryStep[] {
  // Equal summaries of several periods become one object, so that their contributions are computed once.
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

const periodsTouched = (touched: readonly TouchedPeriod[]): string[] => [
  ...new Set(touched.flatMap(({ period }) => enclosingPeriods(period))),
];

/** The touched groups of a host in every touched period, summarized from their samples. */
async function groupsByPeriod(
  store: StatisticsStore,
  fleet: string,
  work: Work,
): Promise<Map<string, GroupReplacement[]>> {
  const byPeriod = new Map<string, GroupReplacement[]>();
  const groups = new Map(work.touched.map(({ backend, stratum }) => [`${backend}#${stratum}`, { backend, stratum }]));
  for (const { backend, stratum } of groups.values()) {
    const touched = work.touched.filter((each) => each.backend === backend && each.stratum === stratum);
    const group = { fleet, host: work.host, backend, stratum };
    const newest = await store.samples(group, periodWindow(PERIOD_ALL), GROUP_CAP);
    const summarize = makeGroupSummarizer();
    for (const period of periodsTouched(touched)) {
      const samples = await readSamples(store, group, period, newest);
      const replaced = byPeriod.get(period) ?? [];
      replaced.push({ backend, stratum, group: summarize(samples) });
      byPeriod.set(period, replaced);
    }
  }
  return byPeriod;
}

/**
 * Summarizes samples of one group, equal ones once: the month, quarter, year and all time of a host often have the same. Both
 * lists are the newest first of one window of time, so their first sample and their number identify them.
 */
function makeGroupSummarizer(): (samples: readonly RunSample[]) => HostGroup | null {
  const cache = new Map<string, HostGroup | null>();
  return (samples) => {
    const key = `${samples.length} ${samples[0]?.id}`;
    const group = cache.get(key) ?? summarizeGroup(samples);
    cache.set(key, group);
    return group;
  };
}

/** The newest samples of a period. They are taken from `newest` where that has all samples of the group. */
async function readSamples(
  store: StatisticsStore,
  group: { fleet: string; host: string; backend: Backend; stratum: string },
  period: string,
  newest: readonly RunSample[],
): Promise<readonly RunSample[]> {
  const window = periodWindow(period);
  if (newest.length === GROUP_CAP && period !== PERIOD_ALL) return store.samples(group, window, GROUP_CAP);
  return newest.filter(({ finished_at }) => finished_at >= window.from && finished_at < window.to);
}
