import { lowCpuNote } from "../cells/contribution.ts";
import { efficiencyName } from "../cells/quantities.ts";
import { METRICS, type MetricGroup, type MetricName } from "../run/metrics.ts";
import type { Merged, PairedEffect } from "./compare.ts";
import type { EfficiencyComparison, Score } from "./comparison.ts";
import { known, limits, measure } from "./estimate.ts";
import { type CachedHosts, type Flag, type FlagDetail, flagsOf, hostFlags, noted, ofHosts } from "./flags.ts";
import { type TickInterval, UNKNOWN } from "./median.ts";
import type { medianRank } from "./tests.ts";

// CPU efficiency of one scope: the rate for each per cent of CPU, candidate over baseline, as if it were a metric of its own
// (statistics.md, section 8). It sees the CPU of the guest, or of Dom0, where Bonnie++ ran, and no other: a backend that moves
// its work to Dom0 looks efficient. So it has a ratio and an interval, and neither test nor verdict.

/** What the efficiency of one metric in one scope is derived from. */
interface EfficiencyEvidence {
  readonly pair: Merged | undefined;
  readonly metric: MetricName;
  /** Cached runs of both backends, for a metric of the read path; else null. */
  readonly cached: CachedHosts | null;
  /** Whether runs of Bonnie++ 1.9x or 2.0 are in the scope. */
  readonly hasV2: boolean;
  readonly rankOf: typeof medianRank;
}

/** The efficiency of one metric in one scope; without hosts the ratio is unknown. */
export function compareEfficiency(evidence: EfficiencyEvidence): EfficiencyComparison {
  const { pair, metric, cached, hasV2, rankOf } = evidence;
  const own = measure(pair, efficiencyName(metric), rankOf);
  const { n, nx } = own.cell;
  const details: Partial<Record<Flag, FlagDetail>> = { ...hostFlags(own, cached) };
  const low = noted(pair, lowCpuNote(metric));
  if (low > n / 2) {
    const text = `A side used less than 10 % CPU, of which only whole per cents are known, on ${ofHosts(low, own)}.`;
    details.low_cpu = { text, count: low };
  }
  if (metric === "seeks" && hasV2 && n > 0) {
    const text = "Bonnie++ 1.9x and 2.0 count the CPU of the seeks once for every seeker, up to fivefold.";
    details.inflated_cpu = { text };
  }
  return {
    hosts: n,
    n_eff: own.nEff,
    exact: nx,
    ratio: known(own.estimate),
    ci: limits(own.interval),
    flags: flagsOf(details),
    flag_details: details,
  };
}

const GROUPS = ["write", "read", "seek", "metadata"] as const satisfies readonly MetricGroup[];

interface Mean {
  readonly metrics: readonly MetricName[];
  readonly estimate: TickInterval;
  readonly interval: TickInterval | null;
}

function isKnown({ estimate }: { readonly estimate: TickInterval }): boolean {
  return estimate.lo > -Infinity || estimate.hi < Infinity;
}

/** Mean of each end. A mean over nothing is unknown. */
function meanOf(intervals: readonly TickInterval[]): TickInterval {
  if (intervals.length === 0) return UNKNOWN;
  const mean = (endOf: (interval: TickInterval) => number) =>
    intervals.reduce((sum, interval) => sum + endOf(interval), 0) / intervals.length;
  return { lo: mean(({ lo }) => lo), hi: mean(({ hi }) => hi) };
}

function groupMean(effects: readonly PairedEffect[]): Mean {
  const used = effects.filter(isKnown);
  const intervals = used.flatMap(({ interval }) => interval ?? []);
  return {
    metrics: used.map(({ metric }) => metric),
    estimate: meanOf(used.map(({ estimate }) => estimate)),
    interval: used.length > 0 && intervals.length === used.length ? meanOf(intervals) : null,
  };
}

function score({ metrics, estimate, interval }: Mean): Score {
  return { metrics, ratio: known(estimate), ci: limits(interval) };
}

/**
 * Group scores: the mean log-ratio of the group's metrics whose estimate is not unknown, with the mean of their limits
 * if each has some. The overall score is the mean of the groups, unknown and of no metrics where one of them is unknown,
 * and has no interval (statistics.md, section 8).
 */
export function scores(effects: readonly PairedEffect[]): Record<MetricGroup | "overall", Score> {
  const groupOf = new Map(METRICS.map(({ name, group }) => [name, group]));
  const mean = (group: MetricGroup) => groupMean(effects.filter(({ metric }) => groupOf.get(metric) === group));
  const means = { write: mean("write"), read: mean("read"), seek: mean("seek"), metadata: mean("metadata") };
  const groups = GROUPS.map((group) => means[group]);
  return {
    write: score(means.write),
    read: score(means.read),
    seek: score(means.seek),
    metadata: score(means.metadata),
    overall: score({
      metrics: groups.every(isKnown) ? groups.flatMap(({ metrics }) => metrics) : [],
      estimate: meanOf(groups.map(({ estimate }) => estimate)),
      interval: null,
    }),
  };
}
