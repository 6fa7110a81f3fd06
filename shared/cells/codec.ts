// The stored form of a cell: bytes, canonical (equal cells are equal bytes) and small, because a write is billed by the size
// of the whole item. Layout: version; hosts, runs; notes by name; then each quantity that is present: its index and a block
// with its numbers and bins. So quantities can be added at the end without changing what is stored, and a query that reads a
// few of them skips the others, and any that a later version has added. A cell that is to be written again must be understood
// completely: `decodeCell` rejects such a quantity, because a writer would lose it.

import { codeUnitOrder } from "../run/text.ts";
import { mergeBins, writeBins } from "./bins.ts";
import { type Cell, emptyCell, emptyMetricCell, type MetricCell } from "./cell.ts";
import { QUANTITY_NAMES } from "./quantities.ts";
import {
  CellError,
  type Cursor,
  errorAt,
  readBlock,
  readSigned,
  readText,
  readUnsigned,
  writeBlock,
  writeSigned,
  writeText,
  writeUnsigned,
} from "./varint.ts";

/** The version that is written. */
const VERSION = 2;

/** Reads the bytes after the version of a cell into a sum, and returns the index of a quantity that it skipped as unknown. */
type BodyReader = (into: Cell, cursor: Cursor, wanted: ReadonlySet<number> | undefined) => number | null;

/** How to read each version: the one that is written, and the one before it, from the second one on. */
const READERS: Readonly<Record<number, BodyReader>> = { [VERSION]: mergeBody };

/** Encodes a cell. Throws a CellError if a number is not a safe integer or a count is negative. */
export function encodeCell(cell: Cell): Uint8Array {
  const bytes: number[] = [];
  writeUnsigned(bytes, VERSION, "head", "version");
  writeUnsigned(bytes, cell.hosts, "head", "hosts");
  writeUnsigned(bytes, cell.runs, "head", "runs");
  writeNotes(bytes, cell.notes);
  QUANTITY_NAMES.forEach((name, index) => {
    const metric = cell.metrics[index] ?? null;
    if (metric === null) return;
    writeUnsigned(bytes, index, name, "index");
    writeBlock(bytes, encodeMetric(metric, name), name, "length");
  });
  return new Uint8Array(bytes);
}

/**
 * Decodes what `encodeCell` wrote; quantities that were not written are null. Throws an UnknownQuantityError if there is a
 * quantity of a later version, and another CellError if the bytes are anything else, including any other encoding of the same
 * cell.
 */
export function decodeCell(bytes: Uint8Array): Cell {
  const cell = emptyCell();
  const unknown = merge(cell, bytes, undefined);
  if (unknown !== null) throw new UnknownQuantityError("metrics.index", `quantity ${unknown} is of a later version`);
  return cell;
}

/** A cell with a quantity of a later version, which this version can read but must not write. */
export class UnknownQuantityError extends CellError {}

/**
 * Adds an encoded cell to a sum that is only read and never stored, like `mergeCell(into, decodeCell(bytes))` but faster.
 * With `wanted`, only the quantities with these indexes are added, and the others are skipped unread; so are quantities of a
 * later version. Throws as `decodeCell` does for anything else; the sum must not be used after that.
 */
export function mergeEncoded(into: Cell, bytes: Uint8Array, wanted?: ReadonlySet<number>): void {
  merge(into, bytes, wanted);
}

function merge(into: Cell, bytes: Uint8Array, wanted: ReadonlySet<number> | undefined): number | null {
  const cursor = { bytes, at: 0 };
  const version = readUnsigned(cursor, "head", "version");
  const read = READERS[version];
  if (read === undefined) throw errorAt(cursor, "head", "version", `expected ${VERSION}, found ${version}`);
  return read(into, cursor, wanted);
}

function mergeBody(into: Cell, cursor: Cursor, wanted: ReadonlySet<number> | undefined): number | null {
  let unknown: number | null = null;
  into.hosts += readUnsigned(cursor, "head", "hosts");
  into.runs += readUnsigned(cursor, "head", "runs");
  mergeNotes(into.notes, cursor);
  for (let previous = -1; cursor.at < cursor.bytes.length; ) {
    const index = readUnsigned(cursor, "metrics", "index");
    if (index <= previous) throw errorAt(cursor, "metrics", "index", `unexpected metric number ${index}`);
    const name = QUANTITY_NAMES[index];
    const block = readBlock(cursor, name ?? "metrics", "length");
    if (name === undefined) {
      unknown = index;
    } else if (wanted === undefined || wanted.has(index)) {
      const metric = into.metrics[index] ?? emptyMetricCell();
      mergeMetric(metric, block, name);
      into.metrics[index] = metric;
    }
    previous = index;
  }
  return unknown;
}

// Fields are written and read one by one, not in a loop over their names: that is several times faster, and queries spend
// most of their time here.

function encodeMetric(metric: MetricCell, name: string): number[] {
  const bytes: number[] = [];
  writeUnsigned(bytes, metric.n, name, "n");
  writeUnsigned(bytes, metric.nx, name, "nx");
  writeUnsigned(bytes, metric.nb, name, "nb");
  writeUnsigned(bytes, metric.pos, name, "pos");
  writeUnsigned(bytes, metric.neg, name, "neg");
  writeUnsigned(bytes, metric.s2, name, "s2");
  writeUnsigned(bytes, metric.wv, name, "wv");
  writeUnsigned(bytes, metric.wn, name, "wn");
  writeUnsigned(bytes, metric.one, name, "one");
  writeUnsigned(bytes, metric.runs, name, "runs");
  writeSigned(bytes, metric.s1, name, "s1");
  writeBins(bytes, metric.x, name, "x");
  writeBins(bytes, metric.l, name, "l");
  writeBins(bytes, metric.u, name, "u");
  return bytes;
}

function mergeMetric(into: MetricCell, bytes: Uint8Array, name: string): void {
  const cursor = { bytes, at: 0 };
  const hosts = readUnsigned(cursor, name, "n");
  if (hosts === 0) throw errorAt(cursor, name, "n", "a metric without hosts");
  into.n += hosts;
  into.nx += readUnsigned(cursor, name, "nx");
  into.nb += readUnsigned(cursor, name, "nb");
  into.pos += readUnsigned(cursor, name, "pos");
  into.neg += readUnsigned(cursor, name, "neg");
  into.s2 += readUnsigned(cursor, name, "s2");
  into.wv += readUnsigned(cursor, name, "wv");
  into.wn += readUnsigned(cursor, name, "wn");
  into.one += readUnsigned(cursor, name, "one");
  into.runs += readUnsigned(cursor, name, "runs");
  into.s1 += readSigned(cursor, name, "s1");
  mergeBins(into.x, cursor, name, "x");
  mergeBins(into.l, cursor, name, "l");
  mergeBins(into.u, cursor, name, "u");
  if (cursor.at < bytes.length) throw errorAt(cursor, name, "length", "more bytes than the metric has");
}

function writeNotes(bytes: number[], notes: ReadonlyMap<string, number>): void {
  writeUnsigned(bytes, notes.size, "head", "notes");
  for (const [note, hosts] of [...notes].sort(([a], [b]) => codeUnitOrder(a, b))) {
    writeText(bytes, note, "notes", "name");
    writeUnsigned(bytes, hosts, "notes", note);
  }
}

function mergeNotes(into: Map<string, number>, cursor: Cursor): void {
  let previous: string | null = null;
  for (let left = readUnsigned(cursor, "head", "notes"); left > 0; left -= 1) {
    const note = readText(cursor, "notes", "name");
    const hosts = readUnsigned(cursor, "notes", note);
    if (hosts === 0 || (previous !== null && note <= previous)) {
      throw errorAt(cursor, "notes", note, "unexpected note");
    }
    into.set(note, (into.get(note) ?? 0) + hosts);
    previous = note;
  }
}
