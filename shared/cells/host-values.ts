// From samples to the host summary (statistics.md, section 2). In: the samples of one host and period, in any order. Out:
// its groups, one for each stratum and backend. A group depends on its own samples only, so replacing the touched groups
// of a stored summary gives the summary that a batch over all samples gives.

import type { Backend } from "../run/backends.ts";
import { COHORT_KEYS, type Cohort, type CohortKey, type CountedCohort, OTHER_COHORT } from "../run/cohort.ts";
import { codeUnitOrder } from "../run/text.ts";
import { QUANTITIES } from "./quantities.ts";

// The summary stage: what one host says in one period. In: samples, the few numbers of each run that statistics need.
// Out: a host summary, from which `cells/` derives everything the host contributes. All numbers are integers (ticks of
// 1e-4 natural log, statistics.md, section 1), so that a summary read back from the store is the summary written.

/** One quantity of one run: `ticks` is the value, or the bound it lies strictly above when censored. */
export interface Sample {
  readonly ticks: number;
  readonly censored: boolean;
}

/** What statistics need of a run; a pure function of the stored run (`sampleOf`). */
export interface RunSample {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly finished_at: string;
  readonly backend: Backend;
  readonly stratum: string;
  /** In the order of the quantities; null where the test was not run, or the value is unknown or has no logarithm. */
  readonly values: readonly (Sample | null)[];
  /** Ids of the rules that made the run `cached` or `probably-cached`; empty otherwise. */
  readonly cached: readonly string[];
  readonly small_file: boolean;
  readonly bound_mismatch: boolean;
  /** Cohort attributes the run was sent with. */
  readonly cohort: Readonly<Partial<Record<CohortKey, string>>>;
  /** Set when they are beyond what the run's token may name. */
  readonly capped?: true;
}

/**
 * One quantity of one host on one backend (statistics.md, section 2). `lo` is in ticks; `hi` too, or null for +inf.
 * Exact when lo = hi.
 */
export interface HostValue {
  readonly lo: number;
  readonly hi: number | null;
  /** Runs behind it, exact or censored, at least 1. */
  readonly runs: number;
  /** Exact runs among them. */
  readonly exact: number;
  /** exact * sum(t^2) - (sum t)^2 over the exact runs: SS times `exact`, kept whole so that nothing is rounded twice. */
  readonly spread: number;
}

/** A cohort attribute and the run that said so; the newest run by (at, run) wins. */
interface Attribute {
  readonly value: string;
  readonly at: string;
  readonly run: string;
  /** Set when that run named a cohort beyond what its token may name. */
  readonly capped?: true;
}

/** One backend of one stratum on one host, over the newest 99 runs of the period. */
export interface HostGroup {
  readonly stratum: string;
  readonly backend: Backend;
  /** Runs in the group, 1 to 99. */
  readonly runs: number;
  /** In the order of the quantities; null where no run has one. */
  readonly all: readonly (HostValue | null)[];
  /** The same without the read-path metrics of cached runs. */
  readonly trusted: readonly (HostValue | null)[];
  /** Union of the rule ids of cached runs, sorted; empty when none is cached. */
  readonly cached: readonly string[];
  readonly small_file: boolean;
  readonly bound_mismatch: boolean;
  readonly attributes: Readonly<Partial<Record<CohortKey, Attribute>>>;
}

/** All groups of one host in one period, sorted by (stratum, backend) in code unit order, each pair once. */
export interface HostSummary {
  readonly host: string;
  readonly groups: readonly HostGroup[];
}

// The unit of all statistics: one tick is 1e-4 of a natural logarithm, i.e. 0.01 % of a rate (statistics.md, section 1).

/** Ticks to one unit of natural log. */
export const TICKS_PER_LOG = 10_000;

/**
 * Rounds half away from zero, so that rounding commutes with changing the sign; never returns -0. Infinities stay what
 * they are.
 */
export function rnd(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5) + 0; // + 0 turns -0 into 0
}

/** The logarithm of a rate in whole ticks. `rate` must be above 0: a rate of 0 has no logarithm. */
export function ticksOf(rate: number): number {
  return rnd(TICKS_PER_LOG * Math.log(rate));
}

/**
 * The median by the ordinary rules: the middle value, or the mean of the two middle ones (statistics.md, section 2).
 * `xs` holds at least one value and may hold -Infinity or +Infinity, not both; if one of the two middle values is
 * infinite, the result is that infinity. Throws a RangeError when `xs` is empty.
 */
export function mid(xs: readonly number[]): number {
  const sorted = Float64Array.from(xs).sort();
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (low === undefined || high === undefined) throw new RangeError("the median of no values does not exist");
  return (low + high) / 2;
}

// The log-ratio of two backends on one host, and the host's one vote over its strata (statistics.md, section 2).

/**
 * The logarithm of candidate over baseline in ticks, as an interval. `lo` may be -Infinity and `hi` +Infinity; exact
 * when both are equal. Never stored, hence infinities and not nulls.
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

/** Whether nothing is known about the size of the ratio: both sides were too fast to measure. */
export function isBothTooFast(ratio: LogRatio): boolean {
  return ratio.lo === Number.NEGATIVE_INFINITY && ratio.hi === Number.POSITIVE_INFINITY;
}

/**
 * The strata of a host that make up its vote: those that say something about the size of the ratio, or all of them if
 * none does.
 */
export function votingStrata<T extends { readonly ratio: LogRatio }>(strata: readonly T[]): readonly T[] {
  const informative = strata.filter((stratum) => !isBothTooFast(stratum.ratio));
  return informative.length > 0 ? informative : strata;
}

/**
 * The one vote of a host: the median of the lower ends and the median of the upper ends, each in whole ticks. Takes the
 * ratios of the voting strata, at least one; the vote of a single stratum is its ratio.
 */
export function voteOf(ratios: readonly LogRatio[]): LogRatio {
  return { lo: rnd(mid(ratios.map((ratio) => ratio.lo))), hi: rnd(mid(ratios.map((ratio) => ratio.hi))) };
}

/**
 * The value of one metric of a host on one backend, from its runs; nulls are runs without the metric. Null when no run
 * has it. The value is exact when its lower end (bounds taken as values) and its upper end (bounds taken as infinite)
 * have the same median, otherwise it lies in [lo, +inf): statistics.md, section 2.
 */
export function hostValue(samples: readonly (Sample | null)[]): HostValue | null {
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

/** SS: the sum of squared deviations of the exact runs from their mean, in ticks^2; 0 when fewer than two are exact. */
export function sumOfSquares(value: HostValue): number {
  return value.exact === 0 ? 0 : value.spread / value.exact;
}

/**
 * An estimate of the variance of a host value that comes from run-to-run noise, in ticks^2 (statistics.md, section 2). Null
 * when unknown: with a single run, or when a run is censored. The factor pi/2 is what a median of three or more normal
 * values loses against their mean; the median of two is their mean.
 */
export function noiseVariance(value: HostValue): number | null {
  const { runs, exact } = value;
  if (runs < 2 || exact < runs) return null;
  return (sumOfSquares(value) / (runs - 1) / runs) * (runs === 2 ? 1 : Math.PI / 2);
}

/** The newest runs of a group that count; older ones are left out (statistics.md, section 2). */
export const GROUP_CAP = 99;

/** A group that takes the place of the stored one of the same stratum and backend; null when no run is left. */
export interface GroupReplacement {
  readonly stratum: string;
  readonly backend: Backend;
  readonly group: HostGroup | null;
}

/**
 * The group of samples that are all of one backend and stratum, in any order; null for no samples. Only the newest
 * `GROUP_CAP` by (finish time, run id) count, cached or not: the cap comes before the views.
 */
export function summariseGroup(samples: readonly RunSample[]): HostGroup | null {
  const newest = samples.toSorted(newestFirst).slice(0, GROUP_CAP);
  const first = newest[0];
  if (first === undefined) return null;
  const clean = newest.filter((sample) => sample.cached.length === 0);
  const valuesOver = (runs: readonly RunSample[], place: number) =>
    hostValue(runs.map((run) => run.values[place] ?? null));
  const all = QUANTITIES.map((_, place) => valuesOver(newest, place));
  const isTrusted = clean.length === newest.length;
  return {
    stratum: first.stratum,
    backend: first.backend,
    runs: newest.length,
    all,
    trusted: isTrusted
      ? all
      : all.map((value, place) => (QUANTITIES[place]?.readPath ? valuesOver(clean, place) : value)),
    cached: [...new Set(newest.flatMap((sample) => sample.cached))].sort(),
    small_file: newest.some((sample) => sample.small_file),
    bound_mismatch: newest.some((sample) => sample.bound_mismatch),
    attributes: newestAttributes(newest.map(attributesOf)),
  };
}

/** The summary of one host from all its samples of a period, in any order: the batch definition. */
export function summarise(host: string, samples: readonly RunSample[]): HostSummary {
  const samplesOf = new Map<string, RunSample[]>();
  for (const sample of samples) {
    const key = `${sample.backend} ${sample.stratum}`;
    const group = samplesOf.get(key);
    if (group === undefined) samplesOf.set(key, [sample]);
    else group.push(sample);
  }
  const groups = [...samplesOf.values()].flatMap((group) => summariseGroup(group) ?? []);
  return { host, groups: groups.sort(byStratumAndBackend) };
}

/** The summary with some groups replaced, added or (null) removed; each stratum and backend at most once. */
export function withGroups(summary: HostSummary, replaced: readonly GroupReplacement[]): HostSummary {
  const kept = summary.groups.filter(
    (group) => !replaced.some(({ stratum, backend }) => stratum === group.stratum && backend === group.backend),
  );
  const added = replaced.flatMap(({ group }) => group ?? []);
  return { host: summary.host, groups: [...kept, ...added].sort(byStratumAndBackend) };
}

/** The cohort of a host: of each attribute what its newest run says, over all groups. */
export function cohortOf(summary: HostSummary): Cohort {
  const attributes = newestAttributes(summary.groups.map((group) => group.attributes));
  return Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value]));
}

/** The cohort that a host is counted in where there is room: `other` if a capped run said any of its attributes. */
export function countedCohortOf(summary: HostSummary): CountedCohort {
  const attributes = Object.values(newestAttributes(summary.groups.map((group) => group.attributes)));
  return attributes.some(({ capped }) => capped === true) ? OTHER_COHORT : cohortOf(summary);
}

type Attributes = Readonly<Partial<Record<CohortKey, Attribute>>>;

function attributesOf(sample: RunSample): Attributes {
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
