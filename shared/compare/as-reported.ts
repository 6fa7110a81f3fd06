import type { Bins } from "../cells/bins.ts";
import { type MetricCell, SCOPE_ALL } from "../cells/cell.ts";
import { BIN_FIELDS, COUNT_FIELDS } from "../cells/metric-cell.ts";
import type { MetricName } from "../model/metrics.ts";
import type { AsReported } from "./comparison.ts";
import { known } from "./known.ts";
import { metricCell } from "./measure.ts";
import { medianEstimate } from "./median.ts";
import { endsOf } from "./order-statistic.ts";
import { type ComparisonInput, oriented } from "./question.ts";

function sameBins(a: Bins, b: Bins): boolean {
  return (
    a.first === b.first &&
    a.counts.length === b.counts.length &&
    a.counts.every((count, index) => count === b.counts[index])
  );
}

function sameCell(a: MetricCell, b: MetricCell): boolean {
  return (
    a.s1 === b.s1 &&
    COUNT_FIELDS.every((field) => a[field] === b[field]) &&
    BIN_FIELDS.every((field) => sameBins(a[field], b[field]))
  );
}

/** What the fleet's ratios would be with cached reads counted, for the metrics in which that changes anything. */
export function asReported(
  { question, pair, pairAsReported }: ComparisonInput,
  metrics: readonly MetricName[],
): Partial<Record<MetricName, AsReported>> {
  const trusted = pair.get(SCOPE_ALL)?.cell;
  const reported = pairAsReported?.get(SCOPE_ALL);
  if (reported === undefined || reported.cell === trusted) return {};
  const { cell: turned } = oriented(reported, question);
  const entries = metrics.flatMap((metric) => {
    if (sameCell(metricCell(reported.cell, metric), metricCell(trusted, metric))) return [];
    const cell = metricCell(turned, metric);
    return [[metric, { ratio: known(medianEstimate(endsOf(cell))), hosts: cell.n }] as const];
  });
  return Object.fromEntries(entries);
}
