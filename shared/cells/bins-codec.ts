// Bins as bytes, one byte for most of them: how many bins from the first to the last, the first, and then for each bin
// that is not empty one byte that holds the number of empty bins before it (two bits) and its hosts less 1 (five bits).
// What does not fit follows as a number.

import { type Bins, MAX_BIN, widen } from "./bins.ts";
import { type Cursor, faultAt, readSigned, readUnsigned, writeSigned, writeUnsigned } from "./varint.ts";
import { CellFault } from "./cell-fault.ts";

/** Gaps and hosts (less 1) from here on do not fit in the byte. */
const LONG_GAP = 3;
const MANY = 31;

/** From here on a byte says that its bin has many hosts; from there on it is not the first of a bin. */
const SHORT = 4 * MANY;
const NOT_A_BIN = SHORT + 4;

/** Appends bins. Throws a CellFault for counts that are no counts, and for bins beyond `MAX_BIN`. */
export function writeBins(into: number[], { first, counts }: Bins, owner: string, field: string): void {
  const last = first + counts.length - 1;
  writeUnsigned(into, counts.length, owner, field);
  if (counts.length === 0) return;
  writeSigned(into, first, owner, field);
  if (Math.abs(first) > MAX_BIN || last > MAX_BIN || counts[0] === 0 || counts.at(-1) === 0) {
    throw new CellFault(`${owner}.${field}`, `cannot write bins ${first} to ${last}: too far out, or empty at an end`);
  }
  let gap = 0;
  for (const count of counts) {
    if (count === 0) {
      gap += 1;
      continue;
    }
    const hosts = count - 1;
    into.push(Math.min(Math.max(hosts, 0), MANY) * 4 + Math.min(gap, LONG_GAP));
    if (gap >= LONG_GAP) writeUnsigned(into, gap - LONG_GAP, owner, field);
    if (hosts < 0 || hosts >= MANY) writeUnsigned(into, hosts - MANY, owner, field);
    gap = 0;
  }
}

/** Adds the bins that `writeBins` wrote to `into`. Throws a CellFault when the bytes are anything else. */
export function mergeBins(into: Bins, cursor: Cursor, owner: string, field: string): void {
  const span = readUnsigned(cursor, owner, field);
  if (span === 0) return;
  const first = readSigned(cursor, owner, field);
  if (Math.abs(first) > MAX_BIN || first + span - 1 > MAX_BIN) throw faultAt(cursor, owner, field, "a bin too far out");
  widen(into, first, first + span);
  const { counts } = into;
  const { bytes } = cursor;
  if ((bytes[cursor.at] ?? 0) % 4 > 0) throw faultAt(cursor, owner, field, "a gap before the first bin");
  let bin = first - into.first;
  const end = bin + span;
  while (bin < end) {
    const byte = bytes[cursor.at] ?? NOT_A_BIN;
    const gap = byte % 4;
    let hosts = 1 + (byte >> 2);
    cursor.at += 1;
    bin += gap;
    if (byte >= SHORT || gap === LONG_GAP) {
      if (byte >= NOT_A_BIN) throw faultAt(cursor, owner, field, "not the start of a bin");
      if (gap === LONG_GAP) bin += readUnsigned(cursor, owner, field);
      if (byte >= SHORT) hosts += readUnsigned(cursor, owner, field);
    }
    if (bin >= end) throw faultAt(cursor, owner, field, "more bins than were announced");
    counts[bin] = (counts[bin] ?? 0) + hosts;
    bin += 1;
  }
}
