// The comparison: merged cells and a question in, the published answer out. Each step is a file of its own:
// order-statistic, binomial and median are the one procedure behind every number; paired holds the effect and its test;
// verdict, heterogeneity, flags, scores and between-hosts read it; sentence puts it into words. Nothing here depends on
// how many hosts stand behind a cell, only on how many bins it has. The method is that of the statistics reference.

import type { Bins } from "../cells/bins.ts";
import { type MetricCell, SCOPE_ALL } from "../cells/cell.ts";
import { flip } from "../cells/merge.ts";
import { BIN_FIELDS, COUNT_FIELDS } from "../cells/metric-cell.ts";
import type { Backend } from "../model/backends.ts";
import { METRIC_NAMES, type MetricName } from "../model/metrics.ts";
import { backendValues } from "./backend-values.ts";
import type { BackendStrata } from "./between-hosts.ts";
import { type medianRank, rememberedRanks } from "./binomial.ts";
import type { AsReported, BackendValue, Comparison, ScopeComparison } from "./comparison.ts";
import { known } from "./known.ts";
import { measure, metricCell } from "./measure.ts";
import { medianEstimate } from "./median.ts";
import { cachedReads } from "./notes.ts";
import { endsOf } from "./order-statistic.ts";
import { type PairedEffect, pairedEffects } from "./paired.ts";
import type { ComparisonInput, Merged } from "./question.ts";
import { compareScope, type ScopeSide } from "./scope.ts";

/** Named in every answer; changes whenever the same cells would give other numbers. */
export const METHOD_VERSION = "1";

type Scopes = ReadonlyMap<string, Merged>;

/** The metrics asked for in registry order; all of them when none is named. */
function askedMetrics(metrics: readonly MetricName[]): readonly MetricName[] {
  return metrics.length === 0 ? METRIC_NAMES : METRIC_NAMES.filter((name) => metrics.includes(name));
}

/** Pair cells as candidate over baseline: they are stored as the later name over the earlier one. */
function oriented(pair: Scopes, { question: { baseline, candidate } }: ComparisonInput): Scopes {
  if (baseline <= candidate) return pair;
  return new Map([...pair].map(([scope, merged]) => [scope, { ...merged, cell: flip(merged.cell) }]));
}

/** The strata with something to compare: paired hosts, or both backends on different hosts. Sorted. */
function comparableStrata(pair: Scopes, { baselineValues, candidateValues }: ComparisonInput): string[] {
  const onBoth = [...baselineValues.keys()].filter((stratum) => candidateValues.has(stratum));
  return [...new Set([...pair.keys(), ...onBoth])].filter((scope) => scope !== SCOPE_ALL).sort();
}

/** The values of one backend by stratum, sorted. */
function measuredStrata(values: Scopes, metrics: readonly MetricName[], rankOf: typeof medianRank): BackendStrata {
  const strata = [...values].filter(([scope]) => scope !== SCOPE_ALL).sort(([a], [b]) => (a < b ? -1 : 1));
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

function sameBins(a: Bins, b: Bins): boolean {
  return (
    a.first === b.first && a.counts.length === b.counts.length && a.counts.every((count, at) => count === b.counts[at])
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
function asReported(
  trusted: Merged | undefined,
  reported: Merged | undefined,
  metrics: readonly MetricName[],
): Partial<Record<MetricName, AsReported>> {
  if (reported?.cell === trusted?.cell) return {};
  const entries = metrics.flatMap((metric) => {
    const cell = metricCell(reported?.cell, metric);
    if (sameCell(cell, metricCell(trusted?.cell, metric))) return [];
    return [[metric, { ratio: known(medianEstimate(endsOf(cell))), hosts: cell.n }] as const];
  });
  return Object.fromEntries(entries);
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
  const pair = oriented(input.pair, input);
  const rankOf = rememberedRanks();
  const baselineStrata = measuredStrata(baselineValues, metrics, rankOf);
  const candidateStrata = measuredStrata(candidateValues, metrics, rankOf);
  const effectsOf = (scope: string) => pairedEffects(pair.get(scope), metrics, rankOf);
  const strata = new Map(comparableStrata(pair, input).map((stratum) => [stratum, effectsOf(stratum)]));

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
    as_reported:
      input.pairAsReported === null
        ? {}
        : asReported(pair.get(SCOPE_ALL), oriented(input.pairAsReported, input).get(SCOPE_ALL), metrics),
  };
}
