// The paired effects of one scope: for each selected metric the median ratio of the hosts that have both backends, and its
// sign test, before any verdict (statistics.md, section 6). Comparisons and matrices judge them.

import type { MetricCell } from "../cells/cell.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import { estimateQuantity, type QuantityEstimate } from "./estimate.ts";
import { MIN_HOSTS } from "./median.ts";
import type { Merged } from "./merge-periods.ts";
import { holm, medianRank, signTest } from "./tests.ts";

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
  rankOf = medianRank,
): PairedEffect[] {
  const effects = metrics.map((metric) => {
    const ratios = estimateQuantity(pair, metric, rankOf);
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
