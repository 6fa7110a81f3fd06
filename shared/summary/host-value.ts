import { mid } from "./mid.ts";
import { rnd } from "./ticks.ts";
import type { HostValue, Sample } from "./types.ts";

/**
 * The value of one metric of a host on one backend, from its runs; nulls are runs without the metric. Null when no run
 * has it. The value is exact when its lower end (bounds taken as values) and its upper end (bounds taken as infinite)
 * have the same median, otherwise it lies in [lo, +inf): statistics.md, section 2.
 */
export function hostValue(samples: readonly (Sample | null)[]): HostValue | null {
  const present = samples.filter((sample) => sample !== null);
  if (present.length === 0) return null;
  const lo = mid(present.map((sample) => sample.ticks));
  const hi = mid(present.map((sample) => (sample.censored ? Number.POSITIVE_INFINITY : sample.ticks)));
  const exact = present.filter((sample) => !sample.censored).map((sample) => sample.ticks);
  const sum = exact.reduce((total, ticks) => total + ticks, 0);
  const squares = exact.reduce((total, ticks) => total + ticks * ticks, 0);
  return {
    lo: rnd(lo),
    hi: lo === hi ? rnd(lo) : null,
    runs: present.length,
    exact: exact.length,
    spread: exact.length * squares - sum * sum,
  };
}

/** SS: the sum of squared deviations of the exact runs from their mean, in ticks^2; 0 when fewer than two are exact. */
export function sumOfSquares(value: HostValue): number {
  return value.exact === 0 ? 0 : value.spread / value.exact;
}

/**
 * An estimate of the variance of a host value that comes from run-to-run noise, in ticks^2 (statistics.md, section 2). Null
 * when unknown: with a single run, or when a run is censored. The factor pi/2 is what a median of three or more normal
 * values loses against their mean; the median of two is their mean.
 */
export function noiseVariance(value: HostValue): number | null {
  const { runs, exact } = value;
  if (runs < 2 || exact < runs) return null;
  return (sumOfSquares(value) / (runs - 1) / runs) * (runs === 2 ? 1 : Math.PI / 2);
}
