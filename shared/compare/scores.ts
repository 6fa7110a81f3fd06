// What has no verdict by design (statistics.md, section 8): group scores, and CPU efficiency. Both rest on a convention or
// on a number that does not see everything, so they have a ratio and an interval at most.

import { lowCpuNote } from "../cells/contribution.ts";
import { efficiencyName } from "../cells/quantities.ts";
import { METRICS, type MetricGroup, type MetricName } from "../run/metrics.ts";
import type { CachedReads, EfficiencyFindings, Score } from "./comparison.ts";
import { estimateQuantity, type PairedEffect, toEstimate, toInterval } from "./estimate.ts";
import { countNoted, type Flag, type FlagFinding, hostFlags, listFlags } from "./flags.ts";
import { type TickInterval, UNKNOWN } from "./median.ts";
import type { Merged } from "./merged-cells.ts";
import type { medianRank } from "./tests.ts";

const GROUPS = ["write", "read", "seek", "metadata"] as const satisfies readonly MetricGroup[];

/**
 * Group scores: the mean log-ratio of the group's metrics whose estimate is not unknown, with the mean of their limits
 * if each has an interval. The overall score is the mean of the groups, unknown and of no metrics where one of them is unknown,
 * and has no interval.
 */
export function scores(effects: readonly PairedEffect[]): Record<MetricGroup | "overall", Score> {
  const groupByMetric = new Map(METRICS.map(({ name, group }) => [name, group]));
  const mean = (group: MetricGroup) => groupMean(effects.filter(({ metric }) => groupByMetric.get(metric) === group));
  const means = { write: mean("write"), read: mean("read"), seek: mean("seek"), metadata: mean("metadata") };
  const groups = GROUPS.map((group) => means[group]);
  return {
    write: toScore(means.write),
    read: toScore(means.read),
    seek: toScore(means.seek),
    metadata: toScore(means.metadata),
    overall: toScore({
      metrics: groups.every(isKnown) ? groups.flatMap(({ metrics }) => metrics) : [],
      estimate: meanInterval(groups.map(({ estimate }) => estimate)),
      interval: null,
    }),
  };
}

/** The mean over some metrics, in ticks. */
interface Mean {
  readonly metrics: readonly MetricName[];
  readonly estimate: TickInterval;
  readonly interval: TickInterval | null;
}

function groupMean(effects: readonly PairedEffect[]): Mean {
  const used = effects.filter(isKnown);
  const intervals = used.flatMap(({ interval }) => interval ?? []);
  return {
    metrics: used.map(({ metric }) => metric),
    estimate: meanInterval(used.map(({ estimate }) => estimate)),
    interval: used.length > 0 && intervals.length === used.length ? meanInterval(intervals) : null,
  };
}

function isKnown({ estimate }: { readonly estimate: TickInterval }): boolean {
  return estimate.lo > -Infinity || estimate.hi < Infinity;
}

/** Mean of each end. A mean over nothing is unknown. */
function meanInterval(intervals: readonly TickInterval[]): TickInterval {
  if (intervals.length === 0) return UNKNOWN;
  const mean = (end: (interval: TickInterval) => number) =>
    intervals.reduce((sum, interval) => sum + end(interval), 0) / intervals.length;
  return { lo: mean(({ lo }) => lo), hi: mean(({ hi }) => hi) };
}

function toScore({ metrics, estimate, interval }: Mean): Score {
  return { metrics, ratio: toEstimate(estimate), ci: interval && toInterval(interval) };
}

// CPU efficiency: the rate for each per cent of CPU, candidate over baseline, as if it were a metric of its own. It counts
// the CPU of the guest, or of Dom0, where Bonnie++ ran, and no other: a backend that moves its work to Dom0 looks efficient.

/** What the efficiency of one metric in one scope is derived from. */
interface EfficiencyEvidence {
  readonly pair: Merged | undefined;
  readonly metric: MetricName;
  /** Cached reads on either backend, for a metric of the read path; else null. */
  readonly cached: CachedReads | null;
  /** Whether runs of Bonnie++ 1.9x or 2.0 are in the scope. */
  readonly hasV2: boolean;
  readonly computeRank: typeof medianRank;
}

/** The efficiency of one metric in one scope; without hosts the ratio is unknown. */
export function compareEfficiency({
  pair,
  metric,
  cached,
  hasV2,
  computeRank,
}: EfficiencyEvidence): EfficiencyFindings {
  const quantity = estimateQuantity(pair, efficiencyName(metric), computeRank);
  const { cell, nEff, estimate, interval } = quantity;
  const flags: Partial<Record<Flag, FlagFinding>> = { ...hostFlags(quantity, cached) };
  const lowCpu = countNoted(pair, lowCpuNote(metric));
  if (lowCpu > cell.n / 2) flags.low_cpu = { count: lowCpu };
  if (metric === "seeks" && hasV2 && cell.n > 0) flags.inflated_cpu = {};
  return {
    hosts: cell.n,
    n_eff: nEff,
    exact: cell.nx,
    ratio: toEstimate(estimate),
    ci: interval && toInterval(interval),
    flags: listFlags(flags),
    flag_details: flags,
  };
}
