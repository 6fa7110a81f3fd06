// From ticks inside to numbers outside: the only place where logarithms become ratios and rates.

import { TICKS_PER_LOG } from "../summary/ticks.ts";
import type { Known, Limits } from "./comparison.ts";
import type { Interval } from "./median.ts";

/** Ticks as a ratio or rate; null for an infinite value. */
export function fromTicks(ticks: number): number | null {
  return Number.isFinite(ticks) ? Math.exp(ticks / TICKS_PER_LOG) : null;
}

/** An interval in ticks as limits; null stays null. */
export function limits(interval: Interval | null): Limits | null {
  return interval && { low: fromTicks(interval.lo), high: fromTicks(interval.hi) };
}

/** An estimate in ticks as a value that may be known from one side only. */
export function known({ lo, hi }: Interval): Known {
  const low = fromTicks(lo);
  const high = fromTicks(hi);
  if (low === null) return { low, high, relation: high === null ? "unknown" : "<=" };
  if (high === null) return { low, high, relation: ">=" };
  return { low, high, relation: lo === hi ? "=" : "between" };
}
