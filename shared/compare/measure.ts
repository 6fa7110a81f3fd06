import type { Cell, MetricCell } from "../cells/cell.ts";
import { emptyMetricCell } from "../cells/metric-cell.ts";
import { METRIC_NAMES, type MetricName } from "../model/metrics.ts";
import { medianRank } from "./binomial.ts";
import { type Median, medianOf } from "./median.ts";
import { type Ends, endsOf } from "./order-statistic.ts";
import type { Merged } from "./question.ts";

/** One metric of a cell, made ready: its host values in order and their median. */
export interface Measure extends Median {
  readonly cell: MetricCell;
  /** Certainly distinct hosts among the n of the cell. */
  readonly nEff: number;
  readonly ends: Ends;
}

/** The cell of one metric, without hosts where there is none. */
export function metricCell(cell: Cell | undefined, metric: MetricName): MetricCell {
  return cell?.metrics[METRIC_NAMES.indexOf(metric)] ?? emptyMetricCell();
}

/** Makes one metric of a scope ready; no cell gives no hosts and an unknown median. `rankOf` is that of `medianOf`. */
export function measure(merged: Merged | undefined, metric: MetricName, rankOf = medianRank): Measure {
  const cell = metricCell(merged?.cell, metric);
  const nEff = merged?.nEff[METRIC_NAMES.indexOf(metric)] ?? 0;
  const ends = endsOf(cell);
  return { cell, nEff, ends, ...medianOf(ends, nEff, rankOf) };
}
