import { rnd } from "../summary/ticks.ts";

/** Width of a bin in ticks: 0.005 in natural log, a ratio of 1.005 (statistics section 3). */
export const BIN_TICKS = 50;

/** The bin of a finite value in ticks. Bin k is centred at 50k, so bins of d and -d are k and -k. */
export function binOf(ticks: number): number {
  return rnd(ticks / BIN_TICKS);
}
