// Aggregation: pending hosts in, statistics out. For each pending host it reads the newest samples of what was touched, makes
// summaries of them, and commits the difference between what the host has contributed so far and what it contributes now. A
// lost wake-up, or a pass that runs twice, out of order or at the same time as another, never changes the result
// (docs/architecture.md).

import { UnknownQuantityError } from "../../shared/cells/codec.ts";
import { FIRST_FORM, isKnownForm } from "../../shared/cells/forms.ts";
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
  type LossReason,
  type LostStep,
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
  /** Those of the hosts of a shard that are still pending, in the same order, as they are now. */
  refresh(hosts: readonly PendingHost[]): Promise<readonly PendingHost[]>;
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
   * the steps that were not committed: read again and retry.
   */
  commit(of: FleetGeneration, shard: number, steps: readonly SummaryStep[], at: string): Promise<readonly LostStep[]>;
}

export interface AggregateDeps {
  readonly pendingHosts: PendingHosts;
  readonly statistics: StatisticsStore;
  readonly clock: Clock;
  /** Waits before the given attempt, for a random time, so that workers that collided do not collide again. */
  readonly backOff: (attempt: number) => Promise<void>;
  /** Called between batches; when true, a pass over a shard or fleet ends early and leaves the other hosts pending. */
  readonly isStopping?: () => boolean;
  /** Shards that are processed at the same time; 1 unless given. */
  readonly lanes?: number;
  /** Whether a pass takes the cohorts of a shard from the last to the first; two workers of a shard then meet in the middle. */
  readonly isBackward?: boolean;
}

/**
 * The counts of a pass: hosts that are up to date now; hosts that are still pending after too many tries; how often a host was
 * not committed because another writer had changed the same summary or cells; and how often because the table was too busy.
 */
export interface Outcome {
  readonly done: number;
  readonly left: number;
  readonly conflicts: number;
  readonly throttled: number;
}

/** The sums of outcomes. */
export const sumOutcomes = (outcomes: readonly Outcome[]): Outcome => ({
  done: outcomes.reduce((sum, { done }) => sum + done, 0),
  left: outcomes.reduce((sum, { left }) => sum + left, 0),
  conflicts: outcomes.reduce((sum, { conflicts }) => sum + conflicts, 0),
  throttled: outcomes.reduce((sum, { throttled }) => sum + throttled, 0),
});

/** A host that cannot be counted because its data are damaged, with the reason. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly host: string;

  constructor(fleet: string, host: string, reason: unknown) {
    const text = reason instanceof Error ? reason.message : String(reason);
    super(`host ${JSON.stringify(host)} of fleet ${fleet} cannot be counted: ${text}`, { cause: reason });
    this.host = host;
  }
}

/** Pending hosts of a shard that are read together, so that hosts of one cohort are processed together: they share its cells. */
const LISTED_AT_ONCE = 4000;

/**
 * Hosts that are read and committed together: enough to fill several transactions, and few enough for memory. If some of them
 * lose a race, only these are retried.
 */
const HOSTS_AT_ONCE = 100;

/** The outcome of a pass, and why hosts, or the rest of a shard, were not processed. */
export interface Drain extends Outcome {
  /** A HostError for each host with damaged data; any other error is about the store, and ended the pass over its shard. */
  readonly errors: readonly unknown[];
}

/** Whether an error says that the store is overloaded: the hosts stay pending, and nothing is wrong with them. */
export const isBusy = (error: unknown): boolean => error instanceof AppError && error.code === "slow_down";

/**
 * Processes the hosts of a shard that are pending when it starts, those of one cohort together. A host with damaged data does
 * not stop the others. Never throws for an error of the store.
 */
export async function drainShard(deps: AggregateDeps, fleet: string, shard: number): Promise<Drain> {
  const outcomes: Outcome[] = [];
  const errors: unknown[] = [];
  const processHosts = async (hosts: readonly PendingHost[]): Promise<void> => {
    try {
      outcomes.push(await aggregatePendingHosts(deps, fleet, shard, hosts));
    } catch (error) {
      if (isBusy(error)) outcomes.push({ done: 0, left: hosts.length, conflicts: 0, throttled: hosts.length });
      // An AppError is about the store, not about a host.
      if (error instanceof AppError) throw error;
      const [first] = hosts;
      const half = Math.ceil(hosts.length / 2);
      if (hosts.length === 1 && first !== undefined) errors.push(new HostError(fleet, first.host, error));
      else for (const part of [hosts.slice(0, half), hosts.slice(half)]) await processHosts(part);
    }
  };
  const processListed = async (listed: readonly PendingHost[]): Promise<void> => {
    for (const { host, fault } of listed) if (fault !== undefined) errors.push(new HostError(fleet, host, fault));
    const byCohort = listed.filter(isReadable).toSorted((a, b) => codeUnitOrder(a.cohort, b.cohort));
    if (deps.isBackward === true) byCohort.reverse();
    for (let from = 0; from < byCohort.length; from += HOSTS_AT_ONCE) {
      if (deps.isStopping?.() === true) return;
      const batch = byCohort.slice(from, from + HOSTS_AT_ONCE);
      // To process a host again that another worker has processed since would cost as much as the first time.
      await processHosts(from === 0 ? batch : (await deps.pendingHosts.refresh(batch)).filter(isReadable));
    }
  };
  try {
    let after: string | undefined;
    do {
      const listed = await deps.pendingHosts.list(fleet, shard, LISTED_AT_ONCE, after);
      await processListed(listed);
      after = listed.length < LISTED_AT_ONCE || deps.isStopping?.() === true ? undefined : listed.at(-1)?.host;
    } while (after !== undefined);
  } catch (error) {
    errors.push(error);
  }
  return { ...sumOutcomes(outcomes), errors };
}

const isReadable = ({ fault }: PendingHost): boolean => fault === undefined;

/** Drains every shard of a fleet. It starts no further shard when the store cannot be used. */
export async function drainFleet(deps: AggregateDeps, fleet: string): Promise<Drain> {
  const drains: Drain[] = [];
  let isUsable = true;
  // Shards share no item: while one lane waits for the store, another computes.
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard).values();
  const lane = async (): Promise<void> => {
    for (const shard of shards) {
      if (!isUsable || deps.isStopping?.() === true) return;
      const drain = await drainShard(deps, fleet, shard);
      drains.push(drain);
      isUsable &&= drain.errors.every((error) => error instanceof HostError || isBusy(error));
    }
  };
  await Promise.all(Array.from({ length: deps.lanes ?? 1 }, lane));
  return { ...sumOutcomes(drains), errors: drains.flatMap(({ errors }) => errors) };
}

/**
 * Processes all hosts of a fleet that are pending when it starts. A host with damaged data does not stop the others; at the
 * end its HostError is thrown, or an AggregateError of several. An error of the store takes precedence.
 */
export async function aggregateFleet(deps: AggregateDeps, fleet: string): Promise<Outcome> {
  const { errors, ...outcome } = await drainFleet(deps, fleet);
  const ofStore = errors.find((error) => !(error instanceof HostError));
  if (ofStore !== undefined) throw ofStore;
  if (errors.length > 0) throw combineErrors(errors);
  return outcome;
}

/** Errors whose messages are in the message of an AggregateError; any more are only counted there. */
const MAX_MESSAGES = 20;

/** One error for all of at least one: the only one, or an AggregateError. */
export function combineErrors(errors: readonly unknown[]): unknown {
  if (errors.length === 1) return errors[0];
  const messages = errors
    .slice(0, MAX_MESSAGES)
    .map((error) => (error instanceof Error ? error.message : String(error)));
  const more = errors.length - messages.length;
  return new AggregateError(errors, [...messages, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"));
}

const MAX_ATTEMPTS = 12;

/**
 * Processes pending hosts of one shard, in every generation that is kept up to date. The generations are read after the
 * pending hosts: so the runs of a host that became pending during a rebuild are counted in the new generation as well before
 * the host is cleared. While there is a generation that only a later version can count, hosts stay pending for that version,
 * and are done as far as this one is concerned.
 */
export async function aggregatePendingHosts(
  deps: AggregateDeps,
  fleet: string,
  shard: number,
  hosts: readonly PendingHost[],
): Promise<Outcome> {
  let left = hosts;
  let conflicts = 0;
  let throttled = 0;
  for (let attempt = 0; left.length > 0 && attempt < MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 0) {
      await deps.backOff(attempt);
      // The other writer may have processed them.
      left = (await deps.pendingHosts.refresh(left)).filter(isReadable);
    }
    const lost = new Map<string, LossReason>();
    let isCounted = true;
    for (const of of left.length === 0 ? [] : await deps.statistics.generations(fleet)) {
      const lostHere = await updateInGeneration(deps, of, shard, left);
      isCounted &&= lostHere !== null;
      for (const [host, reason] of lostHere ?? []) lost.set(host, reason);
    }
    if (isCounted) await deps.pendingHosts.clear(left.filter(({ host }) => !lost.has(host)));
    left = left.filter(({ host }) => lost.has(host));
    const busy = left.filter(({ host }) => lost.get(host) === "throttled").length;
    throttled += busy;
    conflicts += left.length - busy;
  }
  return { done: hosts.length - left.length, left: left.length, conflicts, throttled };
}

/** Updates hosts in one generation, as `updateHosts` does; null if only a later version can count that generation. */
async function updateInGeneration(
  deps: AggregateDeps,
  of: FleetGeneration,
  shard: number,
  hosts: readonly PendingHost[],
): Promise<ReadonlyMap<string, LossReason> | null> {
  if (!isKnownForm(of.form ?? FIRST_FORM)) return null;
  try {
    return await updateHosts(deps, of, shard, hosts);
  } catch (error) {
    if (error instanceof UnknownQuantityError) return null;
    throw error;
  }
}

/** A host, with the periods and groups of it that are to be updated. */
export type Work = Pick<PendingHost, "host" | "touched">;

/** Updates hosts of one shard in one generation; returns those that were not committed, with the reason. */
export async function updateHosts(
  deps: Pick<AggregateDeps, "statistics" | "clock">,
  of: FleetGeneration,
  shard: number,
  work: readonly Work[],
): Promise<ReadonlyMap<string, LossReason>> {
  const steps = await makeSteps(deps.statistics, of, work);
  const lost = await deps.statistics.commit(of, shard, steps, new Date(deps.clock()).toISOString());
  return new Map(lost.map(({ step, reason }) => [step.after.summary.host, reason]));
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

/**
 * The newest samples of a period. They are taken from `newest`, the newest `GROUP_CAP` of all time, unless this may lack some:
 * only where it is full, and it neither ends within the period nor reaches back to before it.
 */
export async function readSamples(
  store: Pick<StatisticsStore, "samples">,
  group: { fleet: string; host: string; backend: Backend; stratum: string },
  period: string,
  newest: readonly RunSample[],
): Promise<readonly RunSample[]> {
  const { from, to } = periodWindow(period);
  const [first] = newest;
  const last = newest.at(-1);
  if (
    newest.length === GROUP_CAP &&
    first !== undefined &&
    last !== undefined &&
    first.finished_at >= to &&
    last.finished_at >= from
  ) {
    return store.samples(group, { from, to }, GROUP_CAP);
  }
  return newest.filter(({ finished_at }) => finished_at >= from && finished_at < to);
}
