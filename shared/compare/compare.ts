// The comparison: merged cells and a question in, the published answer out. Each step is a file of its own:
// order-statistic, binomial and median are the one procedure behind every number; paired holds the effect and its test;
// verdict, heterogeneity, flags, scores and between-hosts read it; sentence puts it into words. Nothing here depends on
// how many hosts stand behind a cell, only on how many bins it has. The method is that of the statistics reference.

import { SCOPE_ALL } from "../cells/cell.ts";
import type { Backend } from "../run/backends.ts";
import { codeUnitOrder } from "../model/code-unit-order.ts";
import type { MetricName } from "../run/metrics.ts";
import { asReported } from "./as-reported.ts";
import { askedMetrics } from "./asked-metrics.ts";
import { backendValues } from "./backend-values.ts";
import type { BackendStrata } from "./between-hosts.ts";
import { type medianRank, rememberedRanks } from "./tests.ts";
import type { BackendValue, Comparison, ScopeComparison } from "./comparison.ts";
import { compareEfficiency } from "./efficiency.ts";
import { measure } from "./measure.ts";
import { METHOD_VERSION } from "./method-version.ts";
import { cachedReads, cachedReadsOf } from "./notes.ts";
import { type PairedEffect, pairedEffects } from "./paired.ts";
import { type ComparisonInput, type Merged, oriented } from "./question.ts";
import { compareScope, type ScopeSide } from "./scope.ts";

type Scopes = ReadonlyMap<string, Merged>;

/** The strata with something to compare: paired hosts, or both backends on different hosts. Sorted. */
function comparableStrata(pair: Scopes, { baselineValues, candidateValues }: ComparisonInput): string[] {
  const onBoth = [...baselineValues.keys()].filter((stratum) => candidateValues.has(stratum));
  return [...new Set([...pair.keys(), ...onBoth])].filter((scope) => scope !== SCOPE_ALL).sort();
}

const isV2 = (stratum: string): boolean => stratum.startsWith("v2/");

/** The values of one backend by stratum, sorted. */
function measuredStrata(values: Scopes, metrics: readonly MetricName[], rankOf: typeof medianRank): BackendStrata {
  const strata = [...values].filter(([scope]) => scope !== SCOPE_ALL).sort(([a], [b]) => codeUnitOrder(a, b));
  return new Map(
    strata.map(([stratum, merged]) => [
      stratum,
      new Map(metrics.map((metric) => [metric, measure(merged, metric, rankOf)])),
    ]),
  );
}

/** One backend in one scope: in a stratum that stratum's values alone. */
function sideIn(scope: string, backend: Backend, values: Scopes, strata: BackendStrata): ScopeSide {
  const inScope = scope === SCOPE_ALL ? strata : new Map([...strata].filter(([stratum]) => stratum === scope));
  return { backend, merged: values.get(scope), strata: inScope };
}

function published(strata: BackendStrata): Record<string, Partial<Record<MetricName, BackendValue>>> {
  return Object.fromEntries([...strata].map(([stratum, measures]) => [stratum, backendValues(measures)]));
}

/**
 * Compares two backends over a fleet. A pure function of its input: the same cells and question always give the same
 * answer. Missing cells are no error: a scope without paired hosts is "not comparable". Asking the other way round
 * (baseline and candidate exchanged) gives the mirror image.
 */
export function compare(input: ComparisonInput): Comparison {
  const { question, baselineValues, candidateValues } = input;
  const { baseline, candidate } = question;
  const metrics = askedMetrics(question.metrics);
  const pair = new Map([...input.pair].map(([scope, merged]) => [scope, oriented(merged, question)]));
  const rankOf = rememberedRanks();
  const baselineStrata = measuredStrata(baselineValues, metrics, rankOf);
  const candidateStrata = measuredStrata(candidateValues, metrics, rankOf);
  const effectsOf = (scope: string) => pairedEffects(pair.get(scope), metrics, rankOf);
  const strata = new Map(comparableStrata(pair, input).map((stratum) => [stratum, effectsOf(stratum)]));

  const sidesIn = (scope: string) =>
    [
      { backend: baseline, merged: baselineValues.get(scope) },
      { backend: candidate, merged: candidateValues.get(scope) },
    ] as const;
  const efficiencyIn = (scope: string) => {
    const hasV2 = scope === SCOPE_ALL ? [...strata.keys()].some(isV2) : isV2(scope);
    const compared = metrics.map((metric) => {
      const cached = cachedReadsOf(metric, sidesIn(scope));
      return [metric, compareEfficiency({ pair: pair.get(scope), metric, cached, hasV2, rankOf })] as const;
    });
    return Object.fromEntries(compared);
  };

  const compareIn = (
    scope: string,
    effects: readonly PairedEffect[],
    below: ReadonlyMap<string, readonly PairedEffect[]>,
  ): ScopeComparison =>
    compareScope({
      question,
      baseline: sideIn(scope, baseline, baselineValues, baselineStrata),
      candidate: sideIn(scope, candidate, candidateValues, candidateStrata),
      effects,
      efficiency: efficiencyIn(scope),
      strata: below,
    });

  return {
    baseline,
    candidate,
    periods: question.periods,
    view: question.view,
    filters: question.filters,
    margin: question.margin,
    method_version: METHOD_VERSION,
    as_of: input.asOf,
    pending_hosts: input.pendingHosts,
    notices: input.notices ?? [],
    runs: pair.get(SCOPE_ALL)?.cell.runs ?? 0,
    fleet: compareIn(SCOPE_ALL, effectsOf(SCOPE_ALL), strata),
    strata: Object.fromEntries([...strata].map(([stratum, own]) => [stratum, compareIn(stratum, own, new Map())])),
    backends: {
      [baseline]: published(baselineStrata),
      [candidate]: published(candidateStrata),
    },
    cached: {
      [baseline]: cachedReads(baselineValues.get(SCOPE_ALL)),
      [candidate]: cachedReads(candidateValues.get(SCOPE_ALL)),
    },
    as_reported: asReported(input, metrics),
  };
}
