import type { Cell, MetricCell } from "../cells/cell.ts";
import { emptyMetricCell } from "../cells/metric-cell.ts";
import { METRIC_NAMES, type MetricName } from "../model/metrics.ts";
import { signTest } from "./binomial.ts";
import { holm } from "./holm.ts";
import { type Median, MIN_HOSTS, medianOf } from "./median.ts";
import type { Merged } from "./question.ts";

/** The paired comparison of one metric in one scope, before any verdict (statistics section 6). */
export interface PairedEffect extends Median {
  readonly metric: MetricName;
  /** Log-ratios candidate - baseline of the hosts that have both. */
  readonly cell: MetricCell;
  /** Certainly distinct hosts among them. */
  readonly nEff: number;
  /** Sign test, and after Holm's correction over the effects computed together; null below 6 hosts. */
  readonly p: number | null;
  readonly pHolm: number | null;
}

/** The cell of one metric, without hosts where there is none. */
export function metricCell(cell: Cell | undefined, metric: MetricName): MetricCell {
  return cell?.metrics[METRIC_NAMES.indexOf(metric)] ?? emptyMetricCell();
}

/** The cell of one metric over several periods, and how many of its hosts are certainly distinct. */
export function metricOf(merged: Merged | undefined, metric: MetricName): { cell: MetricCell; nEff: number } {
  return { cell: metricCell(merged?.cell, metric), nEff: merged?.nEff[METRIC_NAMES.indexOf(metric)] ?? 0 };
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

/** The effects of the metrics asked for in one scope; these metrics are one family for Holm's correction. */
export function pairedEffects(pair: Merged | undefined, metrics: readonly MetricName[]): PairedEffect[] {
  const effects = metrics.map((metric) => {
    const { cell, nEff } = metricOf(pair, metric);
    return { metric, cell, nEff, ...medianOf(cell, nEff), p: signP(cell, nEff) };
  });
  const adjusted = holm(effects.map(({ p }) => p));
  return effects.map((effect, index) => ({ ...effect, pHolm: adjusted[index] ?? null }));
}
