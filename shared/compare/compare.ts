// The comparison of two backends. In: merged cells and a query. Out: every number, verdict and flag of the fleet and of each
// stratum; report/sentences.ts puts them into words. Each step is a file of its own: effects holds the median and its test,
// verdict judges them, heterogeneity, flags, scores and mover add what a reader needs besides. The work does not depend on the
// number of hosts behind a cell, only on its number of bins. Method: statistics.md.

import { type Cell, SCOPE_ALL } from "../cells/cell.ts";
import type { Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import { codeUnitOrder } from "../run/text.ts";
import { backendValues } from "./backends.ts";
import type {
  AsReported,
  BackendValue,
  BetweenHosts,
  ComparisonFindings,
  ComparisonQuery,
  EfficiencyFindings,
  MetricFindings,
  ScopeFindings,
  SideFindings,
} from "./comparison.ts";
import {
  estimateQuantity,
  METHOD_VERSION,
  metricCell,
  type PairedEffect,
  pairedEffects,
  selectMetrics,
  toEstimate,
  toInterval,
} from "./estimate.ts";
import {
  cachedReads,
  cachedReadsOfMetric,
  cachedReadsOnEither,
  countNotedOnEither,
  type FlagFindings,
  listFlags,
  metricFlags,
  type NotedSide,
  type Notice,
  scopeFlags,
} from "./flags.ts";
import { geometricMean, hostRange, hostShares, noiseShare, sdLog } from "./heterogeneity.ts";
import { medianEstimate, type TickInterval } from "./median.ts";
import { type Merged, orientPair } from "./merged-cells.ts";
import { type BackendStrata, compareBetweenHosts, type Indication } from "./mover.ts";
import { orderEnds } from "./order-statistics.ts";
import { compareEfficiency, scores } from "./scores.ts";
import { type medianRank, memoizedMedianRank } from "./tests.ts";
import { judge, marginTicks } from "./verdict.ts";

/** Everything a comparison is computed from. Keys of the maps are scopes: `ALL` or a stratum such as `v1/2G/8k/16`. */
export interface ComparisonInput {
  readonly query: ComparisonQuery;
  /** When the cells were last updated, ISO 8601; null when never. */
  readonly asOf: string | null;
  /** Hosts with results that the cells do not hold yet. */
  readonly pendingHosts: number;
  /** Notices about the cells; none if not given. */
  readonly notices?: readonly Notice[];
  /** Pair cells as stored, i.e. of the backend later in the alphabet over the earlier one. */
  readonly pair: Scopes;
  /** Value cells by stratum; under `ALL` only the head and the notes count. */
  readonly baselineValues: Scopes;
  readonly candidateValues: Scopes;
  /** The pair cells of view `all`, when the view of the query is `trusted`; else null. */
  readonly pairAsReported: Scopes | null;
}

type Scopes = ReadonlyMap<string, Merged>;

/**
 * Compares two backends over a fleet. A pure function of its input: the same cells and query always give the same
 * findings. Missing cells are no error: a scope without paired hosts is "not comparable". With baseline and candidate
 * exchanged it gives the mirror image.
 */
export function compare(input: ComparisonInput): ComparisonFindings {
  const { query, baselineValues, candidateValues } = input;
  const { baseline, candidate } = query;
  const metrics = selectMetrics(query.metrics);
  const computeRank = memoizedMedianRank();
  const pair = new Map([...input.pair].map(([scope, merged]) => [scope, orientPair(merged, query)]));
  const effectsIn = (scope: string) => pairedEffects(pair.get(scope), metrics, computeRank);
  const strata = new Map(comparableStrata(pair, input).map((stratum) => [stratum, effectsIn(stratum)]));
  const sides = {
    baseline: measureSide(baseline, baselineValues, metrics, computeRank),
    candidate: measureSide(candidate, candidateValues, metrics, computeRank),
  };
  const buildScope = (scope: string, effects: readonly PairedEffect[], below: Scope["strata"], hasV2: boolean) =>
    compareScope({
      query,
      pair: pair.get(scope),
      baseline: sideIn(scope, sides.baseline),
      candidate: sideIn(scope, sides.candidate),
      effects,
      strata: below,
      hasV2,
      computeRank,
    });
  return {
    baseline,
    candidate,
    periods: query.periods,
    view: query.view,
    filters: query.filters,
    margin: query.margin,
    method_version: METHOD_VERSION,
    as_of: input.asOf,
    pending_hosts: input.pendingHosts,
    notices: input.notices ?? [],
    runs: pair.get(SCOPE_ALL)?.cell.runs ?? 0,
    fleet: buildScope(SCOPE_ALL, effectsIn(SCOPE_ALL), strata, [...strata.keys()].some(isV2)),
    strata: Object.fromEntries(
      [...strata].map(([stratum, own]) => [stratum, buildScope(stratum, own, new Map(), isV2(stratum))]),
    ),
    backends: { [baseline]: publishValues(sides.baseline), [candidate]: publishValues(sides.candidate) },
    cached: {
      [baseline]: cachedReads(baselineValues.get(SCOPE_ALL)),
      [candidate]: cachedReads(candidateValues.get(SCOPE_ALL)),
    },
    as_reported: compareAsReported(input, metrics),
  };
}

/** The strata with something to compare: paired hosts, or both backends on different hosts. Sorted. */
function comparableStrata(pair: Scopes, { baselineValues, candidateValues }: ComparisonInput): string[] {
  const onBoth = [...baselineValues.keys()].filter((stratum) => candidateValues.has(stratum));
  return [...new Set([...pair.keys(), ...onBoth])].filter((scope) => scope !== SCOPE_ALL).sort();
}

const isV2 = (stratum: string): boolean => stratum.startsWith("v2/");

/** One backend over all scopes. */
interface Side {
  readonly backend: Backend;
  readonly values: Scopes;
  /** Its estimates by stratum, sorted. */
  readonly strata: BackendStrata;
}

function measureSide(
  backend: Backend,
  values: Scopes,
  metrics: readonly MetricName[],
  computeRank: typeof medianRank,
): Side {
  const strata = [...values].filter(([scope]) => scope !== SCOPE_ALL).sort(([a], [b]) => codeUnitOrder(a, b));
  const estimateAll = (merged: Merged) =>
    new Map(metrics.map((metric) => [metric, estimateQuantity(merged, metric, computeRank)]));
  return { backend, values, strata: new Map(strata.map(([stratum, merged]) => [stratum, estimateAll(merged)])) };
}

function publishValues({ strata }: Side): Record<string, Partial<Record<MetricName, BackendValue>>> {
  return Object.fromEntries([...strata].map(([stratum, estimates]) => [stratum, backendValues(estimates)]));
}

// One scope of a comparison: the fleet or one stratum. Both have the same fields; only the fleet compares strata.

/** One backend in a scope. */
interface ScopeSide extends NotedSide {
  /** Its estimates in the strata of the scope. */
  readonly strata: BackendStrata;
}

/** One backend in one scope: in a stratum that stratum's estimates alone. */
function sideIn(scope: string, { backend, values, strata }: Side): ScopeSide {
  const inScope = scope === SCOPE_ALL ? strata : new Map([...strata].filter(([stratum]) => stratum === scope));
  return { backend, merged: values.get(scope), strata: inScope };
}

interface Scope {
  readonly query: ComparisonQuery;
  readonly pair: Merged | undefined;
  readonly baseline: ScopeSide;
  readonly candidate: ScopeSide;
  /** The effects of the scope, in registry order of the selected metrics. */
  readonly effects: readonly PairedEffect[];
  /** The effects of the strata below by stratum, in the fleet scope; empty in a stratum. */
  readonly strata: ReadonlyMap<string, readonly PairedEffect[]>;
  /** Whether runs of Bonnie++ 1.9x or 2.0 are in the scope. */
  readonly hasV2: boolean;
  readonly computeRank: typeof medianRank;
}

function compareScope(scope: Scope): ScopeFindings {
  const { baseline, candidate, effects, strata } = scope;
  const sides = [baseline, candidate] as const;
  const metrics = new Map(effects.map((effect) => [effect.metric, compareMetric(scope, effect)]));
  const ownFlags = new Map<MetricName, FlagFindings>([...metrics].map(([name, own]) => [name, own.flag_details]));
  const flags = scopeFlags(ownFlags, {
    cached: cachedReadsOnEither(sides),
    smallFile: countNotedOnEither("small_file", sides),
    boundMismatch: countNotedOnEither("bound_mismatch", sides),
    strata: [...strata].flatMap(([stratum, own]) => (own.some(({ cell }) => cell.n > 0) ? [stratum] : [])),
  });
  return {
    metrics: Object.fromEntries(metrics),
    scores: scores(effects),
    efficiency: Object.fromEntries(effects.map(({ metric }) => [metric, efficiencyIn(scope, metric)])),
    flags: listFlags(flags),
    flag_details: flags,
    baseline: sideFindings(baseline),
    candidate: sideFindings(candidate),
  };
}

function efficiencyIn(
  { pair, baseline, candidate, hasV2, computeRank }: Scope,
  metric: MetricName,
): EfficiencyFindings {
  const cached = cachedReadsOfMetric(metric, [baseline, candidate]);
  return compareEfficiency({ pair, metric, cached, hasV2, computeRank });
}

function sideFindings({ merged }: ScopeSide): SideFindings {
  return {
    hosts: merged?.headHosts ?? 0,
    host_results: merged?.cell.hosts ?? 0,
    cached: cachedReads(merged),
  };
}

function compareMetric(scope: Scope, effect: PairedEffect): MetricFindings {
  const { query, baseline, candidate } = scope;
  const { metric, cell, nEff, ends, estimate, interval, narrowest, p, pHolm } = effect;
  const margin = marginTicks(query.margin);
  const cached = cachedReadsOfMetric(metric, [baseline, candidate]);
  const between = compareBetweenHosts(baseline.strata, candidate.strata, metric, margin);
  const flags = metricFlags({ effect, between, strata: strataIntervals(scope, metric), cached, margin });
  return {
    hosts: cell.n,
    n_eff: nEff,
    exact: cell.nx,
    both_too_fast: cell.nb,
    faster_hosts: cell.pos,
    slower_hosts: cell.neg,
    ratio: toEstimate(estimate),
    ci: interval && toInterval(interval),
    p,
    p_holm: pHolm,
    host_range: hostRange(ends),
    share: hostShares(cell, ends),
    geometric_mean_ratio: geometricMean(cell),
    sd_log: sdLog(cell),
    noise_share: noiseShare(cell),
    ...judge({ hosts: cell.n, bothTooFast: cell.nb, estimate, interval, narrowest, pHolm, margin }),
    flags: listFlags(flags),
    flag_details: flags,
    between_hosts: publishBetween(between),
  };
}

/** The intervals of one metric in the strata that have one. */
function strataIntervals({ strata }: Scope, metric: MetricName): TickInterval[] {
  return [...strata.values()].flatMap((effects) => effects.find((effect) => effect.metric === metric)?.interval ?? []);
}

function publishBetween({ strataUsed, crude, estimate, interval, indication }: Indication): BetweenHosts {
  return {
    strata_used: strataUsed,
    crude_ratio: toEstimate(crude),
    ratio: toEstimate(estimate),
    ci: interval && toInterval(interval),
    indication,
  };
}

/** The fleet's ratios and hosts with cached reads counted, for the metrics in which one of them differs. */
function compareAsReported(
  { query, pair, pairAsReported }: ComparisonInput,
  metrics: readonly MetricName[],
): Partial<Record<MetricName, AsReported>> {
  const trusted = pair.get(SCOPE_ALL);
  const reported = pairAsReported?.get(SCOPE_ALL);
  if (reported === undefined || reported.cell === trusted?.cell) return {};
  const all = orientPair(reported, query);
  const own = trusted && orientPair(trusted, query);
  const entries = metrics.flatMap((metric) => {
    const ratio = fleetRatio(all.cell, metric);
    if (ratio.hosts === 0 || (own !== undefined && areSame(ratio, fleetRatio(own.cell, metric)))) return [];
    return [[metric, ratio] as const];
  });
  return Object.fromEntries(entries);
}

function fleetRatio(cell: Cell, metric: MetricName): AsReported {
  const own = metricCell(cell, metric);
  return { ratio: toEstimate(medianEstimate(orderEnds(own))), hosts: own.n };
}

function areSame(a: AsReported, b: AsReported): boolean {
  return a.hosts === b.hosts && a.ratio.low === b.ratio.low && a.ratio.high === b.ratio.high;
}
