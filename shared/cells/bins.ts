// Histograms of host values, and their form as bytes. They are dense: the values of a fleet are close together, so a plain
// list of counts merges, encodes and ranks faster than anything sorted or hashed. Rates of at most 15 digits keep even an
// extreme host within a few thousand bins. Source: statistics.md, section 3.

import { rnd } from "./host-values.ts";
import { CellError, type Cursor, errorAt, readSigned, readUnsigned, writeSigned, writeUnsigned } from "./varint.ts";

/** Width of a bin in ticks: 0.005 in natural log, a ratio of 1.005. */
export const BIN_TICKS = 50;

/** The largest bin on either side of 0: a ratio of e^163, which no two printable rates have. Bounds a histogram's memory. */
export const MAX_BIN = 32_767;

/**
 * Hosts by bin: `counts[i]` hosts in bin `first + i`, which is centered at 50 (first + i) ticks. The first and last count are
 * above 0; without hosts `counts` is empty and `first` is 0. So equal histograms are equal values.
 */
export interface Bins {
  first: number;
  counts: number[];
}

/** The bin of a finite value in ticks. Bin k is centered at 50k, so the bins of d and -d are k and -k. */
export function toBin(ticks: number): number {
  return rnd(ticks / BIN_TICKS);
}

/** A histogram without hosts. */
export function emptyBins(): Bins {
  return { first: 0, counts: [] };
}

/** The histogram of one host with a finite value in ticks. */
export function singleBin(ticks: number): Bins {
  return { first: toBin(ticks), counts: [1] };
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

/** Subtracts `what` from `from`, which changes in place. Throws a CellError with the bin if a count would fall below 0. */
export function subtractBins(from: Bins, what: Bins, field: string): void {
  what.counts.forEach((count, index) => {
    const bin = what.first + index;
    const left = (from.counts[bin - from.first] ?? 0) - count;
    if (left < 0) throw new CellError(`${field}[${bin}]`, `must be a count, would be ${left}`);
    if (count > 0) from.counts[bin - from.first] = left;
  });
  trim(from);
}

/** The histogram of the same values with their signs changed. */
export function mirrorBins({ first, counts }: Bins): Bins {
  return { first: counts.length === 0 ? 0 : 0 - (first + counts.length - 1), counts: counts.toReversed() };
}

/** Makes room for the bins `first` to `end - 1`. New ones are empty; the caller must fill the first and the last. */
function widen(bins: Bins, first: number, end: number): void {
  const { counts } = bins;
  if (counts.length === 0) {
    bins.first = first;
    bins.counts = zeros(end - first);
    return;
  }
  const front = Math.max(0, bins.first - first);
  const back = Math.max(0, end - bins.first - counts.length);
  if (front === 0 && back === 0) return;
  bins.first -= front;
  bins.counts = zeros(front).concat(counts, zeros(back));
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}

/** Removes empty bins at both ends. */
function trim(bins: Bins): void {
  const start = bins.counts.findIndex((count) => count > 0);
  const end = bins.counts.findLastIndex((count) => count > 0) + 1;
  if (end - Math.max(start, 0) === bins.counts.length) return;
  bins.first = end === 0 ? 0 : bins.first + start;
  bins.counts = end === 0 ? [] : bins.counts.slice(start, end);
}

// Bins as bytes, one byte for most of them: the number of bins from the first to the last, the first, and then for each bin
// that is not empty one byte with the number of empty bins before it (two bits) and its hosts less 1 (five bits). A number
// that does not fit into its bits follows as a varint.

/** The smallest gap and the smallest number of hosts (less 1) that do not fit into the byte. */
const LONG_GAP = 3;
const MANY_HOSTS = 31;

/** The smallest byte of a bin with many hosts, and the smallest byte that no bin begins with. */
const MANY_HOSTS_BYTE = 4 * MANY_HOSTS;
const INVALID_BYTE = MANY_HOSTS_BYTE + 4;

/** Appends bins. Throws a CellError for invalid counts, and for bins beyond `MAX_BIN`. */
export function writeBins(into: number[], { first, counts }: Bins, owner: string, field: string): void {
  const last = first + counts.length - 1;
  writeUnsigned(into, counts.length, owner, field);
  if (counts.length === 0) return;
  writeSigned(into, first, owner, field);
  if (Math.abs(first) > MAX_BIN || last > MAX_BIN || counts[0] === 0 || counts.at(-1) === 0) {
    throw new CellError(`${owner}.${field}`, `cannot write bins ${first} to ${last}: too far out, or empty at an end`);
  }
  let gap = 0;
  for (const count of counts) {
    if (count === 0) {
      gap += 1;
      continue;
    }
    const hosts = count - 1;
    into.push(Math.min(Math.max(hosts, 0), MANY_HOSTS) * 4 + Math.min(gap, LONG_GAP));
    if (gap >= LONG_GAP) writeUnsigned(into, gap - LONG_GAP, owner, field);
    if (hosts < 0 || hosts >= MANY_HOSTS) writeUnsigned(into, hosts - MANY_HOSTS, owner, field);
    gap = 0;
  }
}

/** Reads the bins that `writeBins` wrote and adds them to `into`. Throws a CellError if the bytes are anything else. */
export function mergeBins(into: Bins, cursor: Cursor, owner: string, field: string): void {
  const span = readUnsigned(cursor, owner, field);
  if (span === 0) return;
  const first = readSigned(cursor, owner, field);
  if (Math.abs(first) > MAX_BIN || first + span - 1 > MAX_BIN) throw errorAt(cursor, owner, field, "a bin too far out");
  widen(into, first, first + span);
  const { counts } = into;
  const { bytes } = cursor;
  if ((bytes[cursor.at] ?? 0) % 4 > 0) throw errorAt(cursor, owner, field, "a gap before the first bin");
  let bin = first - into.first;
  const end = bin + span;
  while (bin < end) {
    const byte = bytes[cursor.at] ?? INVALID_BYTE;
    const gap = byte % 4;
    let hosts = 1 + (byte >> 2);
    cursor.at += 1;
    bin += gap;
    if (byte >= MANY_HOSTS_BYTE || gap === LONG_GAP) {
      if (byte >= INVALID_BYTE) throw errorAt(cursor, owner, field, "not the start of a bin");
      if (gap === LONG_GAP) bin += readUnsigned(cursor, owner, field);
      if (byte >= MANY_HOSTS_BYTE) hosts += readUnsigned(cursor, owner, field);
    }
    if (bin >= end) throw errorAt(cursor, owner, field, "more bins than were announced");
    counts[bin] = (counts[bin] ?? 0) + hosts;
    bin += 1;
  }
}
