// statistics.md, sections 1 to 3, implemented directly from the reference, on raw runs: the values of every host. It uses none of
// the product's statistics, so that it can check them.

import type { Backend } from "../../shared/run/backends.ts";
import type { Run, View } from "../../shared/run/run.ts";

export const METRICS = [
  ...(["putc", "put_block", "rewrite", "getc", "get_block", "seeks"] as const),
  ...(["seq_create", "seq_stat", "seq_delete", "ran_create", "ran_stat", "ran_delete"] as const),
] as const;

export type Metric = (typeof METRICS)[number];
export type Quantity = Metric | `${Metric}:eff`;

export const isReadPath = (metric: Metric): boolean => ["rewrite", "getc", "get_block", "seeks"].includes(metric);

/** The newest runs of one backend and stratum of a host, by `backend stratum`. */
export type Host = ReadonlyMap<string, readonly Run[]>;

/** One host value, or log-ratio of two: an interval in ticks, and the runs it comes from. */
export interface Entry {
  readonly lo: number;
  readonly hi: number;
  readonly runs: number;
  /** Whether a side has a single run. */
  readonly isSingle: boolean;
  /** Noise between runs and its weight: of a pair a variance and 1, of a value SS and r - 1; both 0 where unknown. */
  readonly wv: number;
  readonly wn: number;
}

/** Half away from zero. */
export const rnd = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5) + 0;

function mid(xs: readonly number[]): number {
  const sorted = xs.toSorted((a, b) => (a === b ? 0 : a - b));
  const [low = Number.NaN, high = Number.NaN] = [
    sorted[Math.ceil(sorted.length / 2) - 1],
    sorted[Math.floor(sorted.length / 2)],
  ];
  return (low + high) / 2;
}

/** The hosts of a period, by the UTC calendar: of each backend and stratum the newest 99 by (finish time, id). */
export function hostsIn(runs: readonly Run[], period: string): Host[] {
  const hosts = new Map<string, Map<string, Run[]>>();
  for (const run of runs) {
    const date = new Date(run.finished_at);
    const [year, month] = [String(date.getUTCFullYear()), date.getUTCMonth()];
    const own = ["all", year, `${year}-Q${1 + Math.floor(month / 3)}`, `${year}-${String(month + 1).padStart(2, "0")}`];
    if (!own.includes(period)) continue;
    const host = hosts.get(run.host) ?? new Map<string, Run[]>();
    hosts.set(run.host, host);
    host.set(`${run.backend} ${run.stratum}`, [...(host.get(`${run.backend} ${run.stratum}`) ?? []), run]);
  }
  const newest = (a: Run, b: Run) => (`${a.finished_at} ${a.id}` < `${b.finished_at} ${b.id}` ? 1 : -1);
  return [...hosts.values()].map(
    (host) => new Map([...host].map(([group, all]) => [group, all.toSorted(newest).slice(0, 99)])),
  );
}

export const isCached = ({ quality }: Run): boolean =>
  quality.verdict === "cached" || quality.verdict === "probably-cached";

/** The strata that a host has runs of a backend in. */
export function strataOf(host: Host, backend: Backend): string[] {
  return [...host.keys()].flatMap((group) => {
    const [own, stratum = ""] = group.split(" ");
    return own === backend ? [stratum] : [];
  });
}

/** A value in ticks, or the bound that it is above. */
interface Reading {
  readonly ticks: number;
  readonly isBound: boolean;
}

function readingOf(run: Run, quantity: Quantity): Reading[] {
  const measured = run.metrics[quantity.replace(":eff", "") as Metric]; // a quantity is a metric with or without ":eff"
  if (measured === null) return [];
  const { rate, cpu, censored, lower_bound: bound = 0 } = measured;
  const at = (value: number, isBound: boolean) => [{ ticks: rnd(1e4 * Math.log(value)), isBound }];
  if (quantity.endsWith(":eff")) {
    if (rate === null || rate === 0 || cpu === null) return [];
    return cpu === 0 ? at(rate / 1, true) : at(rate / (cpu + 0.5), false);
  }
  if (censored) return at(bound, true);
  return rate === null || rate === 0 ? [] : at(rate, false);
}

/** Numerator and denominator of the sum of squared deviations: whole numbers, so that it rounds the same everywhere. */
function squares(ticks: readonly number[]): { over: number; under: number } {
  const sum = ticks.reduce((total, t) => total + t, 0);
  const own = ticks.reduce((total, t) => total + t * t, 0);
  return { over: ticks.length * own - sum * sum, under: ticks.length };
}

/** A value of a host on one side, its variance if known (v), the SS of its exact runs and how many these are. */
interface Value {
  readonly lo: number;
  readonly hi: number;
  readonly runs: number;
  readonly v: number | null;
  readonly ss: number;
  readonly exact: number;
}

/** Cached: many numbers need the same value. */
const worked = new WeakMap<Host, Map<string, Value | null>>();

/** The value of a host on one backend and stratum. */
function hostValue(host: Host, backend: Backend, stratum: string, quantity: Quantity, view: View): Value | null {
  const own = worked.get(host) ?? new Map<string, Value | null>();
  worked.set(host, own);
  const name = `${backend} ${stratum} ${quantity} ${view}`;
  const value = own.get(name);
  if (value !== undefined) return value;
  const fresh = workOut(host.get(`${backend} ${stratum}`) ?? [], quantity, view);
  own.set(name, fresh);
  return fresh;
}

function workOut(all: readonly Run[], quantity: Quantity, view: View): Value | null {
  const metric = quantity.replace(":eff", "") as Metric; // as above
  const isLeftOut = (run: Run) => view === "trusted" && isReadPath(metric) && isCached(run);
  const readings = all.flatMap((run) => (isLeftOut(run) ? [] : readingOf(run, quantity)));
  if (readings.length === 0) return null;
  const lo = mid(readings.map(({ ticks }) => ticks));
  const hi = mid(readings.map(({ ticks, isBound }) => (isBound ? Infinity : ticks)));
  const exact = readings.flatMap(({ ticks, isBound }) => (isBound ? [] : [ticks]));
  const { over, under } = squares(exact);
  const r = readings.length;
  const isKnown = exact.length === r && r >= 2;
  return {
    lo: rnd(lo),
    hi: lo === hi ? rnd(lo) : Infinity,
    runs: r,
    v: isKnown ? (over / under / (r - 1) / r) * (r === 2 ? 1 : Math.PI / 2) : null,
    ss: exact.length === 0 ? 0 : rnd(over / under),
    exact: exact.length,
  };
}

/** The hosts of a value cell. */
export function values(
  hosts: readonly Host[],
  backend: Backend,
  stratum: string,
  quantity: Quantity,
  view: View,
): Entry[] {
  return hosts.flatMap((host) => {
    const value = hostValue(host, backend, stratum, quantity, view);
    if (value === null) return [];
    const { lo, hi, runs, ss, exact } = value;
    return [{ lo, hi, runs, isSingle: runs === 1, wv: ss, wn: Math.max(0, exact - 1) }];
  });
}

/** Both sides of a host in the strata of a scope in which it has the quantity on both. */
function pairedStrata(host: Host, [b, c]: readonly [Backend, Backend], scope: string, quantity: Quantity, view: View) {
  return strataOf(host, b).flatMap((stratum) => {
    const from = hostValue(host, b, stratum, quantity, view);
    const to = hostValue(host, c, stratum, quantity, view);
    const isIn = scope === "ALL" || scope === stratum;
    return from && to && isIn ? [{ from, to, stratum, lo: to.lo - from.hi, hi: to.hi - from.lo }] : [];
  });
}

/** The hosts of a pair cell: one vote each. */
export function votes(
  hosts: readonly Host[],
  pair: readonly [Backend, Backend],
  scope: string,
  quantity: Quantity,
  view: View,
): Entry[] {
  return hosts.flatMap((host) => {
    const strata = pairedStrata(host, pair, scope, quantity, view);
    const telling = strata.filter(({ lo, hi }) => lo > -Infinity || hi < Infinity);
    const used = telling.length > 0 ? telling : strata;
    if (used.length === 0) return [];
    const sides = used.flatMap(({ from, to }) => [from, to]);
    const [from, to, ...others] = sides;
    const v = others.length === 0 && from && to && from.v !== null && to.v !== null ? from.v + to.v : null;
    return [
      {
        lo: rnd(mid(used.map(({ lo }) => lo))),
        hi: rnd(mid(used.map(({ hi }) => hi))),
        runs: sides.reduce((sum, side) => sum + side.runs, 0),
        isSingle: sides.some((side) => side.runs === 1),
        wv: v === null ? 0 : rnd(v),
        wn: v === null ? 0 : 1,
      },
    ];
  });
}

/** Whether on any stratum of the scope a side's typical %CP is below 10, by the medians of rate and efficiency. */
export function isLowCpu(
  host: Host,
  pair: readonly [Backend, Backend],
  scope: string,
  metric: Metric,
  view: View,
): boolean {
  const rates = pairedStrata(host, pair, scope, metric, view);
  return pairedStrata(host, pair, scope, `${metric}:eff`, view).some((eff) =>
    rates.some(
      (rate) =>
        rate.stratum === eff.stratum &&
        (["from", "to"] as const).some(
          (side) => eff[side].hi === Infinity || rate[side].lo - eff[side].lo < rnd(1e4 * Math.log(10)),
        ),
    ),
  );
}

const FILE_BACKENDS = ["loop", "vnd", "file-direct"];

/** Whether memory that can cache the test file is more than half of it. */
export function hasSmallFile({ backend, bonnie, facts }: Run): boolean {
  const memory = (key: string) => Number(facts[key] ?? 0);
  const isFile = FILE_BACKENDS.includes(backend) || facts["storage"] === "file";
  const cache = memory("guest_mem_mb") + (isFile ? memory("dom0_mem_mb") : 0);
  return bonnie.file_size_kib !== null && bonnie.file_size_kib < 2 * 1024 * cache;
}

/** Whether a rate is above what half a second allows: twice the KiB, the 8 192 seeks or the files a second. */
export function isAboveBound({ bonnie, metrics }: Run): boolean {
  return METRICS.some((metric, index) => {
    const work = index < 5 ? bonnie.file_size_kib : index === 5 ? 8192 : 1024 * (bonnie.files?.thousands ?? 0);
    return (metrics[metric]?.rate ?? 0) > 2 * (work ?? 0);
  });
}
