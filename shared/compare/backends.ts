// Each backend on its own (statistics.md, section 5). In: value cells by backend and scope. Out: for each backend, stratum
// and metric the median rate of its hosts, with its spread. Different backends may have different hosts, so two rates next to
// each other are no comparison.

import { SCOPE_ALL } from "../cells/cell.ts";
import { TICKS_PER_LOG } from "../cells/host-values.ts";
import { BACKENDS, type Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import { codeUnitOrder } from "../run/text.ts";
import type { BackendValue, CachedReads, ComparisonQuery } from "./comparison.ts";
import {
  estimateQuantity,
  METHOD_VERSION,
  type QuantityEstimate,
  selectMetrics,
  toEstimate,
  toInterval,
} from "./estimate.ts";
import { cachedReads, type Notice } from "./flags.ts";
import { geometricMean } from "./heterogeneity.ts";
import type { Merged } from "./merged-cells.ts";
import { quantile } from "./order-statistics.ts";
import { memoizedMedianRank } from "./tests.ts";

/** A query about all backends. */
type BackendsQuery = Omit<ComparisonQuery, "baseline" | "candidate" | "margin">;

/** One backend: its hosts and runs, and its values by stratum (sorted) and metric (those measured). */
export interface MeasuredBackend {
  readonly hosts: number;
  readonly runs: number;
  readonly cached: CachedReads;
  readonly strata: Readonly<Record<string, Readonly<Partial<Record<MetricName, BackendValue>>>>>;
}

/** The answer of GET /v1/backends. */
export interface AllBackends extends Omit<BackendsQuery, "metrics"> {
  readonly method_version: string;
  readonly as_of: string | null;
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
  readonly backends: Readonly<Partial<Record<Backend, MeasuredBackend>>>;
}

/** What it is computed from: value cells by backend and scope. */
interface BackendsInput {
  readonly query: BackendsQuery;
  readonly asOf: string | null;
  readonly pendingHosts: number;
  readonly notices: readonly Notice[];
  readonly values: ReadonlyMap<string, ReadonlyMap<string, Merged>>;
}

/** The values of all backends that have any, in the order of the list of backends. */
export function allBackends({ query, asOf, pendingHosts, notices, values }: BackendsInput): AllBackends {
  const { metrics, ...params } = query;
  const names = selectMetrics(metrics);
  const computeRank = memoizedMedianRank();
  const valuesIn = (merged: Merged) =>
    backendValues(new Map(names.map((metric) => [metric, estimateQuantity(merged, metric, computeRank)])));
  const measured = BACKENDS.flatMap((backend): [Backend, MeasuredBackend][] => {
    const scopes = values.get(backend);
    const fleet = scopes?.get(SCOPE_ALL);
    if (scopes === undefined || fleet === undefined) return [];
    const strata = [...scopes].filter(([scope]) => scope !== SCOPE_ALL).sort(([a], [b]) => codeUnitOrder(a, b));
    const one = {
      hosts: fleet.headHosts,
      runs: fleet.cell.runs,
      cached: cachedReads(fleet),
      strata: Object.fromEntries(strata.map(([stratum, merged]) => [stratum, valuesIn(merged)])),
    };
    return [[backend, one]];
  });
  return {
    ...params,
    method_version: METHOD_VERSION,
    as_of: asOf,
    pending_hosts: pendingHosts,
    notices,
    backends: Object.fromEntries(measured),
  };
}

/** The values of one backend in one stratum, for the metrics that any host has. */
export function backendValues(
  estimates: ReadonlyMap<MetricName, QuantityEstimate>,
): Partial<Record<MetricName, BackendValue>> {
  const measured = [...estimates].filter(([, { cell }]) => cell.n > 0);
  return Object.fromEntries(measured.map(([metric, own]) => [metric, backendValue(own)]));
}

/** One metric with at least one host, in units per second. */
function backendValue({ cell, ends: { lower, upper }, estimate, interval }: QuantityEstimate): BackendValue {
  const percentile = (percent: number) => toEstimate({ lo: quantile(lower, percent), hi: quantile(upper, percent) });
  return {
    hosts: cell.n,
    runs: cell.runs,
    censored_hosts: cell.n - cell.nx,
    single_run_hosts: cell.one,
    median: toEstimate(estimate),
    ci: interval && toInterval(interval),
    p10: percentile(10),
    p90: percentile(90),
    geometric_mean: geometricMean(cell),
    run_sd_log: cell.wn > 0 ? Math.sqrt(cell.wv / cell.wn) / TICKS_PER_LOG : null,
  };
}
