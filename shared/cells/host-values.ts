// Host values: what one host measured in one period. In: samples, the few numbers of each run that statistics need, in any
// order. Out: a host summary with one group for each stratum and backend, from which `contribution.ts` derives everything
// that the host adds to cells. A group depends on its own samples only, so replacing the changed groups of a stored summary
// gives the summary that a batch over all samples gives. All numbers are integers (ticks), so that a summary read from the
// store equals the summary written. Source: statistics.md, sections 1 and 2.

import type { Backend } from "../run/backends.ts";
import { COHORT_KEYS, type Cohort, type CohortKey, type CountedCohort, OTHER_COHORT } from "../run/cohort.ts";
import { codeUnitOrder } from "../run/text.ts";
import { QUANTITIES } from "./quantities.ts";
import { firstStated, type Setup } from "./setup.ts";

/** One quantity of one run: `ticks` is the value, or the bound that it is strictly above if censored. */
export interface Sample {
  readonly ticks: number;
  readonly censored: boolean;
}

/** What statistics need of a run; a pure function of the stored run (`toSample`). */
export interface RunSample {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly finished_at: string;
  /** ISO 8601 UTC; usually a little later, earlier if the clock of the host is ahead. */
  readonly received_at: string;
  readonly backend: Backend;
  readonly stratum: string;
  /** In the order of the quantities; null if the test was not run, or if the value is unknown or has no logarithm. */
  readonly values: readonly (Sample | null)[];
  /** Ids of the rules that made the run `cached` or `probably-cached`; empty for other runs. */
  readonly cached: readonly string[];
  readonly small_file: boolean;
  readonly bound_mismatch: boolean;
  /** Cohort attributes that were sent with the run. */
  readonly cohort: Readonly<Partial<Record<CohortKey, string>>>;
  /** Set if they exceed what the run's token may name. */
  readonly capped?: true;
  readonly setup: Setup;
}

/**
 * One quantity of one host on one backend (statistics.md, section 2): `lo` and `hi` in ticks, `hi` null for +inf. Exact if
 * lo = hi.
 */
export interface HostValue {
  readonly lo: number;
  readonly hi: number | null;
  /** Its runs, exact or censored, at least 1. */
  readonly runs: number;
  /** Exact runs among them. */
  readonly exact: number;
  /** exact * sum(t^2) - (sum t)^2 over the exact runs: SS times `exact`, an integer, so that nothing is rounded twice. */
  readonly spread: number;
}

/** A cohort attribute and the run that it was sent with; the newest run by (at, run) takes precedence. */
interface Attribute {
  readonly value: string;
  readonly at: string;
  readonly run: string;
  /** Set if the cohort of that run exceeds what its token may name. */
  readonly capped?: true;
}

/** One backend of one stratum on one host, over the newest 99 runs of the period. */
export interface HostGroup {
  readonly stratum: string;
  readonly backend: Backend;
  /** Runs in the group, 1 to 99. */
  readonly runs: number;
  /** In the order of the quantities; null if no run has it. */
  readonly all: readonly (HostValue | null)[];
  /** The same without the read-path metrics of cached runs. */
  readonly trusted: readonly (HostValue | null)[];
  /** Union of the rule ids of cached runs, sorted; empty if no run is cached. */
  readonly cached: readonly string[];
  readonly small_file: boolean;
  readonly bound_mismatch: boolean;
  readonly attributes: Readonly<Partial<Record<CohortKey, Attribute>>>;
  /** When the newest of these runs finished, as far as that can be: no run finished after its receipt. */
  readonly newest_at: string;
  /** When the last of these runs was received. */
  readonly received_at: string;
  /** Of each fact the value of the newest of these runs that states it. */
  readonly setup: Setup;
}

/** All groups of one host in one period, sorted by (stratum, backend) in code unit order, each pair once. */
export interface HostSummary {
  readonly host: string;
  readonly groups: readonly HostGroup[];
}

/** Summarizes all samples of a host in a period, in any order: the batch definition. */
export function summarize(host: string, samples: readonly RunSample[]): HostSummary {
  const byGroup = new Map<string, RunSample[]>();
  for (const sample of samples) {
    const key = `${sample.backend} ${sample.stratum}`;
    const group = byGroup.get(key);
    if (group === undefined) byGroup.set(key, [sample]);
    else group.push(sample);
  }
  const groups = [...byGroup.values()].flatMap((group) => summarizeGroup(group) ?? []);
  return { host, groups: groups.sort(byStratumAndBackend) };
}

/** A group that replaces the stored one of the same stratum and backend; null if no run is left. */
export interface GroupReplacement {
  readonly stratum: string;
  readonly backend: Backend;
  readonly group: HostGroup | null;
}

/** Returns the summary with some groups replaced, added or (null) removed; each stratum and backend at most once. */
export function withGroups(summary: HostSummary, replaced: readonly GroupReplacement[]): HostSummary {
  const kept = summary.groups.filter(
    (group) => !replaced.some(({ stratum, backend }) => stratum === group.stratum && backend === group.backend),
  );
  const added = replaced.flatMap(({ group }) => group ?? []);
  return { host: summary.host, groups: [...kept, ...added].sort(byStratumAndBackend) };
}

/** The number of newest runs of a group that count; older ones are ignored (statistics.md, section 2). */
export const GROUP_CAP = 99;

/**
 * Summarizes the samples of one backend and stratum, in any order; null for no samples. Only the newest `GROUP_CAP` by
 * (finish time, run id) count, cached or not: the cap is applied before the views.
 */
export function summarizeGroup(samples: readonly RunSample[]): HostGroup | null {
  const newest = samples.toSorted(newestFirst).slice(0, GROUP_CAP);
  const first = newest[0];
  if (first === undefined) return null;
  const clean = newest.filter((sample) => sample.cached.length === 0);
  const valuesOver = (runs: readonly RunSample[], index: number) =>
    computeHostValue(runs.map((run) => run.values[index] ?? null));
  const all = QUANTITIES.map((_, index) => valuesOver(newest, index));
  const isTrusted = clean.length === newest.length;
  return {
    stratum: first.stratum,
    backend: first.backend,
    runs: newest.length,
    all,
    trusted: isTrusted
      ? all
      : all.map((value, index) => (QUANTITIES[index]?.readPath ? valuesOver(clean, index) : value)),
    cached: [...new Set(newest.flatMap((sample) => sample.cached))].sort(),
    small_file: newest.some((sample) => sample.small_file),
    bound_mismatch: newest.some((sample) => sample.bound_mismatch),
    attributes: newestAttributes(newest.map(toAttributes)),
    newest_at: latest(newest.map(({ finished_at: at, received_at: limit }) => [at, limit].sort()[0] ?? at)),
    received_at: latest(newest.map(({ received_at: at }) => at)),
    setup: firstStated(newest.map(({ setup }) => setup)),
  };
}

/** The last of some times, at least one. */
const latest = (times: readonly string[]): string => times.toSorted().at(-1) ?? "";

/** When the newest run of a host finished, and when its last run was received; null for a host without runs. */
export function lastTimes({
  groups,
}: HostSummary): { readonly newest_at: string; readonly received_at: string } | null {
  if (groups.length === 0) return null;
  return {
    newest_at: latest(groups.map(({ newest_at }) => newest_at)),
    received_at: latest(groups.map(({ received_at }) => received_at)),
  };
}

/** Computes the cohort of a host: the newest value of each attribute over all groups. */
export function computeCohort(summary: HostSummary): Cohort {
  const attributes = newestAttributes(summary.groups.map((group) => group.attributes));
  return Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value]));
}

/** Computes the cohort that a host is counted in: `other` if any of its attributes comes from a capped run. */
export function computeCountedCohort(summary: HostSummary): CountedCohort {
  const attributes = Object.values(newestAttributes(summary.groups.map((group) => group.attributes)));
  return attributes.some(({ capped }) => capped === true) ? OTHER_COHORT : computeCohort(summary);
}

type Attributes = Readonly<Partial<Record<CohortKey, Attribute>>>;

function toAttributes(sample: RunSample): Attributes {
  const { cohort, capped, finished_at: at, id: run } = sample;
  return Object.fromEntries(
    COHORT_KEYS.flatMap((key) =>
      cohort[key] === undefined ? [] : [[key, { value: cohort[key], at, run, ...(capped && { capped }) }]],
    ),
  );
}

function newestAttributes(sources: readonly Attributes[]): Attributes {
  return Object.fromEntries(
    COHORT_KEYS.flatMap((key) => {
      const newest = sources.flatMap((source) => source[key] ?? []).sort(newestAttributeFirst)[0];
      return newest === undefined ? [] : [[key, newest]];
    }),
  );
}

function newestFirst(a: RunSample, b: RunSample): number {
  return codeUnitOrder(b.finished_at, a.finished_at) || codeUnitOrder(b.id, a.id);
}

function newestAttributeFirst(a: Attribute, b: Attribute): number {
  return codeUnitOrder(b.at, a.at) || codeUnitOrder(b.run, a.run);
}

function byStratumAndBackend(a: HostGroup, b: HostGroup): number {
  return codeUnitOrder(a.stratum, b.stratum) || codeUnitOrder(a.backend, b.backend);
}

// Values.

/**
 * Computes the value of one quantity of a host on one backend from its runs; nulls are runs without the quantity. Null if
 * no run has it. The value is exact if its lower end (bounds taken as values) and its upper end (bounds taken as infinite)
 * have the same median; if not, it is in [lo, +inf).
 */
export function computeHostValue(samples: readonly (Sample | null)[]): HostValue | null {
  const present = samples.filter((sample) => sample !== null);
  if (present.length === 0) return null;
  const lo = mid(present.map((sample) => sample.ticks));
  const hi = mid(present.map((sample) => (sample.censored ? Number.POSITIVE_INFINITY : sample.ticks)));
  const exact = present.filter((sample) => !sample.censored).map((sample) => sample.ticks);
  const sum = exact.reduce((total, ticks) => total + ticks, 0);
  const squares = exact.reduce((total, ticks) => total + ticks * ticks, 0);
  return {
    lo: rnd(lo),
    hi: lo === hi ? rnd(lo) : null,
    runs: present.length,
    exact: exact.length,
    spread: exact.length * squares - sum * sum,
  };
}

/** SS: the sum of squared deviations of the exact runs from their mean, in ticks^2; 0 if fewer than two are exact. */
export function sumOfSquares(value: HostValue): number {
  return value.exact === 0 ? 0 : value.spread / value.exact;
}

/**
 * Estimates the variance of a host value that is run-to-run noise, in ticks^2. Null if unknown: with a single run, or if a
 * run is censored. The variance of a median of three or more normal values is pi/2 times that of their mean; the median of
 * two is their mean.
 */
export function noiseVariance(value: HostValue): number | null {
  const { runs, exact } = value;
  if (runs < 2 || exact < runs) return null;
  return (sumOfSquares(value) / (runs - 1) / runs) * (runs === 2 ? 1 : Math.PI / 2);
}

// The log-ratio of two backends on one host, and the host's one vote over its strata.

/**
 * The logarithm of candidate over baseline in ticks, as an interval, exact if both ends are equal. `lo` may be
 * -Infinity and `hi` +Infinity: unlike a host value it is never stored, so it needs no nulls.
 */
export interface LogRatio {
  readonly lo: number;
  readonly hi: number;
}

/** The log-ratio of two values of one metric, same host, stratum and period: `lo_c - hi_b` to `hi_c - lo_b`. */
export function logRatio(baseline: HostValue, candidate: HostValue): LogRatio {
  return {
    lo: candidate.lo - (baseline.hi ?? Number.POSITIVE_INFINITY),
    hi: (candidate.hi ?? Number.POSITIVE_INFINITY) - baseline.lo,
  };
}

/** Whether nothing is known about the size of the ratio, because both sides were too fast to measure. */
export function isBothTooFast(ratio: LogRatio): boolean {
  return ratio.lo === Number.NEGATIVE_INFINITY && ratio.hi === Number.POSITIVE_INFINITY;
}

/**
 * The strata of a host that make up its vote: the ones with any information about the size of the ratio, or all of them if
 * no stratum has any.
 */
export function votingStrata<T extends { readonly ratio: LogRatio }>(strata: readonly T[]): readonly T[] {
  const informative = strata.filter((stratum) => !isBothTooFast(stratum.ratio));
  return informative.length > 0 ? informative : strata;
}

/**
 * Computes the one vote of a host: the median of the lower ends and the median of the upper ends, each in whole ticks. Takes
 * the ratios of the voting strata, at least one; the vote of a single stratum is its ratio.
 */
export function computeVote(ratios: readonly LogRatio[]): LogRatio {
  return { lo: rnd(mid(ratios.map((ratio) => ratio.lo))), hi: rnd(mid(ratios.map((ratio) => ratio.hi))) };
}

// Ticks, the unit of all statistics: one tick is 1e-4 of a natural logarithm, i.e. 0.01 % of a rate. `rnd` and `mid` are named
// as in statistics.md.

/** Ticks to one unit of natural log. */
export const TICKS_PER_LOG = 10_000;

/**
 * Rounds half away from zero, so that rounding commutes with changing the sign; never returns -0. Infinities stay infinite.
 */
export function rnd(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5) + 0; // + 0 turns -0 into 0
}

/** Converts a rate to its logarithm in whole ticks. `rate` must be above 0: a rate of 0 has no logarithm. */
export function toTicks(rate: number): number {
  return rnd(TICKS_PER_LOG * Math.log(rate));
}

/**
 * The median: the middle value, or the mean of the two middle ones. `xs` has at least one value and may contain -Infinity or
 * +Infinity, not both; if one of the two middle values is infinite, the result is that infinity. Throws a RangeError if `xs`
 * is empty.
 */
export function mid(xs: readonly number[]): number {
  const sorted = Float64Array.from(xs).sort();
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (low === undefined || high === undefined) throw new RangeError("no median of an empty list");
  return (low + high) / 2;
}
