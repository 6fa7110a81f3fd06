// statistics.md, sections 5, 6, 8 and 9, implemented directly from the reference: the published numbers of one list
// of host values, and of several together.

import { type Entry, METRICS, type Metric, rnd } from "./host-values.ts";
import {
  binOf,
  binomial,
  ends,
  isExact,
  type Median,
  medianOf,
  quantile,
  type TickInterval,
  UNKNOWN,
} from "./order.ts";

/** The host values of one quantity over all periods, and the largest number of hosts in one of them. */
export interface Hosts {
  readonly entries: readonly Entry[];
  readonly nEff: number;
}

const sum = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0);

const outside = (ticks: number): number | null => (Number.isFinite(ticks) ? Math.exp(ticks / 1e4) : null);

export const limits = (interval: TickInterval | null) =>
  interval && { low: outside(interval.lo), high: outside(interval.hi) };

export function known({ lo, hi }: TickInterval) {
  const [isLow, isHigh] = [Number.isFinite(lo), Number.isFinite(hi)];
  const relation = isLow ? (isHigh ? (lo === hi ? "=" : "between") : ">=") : isHigh ? "<=" : "unknown";
  return { low: outside(lo), high: outside(hi), relation };
}

/** Where a host is counted: exact values at the center of their bin, bounds at the edge of theirs. */
const seenAt = (entry: Entry): TickInterval =>
  isExact(entry)
    ? { lo: 50 * binOf(entry.lo), hi: 50 * binOf(entry.lo) }
    : {
        lo: entry.lo === -Infinity ? entry.lo : 50 * binOf(entry.lo) - 25,
        hi: entry.hi === Infinity ? entry.hi : 50 * binOf(entry.hi) + 25,
      };

export function share({ entries }: Hosts) {
  const part = (is: (seen: TickInterval, entry: Entry) => boolean) =>
    entries.length === 0 ? 0 : entries.filter((entry) => is(seenAt(entry), entry)).length / entries.length;
  const faster = part(({ lo }) => lo > 300);
  const slower = part(({ hi }) => hi < -300);
  const same = part(({ lo }, entry) => isExact(entry) && Math.abs(lo) <= 300);
  const undetermined = part(
    ({ lo, hi }, entry) => !(lo > 300) && !(hi < -300) && !(isExact(entry) && Math.abs(lo) <= 300),
  );
  return { faster, slower, same, undetermined };
}

export function hostRange({ entries }: Hosts) {
  const { lo, hi } = ends(entries);
  if (entries.length >= 20) {
    return { low: outside(quantile(lo, 5)), high: outside(quantile(hi, 95)), kind: "central_90" };
  }
  return { low: outside(lo[0] ?? -Infinity), high: outside(hi.at(-1) ?? Infinity), kind: "min_max" };
}

export function geometricMean({ entries }: Hosts): number | null {
  if (entries.length === 0 || !entries.every(isExact)) return null;
  return Math.exp(sum(entries.map(({ lo }) => lo)) / entries.length / 1e4);
}

/** In ticks^2, of the exact hosts; null below two. */
function variance({ entries }: Hosts): number | null {
  const exact = entries.filter(isExact).map(({ lo }) => lo);
  const n = exact.length;
  return n < 2 ? null : (n * sum(exact.map((d) => d * d)) - sum(exact) ** 2) / n / (n - 1);
}

export function sdLog(hosts: Hosts): number | null {
  const found = variance(hosts);
  return found === null ? null : Math.sqrt(found) / 1e4;
}

export function noiseShare(hosts: Hosts): number | null {
  const found = variance(hosts);
  const wn = sum(hosts.entries.map((entry) => entry.wn));
  if (found === null || wn < 2) return null;
  const noise = sum(hosts.entries.map((entry) => entry.wv)) / wn;
  return noise === 0 && found === 0 ? null : Math.min(1, noise / found);
}

const isBothTooFast = ({ lo, hi }: Entry) => lo === -Infinity && hi === Infinity;

export function counts({ entries, nEff }: Hosts) {
  return {
    hosts: entries.length,
    n_eff: nEff,
    exact: entries.filter(isExact).length,
    both_too_fast: entries.filter(isBothTooFast).length,
    faster_hosts: entries.filter((entry) => (isExact(entry) ? entry.lo > 0 : entry.lo >= 0)).length,
    slower_hosts: entries.filter((entry) => (isExact(entry) ? entry.lo < 0 : entry.hi <= 0)).length,
  };
}

/** The sign test; null below 6 hosts. */
export function signTest(hosts: Hosts): number | null {
  const { hosts: n, n_eff: nEff, faster_hosts: pos, slower_hosts: neg } = counts(hosts);
  if (nEff < 6) return null;
  const w = Math.floor((Math.max(pos, neg) * nEff) / n);
  const l = Math.ceil((Math.min(pos, neg) * nEff) / n);
  return Math.min(1, 2 * binomial(Math.min(w, l), w + l));
}

/** Holm's correction; tests without a p value do not count. */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const tested = ps.filter((p) => p !== null).sort((a, b) => a - b);
  return ps.map((p) => {
    if (p === null) return null;
    const upTo = tested.flatMap((each, i) => (each <= p ? [Math.min(1, (tested.length - i) * each)] : []));
    return Math.max(...upTo);
  });
}

/** The table of verdicts; M in ticks. */
export function verdict(hosts: Hosts, { m, ci, ciAtBest }: Median, pHolm: number | null, M: number): [string, string] {
  const { hosts: n, both_too_fast: nb, n_eff: nEff } = counts(hosts);
  if (n === 0) return ["not comparable", "no_paired_hosts"];
  if (nb === n) return ["not comparable", "too_fast_on_both"];
  if (m.lo === -Infinity && m.hi === Infinity) return ["not comparable", "mostly_too_fast"];
  if (nEff < 6 || ci === null) return ["inconclusive", "too_few_hosts"];
  const { lo: L, hi: U } = ci;
  if (L > -M && U < M) return ["equivalent", "ci_within_margin"];
  const isSignificant = pHolm !== null && pHolm <= 0.05;
  // If no value of a host that was too fast could make the interval exclude 1, the reason is ties and not `+++++`.
  const isHidden = ciAtBest !== null && (ciAtBest.lo > 0 || ciAtBest.hi < 0);
  if (!(L > 0 || U < 0)) return ["inconclusive", isSignificant && isHidden ? "too_fast_hides_size" : "ci_includes_1"];
  if (!isSignificant) return ["inconclusive", "not_significant_after_holm"];
  if (L > 0 && m.lo > M) return ["faster", "ci_above_1"];
  if (U < 0 && m.hi < -M) return ["slower", "ci_below_1"];
  return ["inconclusive", "difference_below_margin"];
}

function outliers({ entries }: Hosts): number {
  const exact = entries.filter(isExact).map(({ lo }) => 50 * binOf(lo));
  if (exact.length < 20) return 0;
  const sorted = exact.toSorted((a, b) => a - b);
  const [q1, q3] = [quantile(sorted, 25), quantile(sorted, 75)];
  const reach = 3 * Math.max(50, q3 - q1);
  return exact.filter((d) => d < q1 - reach || d > q3 + reach).length;
}

/** The numbers and names of a flag. */
interface Detail {
  readonly count?: number;
  readonly rules?: readonly string[];
  readonly metrics?: readonly string[];
}

export type Details = Record<string, Detail>;

/** The flags that follow from the hosts alone. */
export function hostFlags(hosts: Hosts): Details {
  const n = hosts.entries.length;
  const one = hosts.entries.filter(({ isSingle }) => isSingle).length;
  const { faster, slower } = share(hosts);
  return {
    ...(n === 1 ? { single_host: { count: 1 } } : {}),
    ...(one > n / 2 ? { mostly_single_runs: { count: one } } : {}),
    ...(outliers(hosts) > 0 ? { outlier_hosts: { count: outliers(hosts) } } : {}),
    ...(n >= 20 && faster >= 0.1 && slower >= 0.1 ? { mixed_effect: {} } : {}),
  };
}

const GROUPS = {
  write: ["putc", "put_block", "rewrite"],
  read: ["getc", "get_block"],
  seek: ["seeks"],
  metadata: METRICS.slice(6),
};

const isKnown = ({ lo, hi }: TickInterval): boolean => lo > -Infinity || hi < Infinity;

/** statistics.md, section 8: means over the metrics of a group, and over the groups. */
export function scores(of: ReadonlyMap<Metric, Median>) {
  const mean = (intervals: readonly TickInterval[]): TickInterval => {
    const sum = (end: "lo" | "hi") => intervals.reduce((total, interval) => total + interval[end], 0);
    return intervals.length === 0 ? UNKNOWN : { lo: sum("lo") / intervals.length, hi: sum("hi") / intervals.length };
  };
  const groups = Object.values(GROUPS).map((names) => {
    const used = [...of].filter(([metric, { m }]) => names.includes(metric) && isKnown(m));
    const cis = used.flatMap(([, { ci }]) => ci ?? []);
    return {
      metrics: used.map(([metric]) => metric),
      m: mean(used.map(([, { m }]) => m)),
      ci: used.length > 0 && cis.length === used.length ? mean(cis) : null,
    };
  });
  const overall = {
    metrics: groups.some(({ m }) => !isKnown(m)) ? [] : groups.flatMap((group) => group.metrics),
    m: mean(groups.map(({ m }) => m)),
    ci: null,
  };
  return Object.fromEntries(
    [...Object.keys(GROUPS), "overall"].map((name, index) => {
      const { metrics: names, m, ci } = groups[index] ?? overall;
      return [name, { metrics: names, ratio: known(m), ci: limits(ci) }];
    }),
  );
}

/** Flags by name, with their numbers and names. */
export const flagged = (details: Details) => ({ flags: Object.keys(details).sort(), flag_details: details });

/** statistics.md, section 5: one backend in one stratum. */
export function backendValue(hosts: Hosts) {
  const { entries, nEff } = hosts;
  const { lo, hi } = ends(entries);
  const { m, ci } = medianOf(entries, nEff);
  const [wv, wn] = [sum(entries.map((entry) => entry.wv)), sum(entries.map((entry) => entry.wn))];
  return {
    hosts: entries.length,
    runs: sum(entries.map(({ runs }) => runs)),
    censored_hosts: entries.filter((entry) => !isExact(entry)).length,
    single_run_hosts: entries.filter(({ isSingle }) => isSingle).length,
    median: known(m),
    ci: limits(ci),
    p10: known({ lo: quantile(lo, 10), hi: quantile(hi, 10) }),
    p90: known({ lo: quantile(lo, 90), hi: quantile(hi, 90) }),
    geometric_mean: geometricMean(hosts),
    run_sd_log: wn > 0 ? Math.sqrt(wv / wn) / 1e4 : null,
  };
}

/** The margin in ticks: 3 % is 300 by definition. */
export const marginTicks = (margin: number): number => (margin === 0.03 ? 300 : rnd(1e4 * Math.log(1 + margin)));
