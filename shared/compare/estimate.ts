// Estimates, from ticks inside to numbers outside: the only file where logarithms become ratios and rates. In: merged cells and
// intervals in ticks. Out: an estimate of one quantity, ready for every statistic, and the published `Estimate` and
// `ConfidenceInterval`.

import { type Cell, emptyMetricCell, type MetricCell } from "../cells/cell.ts";
import { TICKS_PER_LOG } from "../cells/host-values.ts";
import { type QuantityName, quantityIndex } from "../cells/quantities.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import type { ConfidenceInterval, Estimate } from "./comparison.ts";
import { computeMedian, type Median, MIN_HOSTS, type TickInterval } from "./median.ts";
import type { Merged } from "./merged-cells.ts";
import { type Ends, orderEnds } from "./order-statistics.ts";
import { holm, medianRank, signTest } from "./tests.ts";

/** One quantity of a merged cell, a ratio or a rate: its host values in order, and their median. */
export interface QuantityEstimate extends Median {
  readonly cell: MetricCell;
  /** Certainly distinct hosts among the n of the cell. */
  readonly nEff: number;
  readonly ends: Ends;
}

/** Estimates one quantity of a scope; no cell gives no hosts and an unknown median. `computeRank` is that of `computeMedian`. */
export function estimateQuantity(
  merged: Merged | undefined,
  quantity: QuantityName,
  computeRank = medianRank,
): QuantityEstimate {
  const cell = metricCell(merged?.cell, quantity);
  const nEff = merged?.nEff[quantityIndex(quantity)] ?? 0;
  const ends = orderEnds(cell);
  return { cell, nEff, ends, ...computeMedian(ends, nEff, computeRank) };
}

/** The cell of one quantity; an empty one where no host has it. */
export function metricCell(cell: Cell | undefined, quantity: QuantityName): MetricCell {
  return cell?.metrics[quantityIndex(quantity)] ?? emptyMetricCell();
}

/** Ticks as a ratio or rate; null for an infinite value. */
export function fromTicks(ticks: number): number | null {
  return Number.isFinite(ticks) ? Math.exp(ticks / TICKS_PER_LOG) : null;
}

/** A range in ticks as a value that may be known from one side only. */
export function toEstimate({ lo, hi }: TickInterval): Estimate {
  const low = fromTicks(lo);
  const high = fromTicks(hi);
  if (low === null) return { low, high, relation: high === null ? "unknown" : "<=" };
  if (high === null) return { low, high, relation: ">=" };
  return { low, high, relation: lo === hi ? "=" : "between" };
}

/** A range in ticks as a 95 % interval: an infinite end is no limit. */
export function toInterval({ lo, hi }: TickInterval): ConfidenceInterval {
  return { low: fromTicks(lo), high: fromTicks(hi) };
}

// The paired effects of one scope: for each selected metric the median ratio of the hosts that have both backends, and its
// sign test, before any verdict (statistics.md, section 6). Comparisons and matrices judge them.

/** Named in every answer; changes whenever the same cells would give other numbers. */
export const METHOD_VERSION = "1";

/** The selected metrics in registry order; all of them when the selection is empty. */
export function selectMetrics(metrics: readonly MetricName[]): readonly MetricName[] {
  return metrics.length === 0 ? METRIC_NAMES : METRIC_NAMES.filter((name) => metrics.includes(name));
}

/** One metric of one scope: the log-ratios candidate - baseline of the hosts that have both backends. */
export interface PairedEffect extends QuantityEstimate {
  readonly metric: MetricName;
  /** Sign test, and after Holm's correction over the effects computed together; null below 6 hosts. */
  readonly p: number | null;
  readonly pHolm: number | null;
}

/** The effects of the metrics in one scope; these metrics are one family for Holm's correction. */
export function pairedEffects(
  pair: Merged | undefined,
  metrics: readonly MetricName[],
  computeRank = medianRank,
): PairedEffect[] {
  const effects = metrics.map((metric) => {
    const ratios = estimateQuantity(pair, metric, computeRank);
    return { metric, ...ratios, p: signP(ratios.cell, ratios.nEff) };
  });
  const adjusted = holm(effects.map(({ p }) => p));
  return effects.map((effect, index) => ({ ...effect, pHolm: adjusted[index] ?? null }));
}

/**
 * p of the sign test. Where hosts may be counted several times, both counts shrink to n_eff, rounded against the
 * majority.
 */
function signP({ n, pos, neg }: MetricCell, nEff: number): number | null {
  if (nEff < MIN_HOSTS) return null;
  const larger = Math.floor((Math.max(pos, neg) * nEff) / n);
  const smaller = Math.ceil((Math.min(pos, neg) * nEff) / n);
  return signTest(larger, smaller);
}
