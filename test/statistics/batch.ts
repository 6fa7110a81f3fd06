// statistics.md, sections 5 to 9, implemented directly from the reference: runs and a query in, every number of the result out.
// Nothing is merged or stored: each number is computed from all runs again.

import type { Backend } from "../../shared/run/backends.ts";
import type { Run, View } from "../../shared/run/run.ts";
import * as effects from "./effects.ts";
import { type Details, flagged, type Hosts, known, limits, marginTicks } from "./effects.ts";
import {
  type Entry,
  type Host,
  hasSmallFile,
  hostsIn,
  isAboveBound,
  isCached,
  isLowCpu,
  isReadPath,
  METRICS,
  type Metric,
  type Quantity,
  strataOf,
  values,
  votes,
} from "./host-values.ts";
import { medianOf, type TickInterval, UNKNOWN } from "./order.ts";

export interface BatchQuery {
  readonly baseline: Backend;
  readonly candidate: Backend;
  readonly periods: readonly string[];
  readonly view: View;
  readonly margin: number;
  readonly metrics: readonly Metric[];
}

/** The whole result without texts. */
export function batchComparison(runs: readonly Run[], query: BatchQuery) {
  const { baseline, candidate, view } = query;
  const pair = [baseline, candidate] as const;
  const M = marginTicks(query.margin);
  const metrics = METRICS.filter((metric) => query.metrics.length === 0 || query.metrics.includes(metric));
  const periods = query.periods.map((period) => hostsIn(runs, period));

  /** Host values over the periods, of which a host may have one in each; cached by name, because many numbers need them. */
  const kept = new Map<string, Hosts>();
  const over = (name: string, entriesOf: (hosts: readonly Host[]) => Entry[]): Hosts => {
    const known = kept.get(name);
    if (known !== undefined) return known;
    const found = periods.map(entriesOf);
    const hosts = { entries: found.flat(), nEff: Math.max(0, ...found.map(({ length }) => length)) };
    kept.set(name, hosts);
    return hosts;
  };
  const paired = (scope: string, quantity: Quantity, of = view) =>
    over(`pair ${scope} ${quantity} ${of}`, (hosts) => votes(hosts, pair, scope, quantity, of));
  const single = (backend: Backend, stratum: string, metric: Metric) =>
    over(`${backend} ${stratum} ${metric}`, (hosts) => values(hosts, backend, stratum, metric, view));
  /** The number of hosts with a property; with several periods a host counts once in each. */
  const count = (is: (host: Host) => boolean): number => periods.flat().filter(is).length;

  const allStrata = (backend: Backend) =>
    [...new Set(periods.flat().flatMap((host) => strataOf(host, backend)))].sort();
  const [strataB, strataC] = [allStrata(baseline), allStrata(candidate)];
  const strata = strataB.filter((stratum) => strataC.includes(stratum));

  const runsOf = (host: Host, backend: Backend, scope: string): Run[] =>
    [...host].flatMap(([group, own]) =>
      (scope === "ALL" ? group.startsWith(`${backend} `) : group === `${backend} ${scope}`) ? own : [],
    );
  const countEither = (scope: string, is: (own: readonly Run[]) => boolean): number =>
    count((host) => pair.some((backend) => is(runsOf(host, backend, scope))));
  const rulesOf = (backends: readonly Backend[], scope: string): string[] => {
    const own = periods.flat().flatMap((host) => backends.flatMap((backend) => runsOf(host, backend, scope)));
    const rules = new Set(own.filter(isCached).flatMap(({ quality }) => quality.decided_by));
    return [...rules].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  };
  const cachedIn = (scope: string): Details => {
    const hosts = countEither(scope, (own) => own.some(isCached));
    return hosts === 0 ? {} : { suspect_cached_reads: { count: hosts, rules: rulesOf(pair, scope) } };
  };

  /** statistics.md, section 7. */
  const between = (scope: string, metric: Metric) => {
    const inScope = (stratum: string) => scope === "ALL" || scope === stratum;
    const pooled = (backend: Backend) =>
      medianOf(
        allStrata(backend)
          .filter(inScope)
          .flatMap((stratum) => single(backend, stratum, metric).entries),
        0,
      ).m;
    const [allB, allC] = [pooled(baseline), pooled(candidate)];
    const crude = { lo: allC.lo - allB.hi, hi: allC.hi - allB.lo };
    const arms = strata.filter(inScope).flatMap((stratum) => {
      const [b, c] = [single(baseline, stratum, metric), single(candidate, stratum, metric)];
      const [mb, mc] = [medianOf(b.entries, b.nEff), medianOf(c.entries, c.nEff)];
      return mb.ci && mc.ci
        ? [{ stratum, n: b.entries.length + c.entries.length, b: mb.m, c: mc.m, bi: mb.ci, ci: mc.ci }]
        : [];
    });
    if (arms.length === 0) return { strata: [], crude, est: UNKNOWN, ci: null, indication: "none" };
    const total = arms.reduce((sum, { n }) => sum + n, 0);
    const sum = (term: (arm: (typeof arms)[number], q: number) => number) =>
      arms.reduce((all, arm) => all + term(arm, arm.n / total), 0);
    const est = { lo: sum(({ b, c }, q) => q * (c.lo - b.hi)), hi: sum(({ b, c }, q) => q * (c.hi - b.lo)) };
    const below = sum(({ b, c, bi, ci }, q) => q * q * ((c.lo - ci.lo) ** 2 + (bi.hi - b.hi) ** 2));
    const above = sum(({ b, c, bi, ci }, q) => q * q * ((ci.hi - c.hi) ** 2 + (b.lo - bi.lo) ** 2));
    const [L, U] = [est.lo - Math.sqrt(below), est.hi + Math.sqrt(above)];
    const ci = { lo: Number.isFinite(L) ? L : -Infinity, hi: Number.isFinite(U) ? U : Infinity };
    const indication = ci.lo > 0 && est.lo > M ? "faster" : ci.hi < 0 && est.hi < -M ? "slower" : "none";
    return { strata: arms.map(({ stratum }) => stratum), crude, est, ci, indication };
  };

  const medians = (scope: string) =>
    new Map(
      metrics.map((metric) => {
        const hosts = paired(scope, metric);
        return [metric, { hosts, ...medianOf(hosts.entries, hosts.nEff) }] as const;
      }),
    );

  const efficiency = (scope: string, metric: Metric) => {
    const hosts = paired(scope, `${metric}:eff`);
    const { m, ci } = medianOf(hosts.entries, hosts.nEff);
    const n = hosts.entries.length;
    const low = count((host) => isLowCpu(host, pair, scope, metric, view));
    const hasV2 = (scope === "ALL" ? strata : [scope]).some((stratum) => stratum.startsWith("v2/"));
    const details: Details = {
      ...effects.hostFlags(hosts),
      ...(isReadPath(metric) ? cachedIn(scope) : {}),
      ...(low > n / 2 ? { low_cpu: { count: low } } : {}),
      ...(metric === "seeks" && hasV2 && n > 0 ? { inflated_cpu: {} } : {}),
    };
    const { hosts: own, n_eff, exact } = effects.counts(hosts);
    return { hosts: own, n_eff, exact, ratio: known(m), ci: limits(ci), ...flagged(details) };
  };

  const scopeAnswer = (scope: string) => {
    const own = medians(scope);
    const below = scope === "ALL" ? strata.map((stratum) => medians(stratum)) : [];
    const ps = metrics.map((metric) => effects.signTest(own.get(metric)?.hosts ?? { entries: [], nEff: 0 }));
    const corrected = effects.holm(ps);
    const results = [...own].map(([metric, median], index) => {
      const { hosts, m, ci } = median;
      const [p = null, pHolm = null] = [ps[index], corrected[index]];
      const [verdict, reason] = effects.verdict(hosts, median, pHolm, M);
      const { strata: used, crude, est, ci: betweenCi, indication } = between(scope, metric);
      const cis = below.flatMap((medianIn) => medianIn.get(metric)?.ci ?? []);
      const isUp = ({ lo }: TickInterval) => lo > M;
      const isDown = ({ hi }: TickInterval) => hi < -M;
      const stated = ci === null ? est : m;
      const counted = effects.counts(hosts);
      const details: Details = {
        ...effects.hostFlags(hosts),
        ...(counted.both_too_fast > 0.2 * counted.hosts ? { many_too_fast: { count: counted.both_too_fast } } : {}),
        ...(cis.some(isUp) && cis.some(isDown) ? { strata_disagree: {} } : {}),
        ...((isUp(stated) && isDown(crude)) || (isDown(stated) && isUp(crude)) ? { simpson: {} } : {}),
        ...(ci && betweenCi && (ci.hi < betweenCi.lo || betweenCi.hi < ci.lo)
          ? { paired_and_between_disagree: {} }
          : {}),
        ...(isReadPath(metric) ? cachedIn(scope) : {}),
      };
      const result = {
        ...counted,
        ratio: known(m),
        ci: limits(ci),
        p,
        p_holm: pHolm,
        host_range: effects.hostRange(hosts),
        share: effects.share(hosts),
        geometric_mean_ratio: effects.geometricMean(hosts),
        sd_log: effects.sdLog(hosts),
        noise_share: effects.noiseShare(hosts),
        verdict,
        reason,
        ...flagged(details),
        between_hosts: {
          strata_used: used,
          crude_ratio: known(crude),
          ratio: known(est),
          ci: limits(betweenCi),
          indication,
        },
      };
      return [metric, result] as const;
    });
    const details: Details = {};
    for (const [metric, { flags }] of results) {
      for (const flag of flags) details[flag] = { metrics: [...(details[flag]?.metrics ?? []), metric] };
    }
    for (const [flag, detail] of Object.entries(cachedIn(scope))) details[flag] = { ...details[flag], ...detail };
    const small = countEither(scope, (group) => group.some(hasSmallFile));
    const mismatch = countEither(scope, (group) => group.some(isAboveBound));
    if (small > 0) details["small_file"] = { count: small };
    if (mismatch > 0) details["bound_mismatch"] = { count: mismatch };
    const families = strata.flatMap((stratum, index) =>
      [...(below[index]?.values() ?? [])].some(({ hosts }) => hosts.entries.length > 0) ? [stratum.slice(0, 2)] : [],
    );
    if (new Set(families).size > 1) details["mixed_versions"] = {};
    return {
      metrics: Object.fromEntries(results),
      scores: effects.scores(own),
      efficiency: Object.fromEntries(metrics.map((metric) => [metric, efficiency(scope, metric)])),
      ...flagged(details),
    };
  };

  const quantities = METRICS.flatMap((metric): Quantity[] => [metric, `${metric}:eff`]);
  const pairedRuns = periods.flat().flatMap((host) =>
    strata.flatMap((stratum) => {
      const isPaired = quantities.some((quantity) => votes([host], pair, stratum, quantity, view).length > 0);
      return isPaired ? pair.map((backend) => runsOf(host, backend, stratum).length) : [];
    }),
  );

  /** The ratio and the hosts of a metric in a view. */
  const ratioIn = (metric: Metric, of: View) => {
    const { entries } = paired("ALL", metric, of);
    return { ratio: known(medianOf(entries, 0).m), hosts: entries.length };
  };
  const reported = metrics.flatMap((metric) => {
    const found = ratioIn(metric, "all");
    const isSame = JSON.stringify(found) === JSON.stringify(ratioIn(metric, "trusted"));
    return view === "all" || isSame ? [] : [[metric, found] as const];
  });

  return {
    runs: pairedRuns.reduce((sum, own) => sum + own, 0),
    fleet: scopeAnswer("ALL"),
    strata: Object.fromEntries(strata.map((stratum) => [stratum, scopeAnswer(stratum)])),
    backends: Object.fromEntries(
      pair.map((backend) => [
        backend,
        Object.fromEntries(
          allStrata(backend).map((stratum) => {
            const measured = metrics.map((metric) => [metric, single(backend, stratum, metric)] as const);
            const present = measured.filter(([, { entries }]) => entries.length > 0);
            return [
              stratum,
              Object.fromEntries(present.map(([metric, hosts]) => [metric, effects.backendValue(hosts)])),
            ];
          }),
        ),
      ]),
    ),
    cached: Object.fromEntries(
      pair.map((backend) => [
        backend,
        { hosts: count((host) => runsOf(host, backend, "ALL").some(isCached)), rules: rulesOf([backend], "ALL") },
      ]),
    ),
    as_reported: Object.fromEntries(reported),
  };
}
