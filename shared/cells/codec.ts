// The stored form of a cell: bytes, canonical (equal cells are equal bytes) and small, because a write is billed on the
// whole item. Layout: version; hosts, runs; notes by name; then each metric that is present by its registry index, so
// that metrics may be added at the end of the registry without touching what is stored.

import { METRIC_NAMES } from "../model/metrics.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Bins, Cell, MetricCell } from "./cell.ts";
import { emptyCell } from "./merge.ts";
import { BIN_FIELDS, COUNT_FIELDS, emptyMetricCell } from "./metric-cell.ts";

const VERSION = 1;

/** Encodes a cell. Throws a CellFault when a number is not a safe integer or a count is negative. */
export function encodeCell(cell: Cell): Uint8Array {
  const writer = new ByteWriter();
  writer.unsigned(VERSION, "version");
  writer.unsigned(cell.hosts, "head.hosts");
  writer.unsigned(cell.runs, "head.runs");
  writeNotes(writer, cell.notes);
  METRIC_NAMES.forEach((name, index) => {
    const metric = cell.metrics[index] ?? null;
    if (metric === null) return;
    writer.unsigned(index, name);
    for (const field of COUNT_FIELDS) writer.unsigned(metric[field], `${name}.${field}`);
    writer.signed(metric.s1, `${name}.s1`);
    for (const field of BIN_FIELDS) writeBins(writer, metric[field], `${name}.${field}`);
  });
  return Uint8Array.from(writer.bytes);
}

/**
 * Decodes what `encodeCell` wrote; metrics not written are null. Throws a CellFault when the bytes are anything else,
 * a second encoding of the same cell included.
 */
export function decodeCell(bytes: Uint8Array): Cell {
  const reader = new ByteReader(bytes);
  const version = reader.unsigned("version");
  if (version !== VERSION) throw reader.fault("version", `expected ${VERSION}, found ${version}`);
  const cell = emptyCell();
  cell.hosts = reader.unsigned("head.hosts");
  cell.runs = reader.unsigned("head.runs");
  cell.notes = readNotes(reader);
  for (let previous = -1; !reader.isAtEnd(); ) {
    const index = reader.unsigned("metrics");
    const name = METRIC_NAMES[index];
    if (name === undefined || index <= previous) throw reader.fault("metrics", `unexpected metric number ${index}`);
    cell.metrics[index] = readMetric(reader, name);
    previous = index;
  }
  return cell;
}

function readMetric(reader: ByteReader, name: string): MetricCell {
  const metric = emptyMetricCell();
  for (const field of COUNT_FIELDS) metric[field] = reader.unsigned(`${name}.${field}`);
  metric.s1 = reader.signed(`${name}.s1`);
  for (const field of BIN_FIELDS) metric[field] = readBins(reader, `${name}.${field}`);
  if (metric.n === 0) throw reader.fault(`${name}.n`, "a metric without hosts");
  return metric;
}

function writeNotes(writer: ByteWriter, notes: ReadonlyMap<string, number>): void {
  writer.unsigned(notes.size, "notes");
  for (const [note, hosts] of [...notes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    writer.text(note);
    writer.unsigned(hosts, `notes.${note}`);
  }
}

function readNotes(reader: ByteReader): Map<string, number> {
  const notes = new Map<string, number>();
  let previous: string | null = null;
  for (let left = reader.unsigned("notes"); left > 0; left -= 1) {
    const note = reader.text("notes");
    const hosts = reader.unsigned(`notes.${note}`);
    if (hosts === 0 || (previous !== null && note <= previous)) throw reader.fault(`notes.${note}`, "unexpected note");
    notes.set(note, hosts);
    previous = note;
  }
  return notes;
}

/**
 * Bins in ascending order: how many, the first one, then for each the number of empty bins since the last and, in the
 * lowest bit, whether its count is above 1 and follows (less 2). Most bins of most cells hold one host: one byte each.
 */
function writeBins(writer: ByteWriter, bins: Bins, field: string): void {
  const ascending = Float64Array.from(bins.keys()).sort();
  writer.unsigned(ascending.length, field);
  let next = ascending[0];
  if (next === undefined) return;
  writer.signed(next, field);
  for (const bin of ascending) {
    const hosts = bins.get(bin) ?? 0;
    writer.unsigned((bin - next) * 2 + (hosts === 1 ? 0 : 1), field);
    if (hosts !== 1) writer.unsigned(hosts - 2, field);
    next = bin + 1;
  }
}

function readBins(reader: ByteReader, field: string): Bins {
  const bins: Bins = new Map();
  const size = reader.unsigned(field);
  if (size === 0) return bins;
  let next = reader.signed(field);
  for (let index = 0; index < size; index += 1) {
    const token = reader.unsigned(field);
    if (index === 0 && token > 1) throw reader.fault(field, "a gap before the first bin");
    const bin = next + Math.floor(token / 2);
    bins.set(bin, token % 2 === 0 ? 1 : reader.unsigned(field) + 2);
    next = bin + 1;
  }
  if (!Number.isSafeInteger(next)) throw reader.fault(field, "a bin beyond 2^53 - 1");
  return bins;
}
