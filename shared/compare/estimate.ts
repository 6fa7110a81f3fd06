// From ticks inside to numbers outside: the only file where logarithms become ratios and rates. In: merged cells and
// intervals in ticks. Out: an estimate of one quantity, ready for every statistic, and the published `Estimate` and
// `ConfidenceInterval`.

import { type Cell, emptyMetricCell, type MetricCell } from "../cells/cell.ts";
import { TICKS_PER_LOG } from "../cells/host-values.ts";
import { type QuantityName, quantityIndex } from "../cells/quantities.ts";
import type { ConfidenceInterval, Estimate } from "./comparison.ts";
import { computeMedian, type Median, type TickInterval } from "./median.ts";
import type { Merged } from "./merge-periods.ts";
import { type Ends, orderEnds } from "./order-statistics.ts";
import { medianRank } from "./tests.ts";

/** One quantity of a merged cell, a ratio or a rate: its host values in order, and their median. */
export interface QuantityEstimate extends Median {
  readonly cell: MetricCell;
  /** Certainly distinct hosts among the n of the cell. */
  readonly nEff: number;
  readonly ends: Ends;
}

/** Estimates one quantity of a scope; no cell gives no hosts and an unknown median. `rankOf` is that of `computeMedian`. */
export function estimateQuantity(
  merged: Merged | undefined,
  quantity: QuantityName,
  rankOf = medianRank,
): QuantityEstimate {
  const cell = metricCell(merged?.cell, quantity);
  const nEff = merged?.nEff[quantityIndex(quantity)] ?? 0;
  const ends = orderEnds(cell);
  return { cell, nEff, ends, ...computeMedian(ends, nEff, rankOf) };
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
