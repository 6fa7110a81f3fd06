// statistics.md, section 4, implemented directly from the reference: every host value is listed, sorted and counted.

import { type Entry, rnd } from "./host-values.ts";

export interface TickInterval {
  readonly lo: number;
  readonly hi: number;
}

export const UNKNOWN: TickInterval = { lo: -Infinity, hi: Infinity };

export const isExact = ({ lo, hi }: TickInterval): boolean => lo === hi;

export const binOf = (ticks: number): number => rnd(ticks / 50);

/** LO and HI: exact values spread over their bins, bounds on the edges of theirs. */
export function ends(entries: readonly TickInterval[]): { lo: number[]; hi: number[] } {
  const bins = new Map<number, number>();
  for (const { lo } of entries.filter(isExact)) bins.set(binOf(lo), (bins.get(binOf(lo)) ?? 0) + 1);
  const spread = [...bins].flatMap(([k, c]) =>
    Array.from({ length: c }, (_, before) => 50 * k + 50 * ((before + 1 - 0.5) / c - 0.5)),
  );
  const bounds = entries.filter((entry) => !isExact(entry));
  const sorted = (xs: number[]) => xs.sort((a, b) => (a === b ? 0 : a - b));
  return {
    lo: sorted([...spread, ...bounds.map(({ lo }) => (lo === -Infinity ? lo : 50 * binOf(lo) - 25))]),
    hi: sorted([...spread, ...bounds.map(({ hi }) => (hi === Infinity ? hi : 50 * binOf(hi) + 25))]),
  };
}

/** The value at a real rank from 1 to the number of values. */
function at(sorted: readonly number[], rank: number): number {
  const below = Math.floor(rank);
  const [here = Number.NaN, next = Number.NaN] = [sorted[below - 1], sorted[below]];
  if (rank === below || here === next) return here;
  if (!Number.isFinite(here)) return here;
  return Number.isFinite(next) ? here + (next - here) * (rank - below) : next;
}

/** Hazen's quantile; the rank is limited to the first and the last. */
export function quantile(sorted: readonly number[], percent: number): number {
  return at(sorted, Math.max(1, Math.min(sorted.length, (sorted.length * percent) / 100 + 0.5)));
}

/** P(X <= j) for X ~ Binomial(n, 1/2), computed in integers; n up to a thousand. */
export function binomial(j: number, n: number): number {
  if (j < 0) return 0;
  let [term, sum] = [1n, 1n];
  for (let i = 1; i <= Math.min(j, n); i += 1) {
    term = (term * BigInt(n - i + 1)) / BigInt(i);
    sum += term;
  }
  return Number(sum) / 2 ** n;
}

export interface Median {
  readonly m: TickInterval;
  /** Null with fewer than 6 certainly distinct hosts. */
  readonly ci: TickInterval | null;
  /** With every bounded host at its other end; as `ci`. */
  readonly ciAtBest: TickInterval | null;
}

export function medianOf(entries: readonly Entry[], nEff: number): Median {
  const total = entries.length;
  if (total === 0) return { m: UNKNOWN, ci: null, ciAtBest: null };
  const { lo, hi } = ends(entries);
  const m = { lo: at(lo, (total + 1) / 2), hi: at(hi, (total + 1) / 2) };
  if (nEff < 6) return { m, ci: null, ciAtBest: null };
  let k = 1;
  while (binomial(k, nEff) <= 0.025) k += 1;
  const g0 = 1 - 2 * binomial(k - 1, nEff);
  const g1 = 1 - 2 * binomial(k, nEff);
  const i = (g0 - 0.95) / (g0 - g1);
  const lambda = ((nEff - k) * i) / (k + (nEff - 2 * k) * i);
  const r = ((k + lambda - 0.5) * total) / nEff + 0.5;
  const around = (from: readonly number[], to: readonly number[]) => ({
    lo: Math.min(at(from, r), at(from, (total + 1) / 2) - 25),
    hi: Math.max(at(to, total + 1 - r), at(to, (total + 1) / 2) + 25),
  });
  return { m, ci: around(lo, hi), ciAtBest: around(hi, lo) };
}
