// The trend of one backend in one metric over a list of periods (docs/api.md#read). In: the value cells of each period.
// Out: for each stratum the median of each period, and its change since the one before.

import { SCOPE_ALL } from "../cells/cell.ts";
import type { Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import type { PeriodUnit } from "../run/periods.ts";
import type { View } from "../run/run.ts";
import type { ComparisonQuery, ConfidenceInterval, Estimate } from "./comparison.ts";
import { estimateQuantity, METHOD_VERSION, type QuantityEstimate, toEstimate, toInterval } from "./estimate.ts";
import type { Notice } from "./flags.ts";
import type { Matrix } from "./matrix.ts";
import type { Merged } from "./merged-cells.ts";
import { changeBetween } from "./mover.ts";

/** How fresh an answer is, and the notices about all its numbers. */
export interface Freshness {
  /** When the statistics were last updated, ISO 8601; null when never. */
  readonly as_of: string | null;
  /** Hosts with results that are not in these numbers yet. */
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
}

/** The answer of GET /v1/matrix. */
export interface MatrixResult extends Matrix, Freshness {}

/** The answer of GET /v1/trend, with its periods in the order of time. */
export interface TrendResult extends Trend, Freshness {
  readonly unit: PeriodUnit;
  readonly periods: readonly string[];
}

/** A query about one backend and metric. */
export interface TrendQuery {
  readonly backend: Backend;
  readonly metric: MetricName;
  readonly view: View;
  readonly filters: ComparisonQuery["filters"];
}

/** One period, e.g. `2026-11`, and the value cells of the backend in it by scope. */
export interface TrendPeriod {
  readonly period: string;
  readonly values: ReadonlyMap<string, Merged>;
}

/** One period of one stratum, in the metric's unit. */
export interface TrendPoint {
  readonly period: string;
  readonly hosts: number;
  readonly runs: number;
  readonly censored_hosts: number;
  readonly median: Estimate;
  /** Null below 6 hosts. */
  readonly ci: ConfidenceInterval | null;
  /**
   * This period's median over the previous listed one's, as a ratio: above 1 the backend became faster.
   * Null for the first, and where one of the two periods has fewer than 6 hosts.
   */
  readonly change: {
    readonly since: string;
    readonly ratio: Estimate;
    readonly ci: ConfidenceInterval;
    readonly hint: "faster" | "slower" | "none";
  } | null;
}

/** The whole answer. */
interface Trend extends TrendQuery {
  readonly method_version: string;
  /** By stratum, sorted; for each the periods that have hosts, in the order of the query. */
  readonly strata: Readonly<Record<string, readonly TrendPoint[]>>;
}

/** The trend over periods in the order of time, each a window of its own. */
export function trend(query: TrendQuery, periods: readonly TrendPeriod[]): Trend {
  const scopes = new Set(periods.flatMap(({ values }) => [...values.keys()]));
  const strata = [...scopes].filter((scope) => scope !== SCOPE_ALL).sort();
  const entries = strata.map((stratum) => [stratum, buildPoints(query.metric, stratum, periods)] as const);
  return {
    ...query,
    method_version: METHOD_VERSION,
    strata: Object.fromEntries(entries.filter(([, own]) => own.length > 0)),
  };
}

function buildPoints(metric: MetricName, stratum: string, periods: readonly TrendPeriod[]): TrendPoint[] {
  const measured = periods
    .map(({ period, values }) => ({ period, now: estimateQuantity(values.get(stratum), metric) }))
    .filter(({ now }) => now.cell.n > 0);
  return measured.map(({ period, now }, index) => {
    const last = measured[index - 1];
    return {
      period,
      hosts: now.cell.n,
      runs: now.cell.runs,
      censored_hosts: now.cell.n - now.cell.nx,
      median: toEstimate(now.estimate),
      ci: now.interval && toInterval(now.interval),
      change: last === undefined ? null : changeSince(last.period, last.now, now),
    };
  });
}

function changeSince(since: string, before: QuantityEstimate, now: QuantityEstimate): TrendPoint["change"] {
  const change = changeBetween(before, now);
  return change && { since, ratio: toEstimate(change.estimate), ci: toInterval(change.interval), hint: change.hint };
}
