// Rows of tables: the values of a row and its latencies are identified by counting words from the right. Only `-f` removes
// single values, so the number of values tells which tests were run. A row that was wrapped is joined again if exactly one
// way to join its pieces gives a row; if several do, the row is ambiguous and nothing of it may be stored.
// Source: bonnie-formats.md, sections 4.1 and 4.4.

import { METRICS, type Metric } from "../run/metrics.ts";
import { scanLatency } from "./fields.ts";
import { isHeadingPart } from "./headings.ts";
import { joinings, MAX_WIDTH, SPACES, splitWords, type TableLine, type Word } from "./table-lines.ts";

/** The tests of the big file, or the tests of many files. */
export type HalfKind = "io" | "files";

/** What a table prints of one test. */
interface PrintedTest {
  readonly metric: Metric;
  readonly rate: Word;
  readonly cpu: Word;
}

/** A row: the machine name before it, the size of the file or the number of files, and the tests. */
export interface Row {
  readonly name: string;
  readonly size: Word;
  readonly tests: readonly PrintedTest[];
}

const FILE_TESTS = METRICS.filter((metric) => metric.unit === "files/s");
const IO_TESTS = METRICS.filter((metric) => metric.unit !== "files/s");
/** The IO tests that `-f` leaves. */
const FAST_TESTS = IO_TESTS.filter(({ name }) => name !== "putc" && name !== "getc");

/** The beginning of every file size, with or without a chunk size. */
const FILE_SIZE = /^\d+[MG](?::|$)/;
/** The beginning of every number of files. */
const FILE_COUNT = /^\d+(?:[:/]|$)/;

/** A row without putc has the columns of a rate and a %CP empty before its first value. */
const SKIPPED_WIDTH = 10;

/** Reads a line as a row; null if it is not a whole row. Its values may still be unreadable. */
export function readRow(kind: HalfKind, line: TableLine): Row | null {
  const words = splitWords(line);
  return kind === "io" ? readIoRow(line, words) : readFilesRow(line, words);
}

/** Name, size, and six pairs of values, or four with `-f`. */
function readIoRow(line: TableLine, words: readonly Word[]): Row | null {
  for (const metrics of [IO_TESTS, FAST_TESTS]) {
    const size = words.at(-2 * metrics.length - 1);
    const next = words.at(-2 * metrics.length);
    if (size === undefined || next === undefined || !FILE_SIZE.test(size.text)) continue;
    // Eight values with nothing skipped before them are the beginning of twelve; collapsed spaces do not show it.
    if (metrics === FAST_TESTS && isAligned(line, size) && next.at - size.end <= SKIPPED_WIDTH) continue;
    return { name: line.text.slice(0, size.at).trim(), size, tests: pairValues(metrics, words) };
  }
  return null;
}

/** Whether a row of 8 values may be the beginning of one of 12: the spaces between them are collapsed. */
export function mayBeCut(line: TableLine, { size, tests }: Row): boolean {
  return tests.length === FAST_TESTS.length && !isAligned(line, size);
}

/** Whether the values after the size are still in columns: a page that collapses spaces leaves single ones. */
function isAligned(line: TableLine, size: Word): boolean {
  return /[ \t\u00A0]{2}/.test(line.text.slice(size.end));
}

/** Number of files, and six pairs of values; the converter prints a name before them, the tool does not. */
function readFilesRow(line: TableLine, words: readonly Word[]): Row | null {
  const size = words.at(-2 * FILE_TESTS.length - 1);
  const [first] = words;
  if (size === undefined || first === undefined || !/^\d/.test(size.text)) return null;
  // A name that is a number looks like a value: the row may be another one, with a piece of it missing.
  if (size !== first && FILE_COUNT.test(first.text)) return null;
  return { name: line.text.slice(0, size.at).trim(), size, tests: pairValues(FILE_TESTS, words) };
}

function pairValues(metrics: readonly Metric[], words: readonly Word[]): PrintedTest[] {
  const values = words.slice(-2 * metrics.length);
  return metrics.flatMap((metric, index) => {
    const [rate, cpu] = values.slice(2 * index, 2 * index + 2);
    return rate === undefined || cpu === undefined ? [] : [{ metric, rate, cpu }];
  });
}

/**
 * Whether a row has exactly the columns in which it is printed: rates are right-aligned in five columns after a space, %CP
 * in three. No piece of a longer row has, so the lines after such a row do not belong to it.
 */
function hasPrintedColumns({ size, tests }: Row): boolean {
  let end = size.end;
  let skipped = 0;
  for (const [index, { rate, cpu }] of tests.entries()) {
    const isAfterSkipped = tests.length === FAST_TESTS.length && (index === 0 || index === 2);
    skipped = isAfterSkipped ? SKIPPED_WIDTH : 0;
    const rateWidth = rate.end - end - skipped;
    const cpuWidth = cpu.end - rate.end;
    if (rateWidth !== Math.max(6, rate.text.length + 1) || cpuWidth !== Math.max(4, cpu.text.length + 1)) return false;
    end = cpu.end;
  }
  return true;
}

/** A row or a line of latencies in the upload. */
export interface FoundLine {
  /** The ways to read it: one, none if it is damaged, or several if it was wrapped so that no one can tell. */
  readonly readings: readonly TableLine[];
  /** Its lines as they are in the upload. */
  readonly pieces: readonly [TableLine, ...TableLine[]];
}

/** A line of 79 characters wrapped after 16 has five pieces. Bounds the ways to join them. */
const MAX_PIECES = 5;

/** The pieces of a wrapped row after its first one: values only, cut anywhere. */
const VALUES_PIECE = /^[ \t\u00A0]*(?:[\d.+kmg]+|\d+[MG][\d:kmMG]*)(?:[ \t\u00A0]+[\d.+kmg:/]+)*$/;
const LATENCIES_PIECE = /^[ \t\u00A0]*[\dums]+(?:[ \t\u00A0]+[\dums]+)*$/;

/** Whether a line within a table may be a piece of a wrapped row. */
export function isValuesPiece(text: string): boolean {
  return text.length <= MAX_WIDTH && VALUES_PIECE.test(text) && /[\d+]/.test(text);
}

/** Finds the row that begins with `first`; `nextLine` gives the line at a distance from it. */
export function findRow(kind: HalfKind, first: TableLine, nextLine: (distance: number) => TableLine | null): FoundLine {
  const alone = readRow(kind, first);
  if (alone !== null && hasPrintedColumns(alone)) return { readings: [first], pieces: [first] };
  return findLine(first, piecesAfter(VALUES_PIECE, nextLine), (line) => readRow(kind, line) !== null);
}

/** Finds the latencies that begin with `first`, one for each of `count` tests. */
export function findLatencies(
  count: number,
  first: TableLine,
  nextLine: (distance: number) => TableLine | null,
): FoundLine {
  const found = findLine(first, piecesAfter(LATENCIES_PIECE, nextLine), (line) => {
    const latencies = readLatencies(line);
    return latencies.length === count && latencies.every(({ text }) => scanLatency(text, 0, text.length) >= 0);
  });
  // Damaged latencies are read on their own, to find which one is damaged.
  return found.readings.length === 0 ? { readings: [first], pieces: [first] } : found;
}

/** The words after `Latency`. */
export function readLatencies(line: TableLine): readonly Word[] {
  return splitWords(line).slice(1);
}

function piecesAfter(pattern: RegExp, nextLine: (distance: number) => TableLine | null): TableLine[] {
  const pieces: TableLine[] = [];
  while (pieces.length < MAX_PIECES) {
    const piece = nextLine(pieces.length + 1);
    if (piece === null || !pattern.test(piece.text)) break;
    pieces.push(piece);
  }
  return pieces;
}

/** All ways to join the first line and some of the pieces after it that `isWhole` accepts. */
function findLine(first: TableLine, pieces: readonly TableLine[], isWhole: (line: TableLine) => boolean): FoundLine {
  const readings: TableLine[] = [];
  let used = 0;
  for (let count = 0; count <= pieces.length; count += 1) {
    const joined = [first, ...pieces.slice(0, count)];
    const whole = joinings(joined).filter(isWhole);
    if (whole.length > 0) used = count;
    readings.push(...whole);
    // A piece that is not needed, such as the number that a progress meter prints, need not belong to the line.
    if (whole.length > 0) {
      for (let at = 0; at < count; at += 1) readings.push(...joinings(joined.toSpliced(at, 1)).filter(isWhole));
    }
  }
  // Lines that belong to no reading are named with the damaged or ambiguous row, so that none of them is lost.
  const count = readings.length === 1 ? used : pieces.length;
  return { readings, pieces: [first, ...pieces.slice(0, count)] };
}

// Lines: which line can be a row.

const RATE_AND_CPU = /^(?:\d+(?:\.\d)?[kmg]? \d{1,3}|\+{4,} \+{3})$/;
const VALUE = /^(?:\d+(?:\.\d)?[kmg]?|\++)$/;

/** A row has six pairs of values; the file size or number of files before them may be a plain number. */
const MAX_VALUES = 13;

/**
 * Whether a line is a row of rates, or the end of one, without its heading: it ends with at least four pairs of a rate and
 * its %CP, and one of the rates has four digits. The rows of vmstat, xentop and /proc in the same log are longer, or do not
 * consist of such pairs.
 */
export function isOrphanRow(text: string): boolean {
  if (text.length > MAX_WIDTH) return false;
  const words = text.trim().split(SPACES);
  const values = words.slice(words.findLastIndex((word) => !VALUE.test(word)) + 1);
  if (values.length < 8 || values.length > MAX_VALUES) return false;
  const pairs = [8, 6, 4, 2].map((fromEnd) => values.slice(-fromEnd).slice(0, 2).join(" "));
  return pairs.every((pair) => RATE_AND_CPU.test(pair)) && pairs.some((pair) => /^(?:\d{4}|\d+[kmg]|\+)/.test(pair));
}

/** Names may contain commas, but a line with more fields than this is a CSV line, not a row. */
const MAX_ROW_FIELDS = 8;

/** Whether a line under a heading can be its row, whole or not: a CSV line, a comment or a message cannot. */
export function mayBeRow({ text }: TableLine): boolean {
  if (text.trimStart().startsWith("#") || text.split(",").length > MAX_ROW_FIELDS) return false;
  if (isHeadingPart(text) || isLatencies(text)) return false;
  return text.split(SPACES).some((word) => VALUE.test(word) || FILE_SIZE.test(word));
}

/** A value, or a piece of one. */
const CUT_VALUE = /^[\d.+]+[kmg]?$/;

/** With fewer values under a row, a line with a word in front is text. */
const MIN_VALUES = 6;

/**
 * Whether a line under a row is another row, whole, damaged or wrapped: the converter prints several. `isContinued` says whether
 * the line is whole or the line under it has only values.
 */
export function isRowStart(kind: HalfKind, line: TableLine, isContinued: boolean): boolean {
  if (isOrphanRow(line.text)) return true;
  const words = splitWords(line).map(({ text }) => text);
  const values = words.slice(words.findLastIndex((word) => !CUT_VALUE.test(word)) + 1);
  const before = words[words.length - values.length - 1] ?? "";
  if (kind === "io") return FILE_SIZE.test(before) && (values.length >= 2 || isContinued);
  return values.length < words.length && (values.length >= MIN_VALUES || (values.length > 0 && isContinued));
}

/** Whether a line is a line of latencies, or the beginning of one. */
export function isLatencies(text: string): boolean {
  return /^[ \t\u00A0]*Latency(?:[ \t\u00A0]|$)/.test(text);
}
