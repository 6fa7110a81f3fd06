// What the rows of the ratio chart say: every text of a metric, before anything has a place.

import type { Comparison, MetricComparison } from "../compare/comparison.ts";
import type { Reason } from "../compare/verdict.ts";
import { METRICS, type MetricName } from "../run/metrics.ts";
import { countOf, exactText } from "../run/format.ts";
import { limitsText, timesText } from "./value-words.ts";

/** Stands behind the names of metrics whose reads are partly suspected to come from a cache. */
export const CACHE_SIGN = "†";

export interface RatioRow {
  readonly name: MetricName;
  readonly metric: MetricComparison;
  readonly label: string;
  readonly times: string;
  readonly interval: string;
  /** `1 240` and `1 240 hosts`. */
  readonly count: string;
  readonly hosts: string;
  /** What stands in place of the marks; null where there is something to mark. */
  readonly instead: string | null;
  readonly isCached: boolean;
  /** Whether it is the first of its group of metrics. */
  readonly opensGroup: boolean;
}

/** The rows of these metrics, or of all when none is named, in the order of the registry. */
export function ratioRows(comparison: Comparison, metrics: readonly MetricName[]): RatioRow[] {
  const shown = METRICS.filter(({ name }) => metrics.length === 0 || metrics.includes(name));
  const compared = shown.flatMap(({ name, label, group }) => {
    const metric = comparison.fleet.metrics[name];
    return metric === undefined ? [] : [{ name, metric, label, group }];
  });
  return compared.map(({ name, metric, label, group }, index) => {
    // Where no host has run both, it is not for a cache that they cannot be compared.
    const isCached = comparison.runs > 0 && metric.flags.includes("suspect_cached_reads");
    // Over several periods a host counts once in each: only so many are certainly different ones.
    const atLeast = metric.n_eff < metric.hosts ? "≥ " : "";
    const instead = insteadOf(metric, isCached);
    return {
      name,
      metric,
      label: isCached ? `${label} ${CACHE_SIGN}` : label,
      times: timesText(metric.ratio),
      interval: metric.ci === null && instead === null ? "no interval" : limitsText(metric.ci),
      count: `${atLeast}${exactText(metric.n_eff)}`,
      hosts: `${atLeast}${countOf(metric.n_eff, "host")}`,
      instead,
      isCached,
      opensGroup: index > 0 && compared[index - 1]?.group !== group,
    };
  });
}

const NOT_COMPARABLE: Readonly<Partial<Record<Reason, string>>> = {
  no_paired_hosts: "not comparable: no host has both",
  too_fast_on_both: "not comparable: too fast to measure on both",
  mostly_too_fast: "not comparable: mostly too fast to measure",
};

function insteadOf({ hosts, reason }: MetricComparison, isCached: boolean): string | null {
  return hosts === 0 && isCached ? "suspected cache: reads left out" : (NOT_COMPARABLE[reason] ?? null);
}
