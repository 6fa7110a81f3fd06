// The trend of one backend in one metric over a list of periods (docs/api.md#read). In: value cells of each period.
// Out: for each stratum what each period measured, and what changed since the one before.

import { SCOPE_ALL } from "../cells/cell.ts";
import type { Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import type { PeriodUnit } from "../run/periods.ts";
import type { View } from "../run/run.ts";
import { METHOD_VERSION, type Merged, type Question } from "./compare.ts";
import type { ConfidenceInterval, Estimate } from "./comparison.ts";
import { known, limits, type Measure, measure } from "./estimate.ts";
import type { Notice } from "./flags.ts";
import type { Matrix } from "./matrix.ts";
import { change } from "./mover.ts";

/** How fresh an answer is, and what a reader must know of all its numbers. */
export interface Freshness {
  /** When the statistics were last brought up to date, ISO 8601; null without any. */
  readonly as_of: string | null;
  /** Hosts with results that are not in these numbers yet. */
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
}

/** The answer of GET /v1/matrix. */
export interface MatrixResult extends Matrix, Freshness {}

/** The answer of GET /v1/trend, with the periods it was made from, in the order of time. */
export interface TrendResult extends Trend, Freshness {
  readonly unit: PeriodUnit;
  readonly periods: readonly string[];
}

/** A question about one backend and metric. */
export interface TrendQuery {
  readonly backend: Backend;
  readonly metric: MetricName;
  readonly view: View;
  readonly filters: Question["filters"];
}

/** One period, e.g. `2026-11`, and the value cells of the backend in it by scope. */
export interface TrendPeriod {
  readonly period: string;
  readonly values: ReadonlyMap<string, Merged>;
}

/** What one period measured in one stratum, in the metric's unit. */
export interface TrendPoint {
  readonly period: string;
  readonly hosts: number;
  readonly runs: number;
  readonly censored_hosts: number;
  readonly median: Estimate;
  /** Null below 6 hosts. */
  readonly ci: ConfidenceInterval | null;
  /**
   * This period's median over that of the last one listed before it that has hosts, as a ratio: above 1 it became faster.
   * Null for the first, and where one of the two has fewer than 6 hosts.
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
  /** By stratum, sorted; of each the periods that have hosts, in the order asked for. */
  readonly strata: Readonly<Record<string, readonly TrendPoint[]>>;
}

/** The trend over periods in the order of time, each a window of its own. */
export function trend(question: TrendQuery, periods: readonly TrendPeriod[]): Trend {
  const scopes = new Set(periods.flatMap(({ values }) => [...values.keys()]));
  const strata = [...scopes].filter((scope) => scope !== SCOPE_ALL).sort();
  const entries = strata.map((stratum) => [stratum, points(question.metric, stratum, periods)] as const);
  return {
    ...question,
    method_version: METHOD_VERSION,
    strata: Object.fromEntries(entries.filter(([, own]) => own.length > 0)),
  };
}

function points(metric: MetricName, stratum: string, periods: readonly TrendPeriod[]): TrendPoint[] {
  const measured = periods
    .map(({ period, values }) => ({ period, now: measure(values.get(stratum), metric) }))
    .filter(({ now }) => now.cell.n > 0);
  return measured.map(({ period, now }, index) => {
    const last = measured[index - 1];
    return {
      period,
      hosts: now.cell.n,
      runs: now.cell.runs,
      censored_hosts: now.cell.n - now.cell.nx,
      median: known(now.estimate),
      ci: limits(now.interval),
      change: last === undefined ? null : changeSince(last.period, last.now, now),
    };
  });
}

function changeSince(since: string, before: Measure, now: Measure): TrendPoint["change"] {
  const found = change(before, now);
  if (found === null) return null;
  const { low, high } = known(found.interval);
  return { since, ratio: known(found.estimate), ci: { low, high }, hint: found.hint };
}
