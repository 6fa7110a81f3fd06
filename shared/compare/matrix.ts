// The matrix: a verdict for every pair of backends and metric over the whole fleet (docs/api.md#read). Each pair is
// a comparison and a family of tests of its own (statistics.md, section 6); ratios need not multiply up from pair to pair,
// because different hosts stand behind them, so each says how many.

import type { Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import { codeUnitOrder } from "../run/text.ts";
import {
  METHOD_VERSION,
  type Merged,
  type PairedEffect,
  pairedEffects,
  type Question,
  selectedMetrics,
} from "./compare.ts";
import type { ConfidenceInterval, Estimate } from "./comparison.ts";
import { known, limits } from "./estimate.ts";
import { cachedReadsOf, type Flag, flagsOf, type NotedSide, pairedFlags } from "./flags.ts";
import { rememberedRanks } from "./tests.ts";
import { judge, marginTicks, type Reason, type Verdict } from "./verdict.ts";

/** Flags that take the cells of strata, which a matrix does not read: only the comparison of a pair has them. */
export const COMPARISON_FLAGS = [
  "strata_disagree",
  "simpson",
  "paired_and_between_disagree",
] as const satisfies readonly Flag[];

/** What is asked about all backends. */
export type MatrixQuery = Omit<Question, "baseline" | "candidate">;

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
  /** All that the comparison of the pair has, but `COMPARISON_FLAGS`. */
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
 * All pairs in order. `values` are the backends' value cells of scope `ALL`; their notes tell of cached reads. Pairs
 * without hosts are left out.
 */
export function matrix(
  question: MatrixQuery,
  pairs: readonly MatrixPair[],
  values: ReadonlyMap<Backend, Merged>,
): Matrix {
  const { metrics, ...asked } = question;
  const rankOf = rememberedRanks();
  const margin = marginTicks(question.margin);
  const paired = pairs
    .filter(({ cell }) => cell.cell.hosts > 0)
    .toSorted((a, b) => codeUnitOrder(a.baseline, b.baseline) || codeUnitOrder(a.candidate, b.candidate));
  return {
    ...asked,
    method_version: METHOD_VERSION,
    backends: [...new Set(paired.flatMap(({ baseline, candidate }) => [baseline, candidate]))].sort(),
    pairs: paired.map(({ baseline, candidate, cell }) => {
      const sides = [
        { backend: baseline, merged: values.get(baseline) },
        { backend: candidate, merged: values.get(candidate) },
      ] as const;
      const effects = pairedEffects(cell, selectedMetrics(metrics), rankOf);
      const entries = effects.map((effect) => [effect.metric, entryOf(effect, sides, margin)] as const);
      return { baseline, candidate, runs: cell.cell.runs, metrics: Object.fromEntries(entries) };
    }),
  };
}

function entryOf(effect: PairedEffect, sides: readonly [NotedSide, NotedSide], margin: number): MatrixEntry {
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
    ratio: known(estimate),
    ci: limits(interval),
    p_holm: pHolm,
    verdict,
    reason,
    flags: flagsOf(pairedFlags(effect, cachedReadsOf(metric, sides))),
  };
}
