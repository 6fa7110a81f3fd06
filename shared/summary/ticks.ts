// The unit of all statistics: one tick is 1e-4 of a natural logarithm, i.e. 0.01 % of a rate (statistics.md, section 1).

/** Ticks to one unit of natural log. */
export const TICKS_PER_LOG = 10_000;

/**
 * Rounds half away from zero, so that rounding commutes with changing the sign; never returns -0. Infinities stay what
 * they are.
 */
export function rnd(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5) + 0; // + 0 turns -0 into 0
}

/** The logarithm of a rate in whole ticks. `rate` must be above 0: a rate of 0 has no logarithm. */
export function ticksOf(rate: number): number {
  return rnd(TICKS_PER_LOG * Math.log(rate));
}
