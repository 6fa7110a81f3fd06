// The comparison: merged cells and a question in, the published answer out. Each step is a file of its own:
// order-statistic, binomial and median are the one procedure behind every number; paired holds the effect and its test;
// verdict, heterogeneity, flags, scores and between-hosts read it; sentence puts it into words. Nothing here depends on
// how many hosts stand behind a cell, only on how many bins it has. The method is that of the statistics reference.

import { type Cell, flip, type MetricCell, SCOPE_ALL } from "../cells/cell.ts";
import type { Backend } from "../run/backends.ts";
import type { CohortKey } from "../run/cohort.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import type { View } from "../run/run.ts";
import { codeUnitOrder } from "../run/text.ts";
import type { BackendValue, BetweenHosts, Comparison, MetricComparison, ScopeComparison } from "./comparison.ts";
import { asReported, backendValues, known, limits, type Measure, measure } from "./estimate.ts";
import {
  cachedOnEither,
  cachedReads,
  cachedReadsOf,
  type FlagDetails,
  flagsOf,
  metricFlags,
  type Notice,
  notedOnEither,
  scopeFlags,
} from "./flags.ts";
import { geometricMean, hostRange, noiseShare, sdLog, shares } from "./heterogeneity.ts";
import { MIN_HOSTS, type TickInterval } from "./median.ts";
import { type BackendStrata, betweenHosts, type Indication } from "./mover.ts";
import { compareEfficiency, scores } from "./scores.ts";
import { sentence } from "./sentences.ts";
import { holm, medianRank, rememberedRanks, signTest } from "./tests.ts";
import { judge, marginTicks } from "./verdict.ts";

/** The metrics asked for in registry order; all of them when none is named. */
export function selectedMetrics(metrics: readonly MetricName[]): readonly MetricName[] {
  return metrics.length === 0 ? METRIC_NAMES : METRIC_NAMES.filter((name) => metrics.includes(name));
}

/** Named in every answer; changes whenever the same cells would give other numbers. */
export const METHOD_VERSION = "1";

// What a comparison is asked, and what it is computed from: `compare` reads merged cells only, never runs.

/** A question about two backends (docs/api.md#read). Ratios are candidate / baseline. */
export interface Question {
  readonly baseline: Backend;
  readonly candidate: Backend;
  /** Period names, e.g. `2026-Q4`; their cells may share hosts. */
  readonly periods: readonly string[];
  readonly view: View;
  readonly filters: Readonly<Partial<Record<CohortKey, readonly string[]>>>;
  /** Relative difference that is too small to matter, e.g. 0.03 for 3 %; above 0. */
  readonly margin: number;
  /** Metrics asked for; empty means all. They alone are reported, and they alone share the Holm correction. */
  readonly metrics: readonly MetricName[];
}

/** Cells of several periods added up, with what is needed not to count a host twice (`mergePeriods`). */
export interface Merged {
  readonly cell: Cell;
  /** For each quantity, in their order, the largest N of the periods: n_eff of statistics.md, section 4. */
  readonly nEff: readonly number[];
  /** The largest host count of the periods, over all quantities. */
  readonly headHosts: number;
}

/** Everything a comparison is computed from. Keys of the maps are scopes: `ALL` or a stratum such as `v1/2G/8k/16`. */
export interface ComparisonInput {
  readonly question: Question;
  /** When the cells were last brought up to date, ISO 8601; null when never. */
  readonly asOf: string | null;
  /** Hosts with results that the cells do not hold yet. */
  readonly pendingHosts: number;
  /** What a reader must know of the cells; nothing if not given. */
  readonly notices?: readonly Notice[];
  /** Pair cells as stored, i.e. of the backend later in the alphabet over the earlier one. */
  readonly pair: ReadonlyMap<string, Merged>;
  /** Value cells by stratum; under `ALL` only the head and the notes count. */
  readonly baselineValues: ReadonlyMap<string, Merged>;
  readonly candidateValues: ReadonlyMap<string, Merged>;
  /** The pair cells of view `all`, when the view asked for is `trusted`; otherwise null. */
  readonly pairAsReported: ReadonlyMap<string, Merged> | null;
}

/** A pair cell as candidate over baseline: it is stored as the later name over the earlier one. */
export function oriented(merged: Merged, { baseline, candidate }: Pick<Question, "baseline" | "candidate">): Merged {
  return baseline <= candidate ? merged : { ...merged, cell: flip(merged.cell) };
}

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

// One scope of a comparison: the fleet or one stratum. Both have the same fields; only the fleet looks across strata.

/** One backend in a scope. */
interface ScopeSide {
  readonly backend: Backend;
  /** The value cell of the scope itself, for its head and notes. */
  readonly merged: Merged | undefined;
  /** Its values in the strata of the scope. */
  readonly strata: BackendStrata;
}

interface Scope {
  readonly question: Question;
  readonly baseline: ScopeSide;
  readonly candidate: ScopeSide;
  /** The effects of the scope, in registry order of the metrics asked for. */
  readonly effects: readonly PairedEffect[];
  /** CPU efficiency by metric. */
  readonly efficiency: ScopeComparison["efficiency"];
  /** The effects of the strata below by stratum, in the fleet scope; empty in a stratum. */
  readonly strata: ReadonlyMap<string, readonly PairedEffect[]>;
}

function publishedFigure({ strataUsed, crude, estimate, interval, indication }: Indication): BetweenHosts {
  return {
    strata_used: strataUsed,
    crude_ratio: known(crude),
    ratio: known(estimate),
    ci: limits(interval),
    indication,
  };
}

/** The intervals of one metric in the strata that have one. */
function strataIntervals({ strata }: Scope, metric: MetricName): TickInterval[] {
  return [...strata.values()].flatMap((effects) => effects.find((effect) => effect.metric === metric)?.interval ?? []);
}

function compareMetric(scope: Scope, effect: PairedEffect): MetricComparison {
  const { question, baseline, candidate, effects } = scope;
  const { metric, cell, nEff, estimate, interval, narrowest, p, pHolm } = effect;
  const margin = marginTicks(question.margin);
  const cached = cachedReadsOf(metric, [baseline, candidate]);
  const sideOf = ({ backend, merged }: ScopeSide) => ({
    backend,
    hosts: merged?.headHosts ?? 0,
    cached: cached && cachedReads(merged),
  });
  const between = betweenHosts(baseline.strata, candidate.strata, metric, margin);
  const judgement = judge({ hosts: cell.n, bothTooFast: cell.nb, estimate, interval, narrowest, pHolm, margin });
  const flagDetails = metricFlags({ effect, between, strata: strataIntervals(scope, metric), cached, margin });
  const ratio = known(estimate);
  const ci = limits(interval);
  const range = hostRange(effect.ends);
  const share = shares(cell, effect.ends);
  return {
    hosts: cell.n,
    n_eff: nEff,
    exact: cell.nx,
    both_too_fast: cell.nb,
    faster_hosts: cell.pos,
    slower_hosts: cell.neg,
    ratio,
    ci,
    p,
    p_holm: pHolm,
    host_range: range,
    share,
    geometric_mean_ratio: geometricMean(cell),
    sd_log: sdLog(cell),
    noise_share: noiseShare(cell),
    ...judgement,
    flags: flagsOf(flagDetails),
    flag_details: flagDetails,
    sentence: sentence({
      baseline: sideOf(baseline),
      candidate: sideOf(candidate),
      view: question.view,
      periods: question.periods.length,
      effect,
      ratio,
      ci,
      range,
      share,
      reason: judgement.reason,
      tests: effects.filter((other) => other.p !== null).length,
      margin: question.margin,
    }),
    between_hosts: publishedFigure(between),
  };
}

/** Everything the answer says about one scope. */
function compareScope(scope: Scope): ScopeComparison {
  const { baseline, candidate, effects, efficiency, strata } = scope;
  const metrics = new Map(effects.map((effect) => [effect.metric, compareMetric(scope, effect)]));
  const ownFlags = new Map<MetricName, FlagDetails>([...metrics].map(([name, own]) => [name, own.flag_details]));
  const flagDetails = scopeFlags(ownFlags, {
    cached: cachedOnEither([baseline, candidate]),
    smallFile: notedOnEither("small_file", [baseline, candidate]),
    boundMismatch: notedOnEither("bound_mismatch", [baseline, candidate]),
    strata: [...strata].flatMap(([stratum, own]) => (own.some(({ cell }) => cell.n > 0) ? [stratum] : [])),
  });
  return {
    metrics: Object.fromEntries(metrics),
    scores: scores(effects),
    efficiency,
    flags: flagsOf(flagDetails),
    flag_details: flagDetails,
  };
}

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
  const metrics = selectedMetrics(question.metrics);
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
