import { SCOPE_ALL } from "../cells/cell.ts";
import type { MetricName } from "../run/metrics.ts";
import type { AsReported } from "./comparison.ts";
import { known } from "./estimate.ts";
import { metricCell } from "./measure.ts";
import { medianEstimate } from "./median.ts";
import { endsOf } from "./order-statistics.ts";
import { type ComparisonInput, type Merged, oriented } from "./question.ts";

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
