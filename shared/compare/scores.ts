import { METRICS, type MetricGroup, type MetricName } from "../run/metrics.ts";
import type { Score } from "./comparison.ts";
import { known, limits } from "./estimate.ts";
import { type Interval, UNKNOWN } from "./median.ts";
import type { PairedEffect } from "./paired.ts";

const GROUPS = ["write", "read", "seek", "metadata"] as const satisfies readonly MetricGroup[];

interface Mean {
  readonly metrics: readonly MetricName[];
  readonly estimate: Interval;
  readonly interval: Interval | null;
}

function isKnown({ estimate }: { readonly estimate: Interval }): boolean {
  return estimate.lo > -Infinity || estimate.hi < Infinity;
}

/** Mean of each end. A mean over nothing is unknown. */
function meanOf(intervals: readonly Interval[]): Interval {
  if (intervals.length === 0) return UNKNOWN;
  const mean = (endOf: (interval: Interval) => number) =>
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
