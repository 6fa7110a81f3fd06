import type { Cell, MetricCell } from "../cells/cell.ts";
import { emptyMetricCell } from "../cells/metric-cell.ts";
import { placeOf, type QuantityName } from "../cells/quantities.ts";
import { medianRank } from "./tests.ts";
import { type Median, medianOf } from "./median.ts";
import { type Ends, endsOf } from "./order-statistics.ts";
import type { Merged } from "./question.ts";

/** One quantity of a cell, made ready: its host values in order and their median. */
export interface Measure extends Median {
  readonly cell: MetricCell;
  /** Certainly distinct hosts among the n of the cell. */
  readonly nEff: number;
  readonly ends: Ends;
}

/** The cell of one quantity, without hosts where there is none. */
export function metricCell(cell: Cell | undefined, quantity: QuantityName): MetricCell {
  return cell?.metrics[placeOf(quantity)] ?? emptyMetricCell();
}

/** Makes one quantity of a scope ready; no cell gives no hosts and an unknown median. `rankOf` is that of `medianOf`. */
export function measure(merged: Merged | undefined, quantity: QuantityName, rankOf = medianRank): Measure {
  const cell = metricCell(merged?.cell, quantity);
  const nEff = merged?.nEff[placeOf(quantity)] ?? 0;
  const ends = endsOf(cell);
  return { cell, nEff, ends, ...medianOf(ends, nEff, rankOf) };
}
