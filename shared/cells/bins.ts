// Histograms of host values, dense: the values of a fleet lie close together, so a plain run of counts merges, encodes and
// ranks faster than anything sorted or hashed. Rates of 15 digits keep even a wild host within a few thousand bins.

import { rnd } from "../summary/ticks.ts";
import { CellFault } from "./cell-fault.ts";

/** Width of a bin in ticks: 0.005 in natural log, a ratio of 1.005 (statistics.md, section 3). */
export const BIN_TICKS = 50;

/** No bin lies further from 0: a ratio of e^163, which no two printable rates have. Bounds the memory of a histogram. */
export const MAX_BIN = 32_767;

/**
 * Hosts by bin: `counts[i]` of them in bin `first + i`, which is centred at 50 (first + i) ticks. The outer counts are above
 * 0; without any host `counts` is empty and `first` 0. So equal histograms are equal values.
 */
export interface Bins {
  first: number;
  counts: number[];
}

/** The bin of a finite value in ticks. Bin k is centred at 50k, so bins of d and -d are k and -k. */
export function binOf(ticks: number): number {
  return rnd(ticks / BIN_TICKS);
}

/** A histogram without hosts. */
export function emptyBins(): Bins {
  return { first: 0, counts: [] };
}

/** One host with a finite value in ticks. */
export function binsOf(ticks: number): Bins {
  return { first: binOf(ticks), counts: [1] };
}

/** Makes room for the bins `first` to `end - 1`, empty where they are new; the caller fills at least the outer ones. */
export function widen(bins: Bins, first: number, end: number): void {
  const { counts } = bins;
  if (counts.length === 0) {
    bins.first = first;
    bins.counts = noHosts(end - first);
    return;
  }
  const front = Math.max(0, bins.first - first);
  const back = Math.max(0, end - bins.first - counts.length);
  if (front === 0 && back === 0) return;
  bins.first -= front;
  bins.counts = noHosts(front).concat(counts, noHosts(back));
}

function noHosts(bins: number): number[] {
  return new Array<number>(bins).fill(0);
}

/** Adds `from` to `into`, which changes in place. */
export function addBins(into: Bins, from: Bins): void {
  const added = from.counts;
  if (added.length === 0) return;
  widen(into, from.first, from.first + added.length);
  const { counts } = into;
  const shift = from.first - into.first;
  for (let index = 0; index < added.length; index += 1) {
    counts[index + shift] = (counts[index + shift] ?? 0) + (added[index] ?? 0);
  }
}

/** Takes `what` out of `from`, which changes in place. Throws a CellFault that names the bin where hosts are missing. */
export function subtractBins(from: Bins, what: Bins, field: string): void {
  what.counts.forEach((count, index) => {
    const bin = what.first + index;
    const left = (from.counts[bin - from.first] ?? 0) - count;
    if (left < 0) throw new CellFault(`${field}[${bin}]`, `must be a count, would be ${left}`);
    if (count > 0) from.counts[bin - from.first] = left;
  });
  trim(from);
}

/** The histogram of the values with their signs changed. */
export function mirror({ first, counts }: Bins): Bins {
  return { first: counts.length === 0 ? 0 : 0 - (first + counts.length - 1), counts: counts.toReversed() };
}

/** Leaves out empty bins at either end. */
function trim(bins: Bins): void {
  const start = bins.counts.findIndex((count) => count > 0);
  const end = bins.counts.findLastIndex((count) => count > 0) + 1;
  if (end - Math.max(start, 0) === bins.counts.length) return;
  bins.first = end === 0 ? 0 : bins.first + start;
  bins.counts = end === 0 ? [] : bins.counts.slice(start, end);
}
