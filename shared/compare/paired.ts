import type { MetricCell } from "../cells/cell.ts";
import type { MetricName } from "../run/metrics.ts";
import { medianRank, signTest } from "./tests.ts";
import { holm } from "./holm.ts";
import { type Measure, measure } from "./measure.ts";
import { MIN_HOSTS } from "./median.ts";
import type { Merged } from "./question.ts";

/**
 * The paired comparison of one metric in one scope, before any verdict (statistics.md, section 6). Its host values are the
 * log-ratios candidate - baseline of the hosts that have both.
 */
export interface PairedEffect extends Measure {
  readonly metric: MetricName;
  /** Sign test, and after Holm's correction over the effects computed together; null below 6 hosts. */
  readonly p: number | null;
  readonly pHolm: number | null;
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
export function pairedEffects(
  pair: Merged | undefined,
  metrics: readonly MetricName[],
  rankOf = medianRank,
): PairedEffect[] {
  const effects = metrics.map((metric) => {
    const ratios = measure(pair, metric, rankOf);
    return { metric, ...ratios, p: signP(ratios.cell, ratios.nEff) };
  });
  const adjusted = holm(effects.map(({ p }) => p));
  return effects.map((effect, index) => ({ ...effect, pHolm: adjusted[index] ?? null }));
}
