// The matrix: a verdict for every pair of backends and metric over the whole fleet (docs/api.md#read). In: the merged cells
// of each pair. Out: for each pair and metric an effect and its verdict. Each pair is a comparison and a family of tests of
// its own (statistics.md, section 6). Ratios of three pairs need not multiply up, because each pair has its own hosts.

import type { Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import { codeUnitOrder } from "../run/text.ts";
import type { ComparisonQuery, ConfidenceInterval, Estimate } from "./comparison.ts";
import { METHOD_VERSION, type PairedEffect, pairedEffects, selectMetrics, toEstimate, toInterval } from "./estimate.ts";
import { cachedReadsOfMetric, type Flag, listFlags, type NotedSide, pairedFlags } from "./flags.ts";
import type { Merged } from "./merged-cells.ts";
import { memoizedMedianRank } from "./tests.ts";
import { judge, marginTicks, type Reason, type Verdict } from "./verdict.ts";

/** Flags that need the cells of strata, which a matrix does not read: only the comparison of a pair has them. */
export const COMPARISON_FLAGS = [
  "strata_disagree",
  "simpson",
  "paired_and_between_disagree",
] as const satisfies readonly Flag[];

/** A query about all pairs of backends. */
export type MatrixQuery = Omit<ComparisonQuery, "baseline" | "candidate">;

/** A pair of backends, the baseline first in the alphabet, and its cell of scope `ALL`. */
export interface MatrixPair {
  readonly baseline: Backend;
  readonly candidate: Backend;
  readonly cell: Merged;
}

/** One metric of one pair. The other direction: faster is slower, and ratios are 1 over these, low and high exchanged. */
export interface MatrixEntry {
  readonly hosts: number;
  readonly n_eff: number;
  readonly ratio: Estimate;
  /** Null below 6 hosts. */
  readonly ci: ConfidenceInterval | null;
  /** After Holm's correction over the metrics of the pair; null below 6 hosts. */
  readonly p_holm: number | null;
  readonly verdict: Verdict;
  readonly reason: Reason;
  /** The flags of the pair's comparison, except `COMPARISON_FLAGS`. */
  readonly flags: readonly Flag[];
}

/** The whole answer. Ratios are candidate / baseline. */
export interface Matrix extends Omit<MatrixQuery, "metrics"> {
  readonly method_version: string;
  /** Backends that share a host with another one, sorted. */
  readonly backends: readonly Backend[];
  /** Pairs with a host in common, sorted by baseline and candidate. */
  readonly pairs: readonly {
    readonly baseline: Backend;
    readonly candidate: Backend;
    /** Runs behind the paired hosts, both sides. */
    readonly runs: number;
    readonly metrics: Readonly<Partial<Record<MetricName, MatrixEntry>>>;
  }[];
}

/**
 * Compares all pairs, in order. `values` are the backends' value cells of scope `ALL`, whose notes count cached reads.
 * Pairs without hosts are left out.
 */
export function matrix(query: MatrixQuery, pairs: readonly MatrixPair[], values: ReadonlyMap<Backend, Merged>): Matrix {
  const { metrics, ...params } = query;
  const computeRank = memoizedMedianRank();
  const margin = marginTicks(query.margin);
  const paired = pairs
    .filter(({ cell }) => cell.cell.hosts > 0)
    .toSorted((a, b) => codeUnitOrder(a.baseline, b.baseline) || codeUnitOrder(a.candidate, b.candidate));
  return {
    ...params,
    method_version: METHOD_VERSION,
    backends: [...new Set(paired.flatMap(({ baseline, candidate }) => [baseline, candidate]))].sort(),
    pairs: paired.map(({ baseline, candidate, cell }) => {
      const sides = [
        { backend: baseline, merged: values.get(baseline) },
        { backend: candidate, merged: values.get(candidate) },
      ] as const;
      const effects = pairedEffects(cell, selectMetrics(metrics), computeRank);
      const entries = effects.map((effect) => [effect.metric, toEntry(effect, sides, margin)] as const);
      return { baseline, candidate, runs: cell.cell.runs, metrics: Object.fromEntries(entries) };
    }),
  };
}

function toEntry(effect: PairedEffect, sides: readonly [NotedSide, NotedSide], margin: number): MatrixEntry {
  const { metric, cell, nEff, estimate, interval, narrowest, pHolm } = effect;
  const { verdict, reason } = judge({
    hosts: cell.n,
    bothTooFast: cell.nb,
    estimate,
    interval,
    narrowest,
    pHolm,
    margin,
  });
  return {
    hosts: cell.n,
    n_eff: nEff,
    ratio: toEstimate(estimate),
    ci: interval && toInterval(interval),
    p_holm: pHolm,
    verdict,
    reason,
    flags: listFlags(pairedFlags(effect, cachedReadsOfMetric(metric, sides))),
  };
}
