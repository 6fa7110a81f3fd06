// From ticks inside to numbers outside: the only place where logarithms become ratios and rates.

import { type Cell, emptyMetricCell, type MetricCell, SCOPE_ALL } from "../cells/cell.ts";
import { TICKS_PER_LOG } from "../cells/host-values.ts";
import { type QuantityName, quantityIndex } from "../cells/quantities.ts";
import type { MetricName } from "../run/metrics.ts";
import { type ComparisonInput, type Merged, oriented } from "./compare.ts";
import type { AsReported, BackendValue, ConfidenceInterval, Estimate } from "./comparison.ts";
import { geometricMean } from "./heterogeneity.ts";
import { type Median, medianEstimate, medianOf, type TickInterval } from "./median.ts";
import { type Ends, endsOf, quantile } from "./order-statistics.ts";
import { medianRank } from "./tests.ts";

/** Ticks as a ratio or rate; null for an infinite value. */
export function fromTicks(ticks: number): number | null {
  return Number.isFinite(ticks) ? Math.exp(ticks / TICKS_PER_LOG) : null;
}

/** An interval in ticks as limits; null stays null. */
export function limits(interval: TickInterval | null): ConfidenceInterval | null {
  return interval && { low: fromTicks(interval.lo), high: fromTicks(interval.hi) };
}

/** An estimate in ticks as a value that may be known from one side only. */
export function known({ lo, hi }: TickInterval): Estimate {
  const low = fromTicks(lo);
  const high = fromTicks(hi);
  if (low === null) return { low, high, relation: high === null ? "unknown" : "<=" };
  if (high === null) return { low, high, relation: ">=" };
  return { low, high, relation: lo === hi ? "=" : "between" };
}

/** One quantity of a cell, made ready: its host values in order and their median. */
export interface Measure extends Median {
  readonly cell: MetricCell;
  /** Certainly distinct hosts among the n of the cell. */
  readonly nEff: number;
  readonly ends: Ends;
}

/** The cell of one quantity, without hosts where there is none. */
export function metricCell(cell: Cell | undefined, quantity: QuantityName): MetricCell {
  return cell?.metrics[quantityIndex(quantity)] ?? emptyMetricCell();
}

/** Makes one quantity of a scope ready; no cell gives no hosts and an unknown median. `rankOf` is that of `medianOf`. */
export function measure(merged: Merged | undefined, quantity: QuantityName, rankOf = medianRank): Measure {
  const cell = metricCell(merged?.cell, quantity);
  const nEff = merged?.nEff[quantityIndex(quantity)] ?? 0;
  const ends = endsOf(cell);
  return { cell, nEff, ends, ...medianOf(ends, nEff, rankOf) };
}

function fleetRatio({ cell }: Merged, metric: MetricName): AsReported {
  const own = metricCell(cell, metric);
  return { ratio: known(medianEstimate(endsOf(own))), hosts: own.n };
}

function areSame(a: AsReported, b: AsReported): boolean {
  return a.hosts === b.hosts && a.ratio.low === b.ratio.low && a.ratio.high === b.ratio.high;
}

/** What the fleet's ratios and hosts would be with cached reads counted, for the metrics in which one of them differs. */
export function asReported(
  { question, pair, pairAsReported }: ComparisonInput,
  metrics: readonly MetricName[],
): Partial<Record<MetricName, AsReported>> {
  const trusted = pair.get(SCOPE_ALL);
  const reported = pairAsReported?.get(SCOPE_ALL);
  if (reported === undefined || reported.cell === trusted?.cell) return {};
  const turned = oriented(reported, question);
  const own = trusted && oriented(trusted, question);
  const entries = metrics.flatMap((metric) => {
    const ratio = fleetRatio(turned, metric);
    if (ratio.hosts === 0 || (own !== undefined && areSame(ratio, fleetRatio(own, metric)))) return [];
    return [[metric, ratio] as const];
  });
  return Object.fromEntries(entries);
}

/** What one backend does in one stratum: one metric with at least one host, in units per second (statistics.md, section 5). */
function backendValue({ cell, ends: { lower, upper }, estimate, interval }: Measure): BackendValue {
  const percentile = (percent: number) => known({ lo: quantile(lower, percent), hi: quantile(upper, percent) });
  return {
    hosts: cell.n,
    runs: cell.runs,
    censored_hosts: cell.n - cell.nx,
    single_run_hosts: cell.one,
    median: known(estimate),
    ci: limits(interval),
    p10: percentile(10),
    p90: percentile(90),
    geometric_mean: geometricMean(cell),
    run_sd_log: cell.wn > 0 ? Math.sqrt(cell.wv / cell.wn) / TICKS_PER_LOG : null,
  };
}

/** The values of those metrics that any host has. */
export function backendValues(measures: ReadonlyMap<MetricName, Measure>): Partial<Record<MetricName, BackendValue>> {
  const measured = [...measures].filter(([, { cell }]) => cell.n > 0);
  return Object.fromEntries(measured.map(([metric, own]) => [metric, backendValue(own)]));
}
