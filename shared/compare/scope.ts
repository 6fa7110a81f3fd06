// One scope of a comparison: the fleet or one stratum. Both have the same fields; only the fleet looks across strata.

import type { Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import { type BackendStrata, betweenHosts, type Indication } from "./between-hosts.ts";
import type { BetweenHosts, MetricComparison, ScopeComparison } from "./comparison.ts";
import { type FlagDetails, flagsOf } from "./flag.ts";
import { metricFlags, scopeFlags } from "./flags.ts";
import { geometricMean, hostRange, noiseShare, sdLog, shares } from "./heterogeneity.ts";
import { known, limits } from "./estimate.ts";
import type { Interval } from "./median.ts";
import { cachedOnEither, cachedReads, cachedReadsOf, notedOnEither } from "./notes.ts";
import type { PairedEffect } from "./paired.ts";
import type { Merged, Question } from "./question.ts";
import { scores } from "./scores.ts";
import { sentence } from "./sentences.ts";
import { judge, marginTicks } from "./verdict.ts";

/** One backend in a scope. */
export interface ScopeSide {
  readonly backend: Backend;
  /** The value cell of the scope itself, for its head and notes. */
  readonly merged: Merged | undefined;
  /** Its values in the strata of the scope. */
  readonly strata: BackendStrata;
}

export interface Scope {
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

function published({ strataUsed, crude, estimate, interval, indication }: Indication): BetweenHosts {
  return {
    strata_used: strataUsed,
    crude_ratio: known(crude),
    ratio: known(estimate),
    ci: limits(interval),
    indication,
  };
}

/** The intervals of one metric in the strata that have one. */
function strataIntervals({ strata }: Scope, metric: MetricName): Interval[] {
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
    between_hosts: published(between),
  };
}

/** Everything the answer says about one scope. */
export function compareScope(scope: Scope): ScopeComparison {
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
