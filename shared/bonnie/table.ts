// The table reader: reads a table that was found as the runs in it, or as the first issue in it. A table has one or two
// halves, the tests of the big file and the tests of many files, and its layout differs between three groups of releases.
// The tool prints one run in a table; its converter bon_csv2txt prints one row for each CSV line, all rows of one half above
// all rows of the other. A table is read whole or not at all. Tables print less than CSV lines do, so a table comes with the
// resolution of its rates. Source: bonnie-formats.md, section 4.

import { type PerMetric, perMetric } from "../run/metrics.ts";
import type { BonnieSetup, FileSpec, Issue, Measurements } from "../run/run.ts";
import { quoted } from "../run/text.ts";
import { controlCharacterText, isControl } from "./fields.ts";
import type { FoundRow, FoundTable, Half } from "./find-table.ts";
import { isHeadingPart, isHeadingPiece, squeeze } from "./headings.ts";
import { isLatencies, mayBeCut, type Row, readLatencies, readRow } from "./rows.ts";
import {
  issueAt,
  lineNumber,
  rawText,
  splitWords,
  type TableLine,
  tableIssue,
  type Word,
  wordIssue,
  wordsOf,
} from "./table-lines.ts";
import { hasSeeksThird, parseSize, parseSpecs, WITHOUT_IO } from "./table-sizes.ts";
import { type Printer, readCell } from "./table-values.ts";
import type { BonnieResult } from "./types.ts";
import { addSetupWarnings, addTestWarnings } from "./validity.ts";

/** One run of a table. */
export interface Table {
  readonly result: BonnieResult;
  /** By metric, in its unit: the true rate is less than this away from the printed one. */
  readonly resolution: PerMetric<number>;
}

/** One run of a table that was read, and its halves on their own if the table does not say which of them belong together. */
export interface TableRun {
  readonly table: Table;
  readonly halves: readonly Table[];
}

/** A table that is not stored. */
export interface UnreadTable {
  readonly issue: Issue;
  /** What can be read of each of its runs, in one or more ways. Empty if nothing can. */
  readonly runs: readonly (readonly Table[])[];
  /** The version in its heading, if the heading is all that was found. */
  readonly heading: { readonly version: string | null } | null;
}

/** Reads a table: its runs, or the first issue in it with what can be read. The raw text of an issue is the whole table. */
export function readTable(found: FoundTable): readonly TableRun[] | UnreadTable {
  const issues: Issue[] = [];
  const control = controlIssue(found.lines);
  if (control !== null) issues.push(control);
  const printer = findPrinter(found, issues);
  addShapeIssues(found, issues);
  const pairs = pairRows(found, issues);
  const formats: readonly Format[] = printer === null ? ["v1", "v2"] : [printer.release === "1.0x" ? "v1" : "v2"];
  const readPair = (pair: Pair, into: Issue[]) =>
    readingsOf(pair, printer).flatMap((reading) =>
      formats.flatMap((format) => readRun({ found, pair, reading, printer, format }, into) ?? []),
    );
  const runs = pairs.map((pair) => readPair(pair, issues));
  const [issue] = issues;
  if (issue === undefined) {
    return pairs.flatMap((pair, index): TableRun[] => {
      const [table] = runs[index] ?? [];
      if (table === undefined) return [];
      const isUncertain = pairs.length > 1 && pair.io !== null && pair.files !== null;
      const halves = isUncertain
        ? [
            { ...pair, files: null },
            { ...pair, io: null },
          ].flatMap((half) => readPair(half, []))
        : [];
      return [{ table, halves: halves.length === 0 ? [table] : halves }];
    });
  }
  const head = found.io ?? found.files;
  const canCompare = control === null && (head === null || found.rest.length === 0);
  // A row may follow on the same line.
  const hasHeadingsOnly = found.lines.every(
    ({ text }) => (isHeadingPart(text) || isHeadingPiece(text)) && !/%CP\D*\d/.test(text),
  );
  return {
    issue: { ...issue, raw: rawText(found.lines) },
    runs: canCompare && runs.every((tables) => tables.length > 0) ? runs : [],
    heading: hasHeadingsOnly ? { version: head?.version ?? null } : null,
  };
}

/** What can be read of a row without its heading, to compare it with the CSV lines of the upload. */
export function readOrphanRow(line: TableLine): UnreadTable["runs"] {
  const found = { io: null, files: null, rest: [line], lines: [line] as const, next: lineNumber(line) };
  const unread = readTable(found);
  return "issue" in unread ? unread.runs : [];
}

function controlIssue(lines: readonly TableLine[]): Issue | null {
  for (const line of lines) {
    const at = line.text.split("").findIndex((character) => isControl(character.charCodeAt(0)));
    if (at >= 0) return issueAt(line, at, null, "control_character", controlCharacterText(line.text.charCodeAt(at)));
  }
  return null;
}

// Shape: whether all lines of the table are there, each as a whole.

const AS_PRINTED = "send its CSV line, or the table as Bonnie++ printed it, e.g. as an attachment";

const ENCODED = "the = at the end of its lines comes from quoted-printable mail: decode it first";

function addShapeIssues({ io, files, rest, lines }: FoundTable, issues: Issue[]): void {
  const [first] = lines;
  const how = lines.some(({ text }) => text.endsWith("=")) ? ENCODED : AS_PRINTED;
  for (const half of [io, files]) if (half !== null) addHalfIssues(half, issues);
  const [unread] = rest;
  if (unread === undefined) return;
  if (io === null && files === null) {
    const text = `expected a table from its line "Version ..." on, found part of its heading: it seems cut or wrapped; ${how}`;
    issues.push(tableIssue(first, text));
  } else {
    const text = `expected the table to end above this line, found more of it: it seems wrapped; ${how}`;
    issues.push(tableIssue(unread, text));
  }
}

/** The heading of the tool, with its spaces. */
const TOOL_HEAD = /^[ \t\u00A0]*Version[ \u00A0]+\S+[ \u00A0]{7}-/;

function addHalfIssues({ kind, headings: [head], version, rows }: Half, issues: Issue[]): void {
  if (rows.length === 0) issues.push(tableIssue(head, "expected a row of rates below this heading, found none"));
  const isOfTool = TOOL_HEAD.test(head.text) || (kind === "files" && version !== null);
  if (isOfTool && rows.length > 1) {
    const text = `expected one row of rates below this heading, as Bonnie++ prints it, found ${rows.length}`;
    issues.push(tableIssue(head, text));
  }
  const missing = rows.find(({ latencies }) => latencies === null);
  if (missing !== undefined && rows.some(({ latencies }) => latencies !== null)) {
    const text = "expected a line of latencies below this row, as below the others, found none";
    issues.push(tableIssue(missing.row.pieces[0], text));
  }
  for (const { row } of rows) {
    const [line] = row.pieces;
    if (row.readings.length > 1) {
      const text = `expected a row on one line, found it wrapped so that it can be read in several ways; ${AS_PRINTED}`;
      issues.push(tableIssue(line, text));
    } else if (row.readings.length === 0) {
      const size = kind === "io" ? "a file size and 12 or 8 values" : "a number of files and 12 values";
      const pieces = row.pieces.length > 1 ? ` on ${row.pieces.length} lines` : "";
      const count = row.pieces.reduce((sum, piece) => sum + splitWords(piece).length, 0);
      issues.push(tableIssue(line, `expected ${size}, found ${count} words${pieces}`));
    }
  }
}

// Pairs: which row of file tests belongs to which row of the big file.

/** A run of a table: its row of the big file, and its row of file tests. One of them may be null. */
interface Pair {
  readonly io: FoundRow | null;
  readonly files: FoundRow | null;
}

/**
 * Pairs the rows of both halves. The tool prints one of each. The converter prints all rows of the big file, then all rows of
 * file tests in the same order, but leaves out what a run did not test, so rows are paired by name where all names differ,
 * and in order where there are as many of both. If neither is possible, that is an issue, and each row is a pair on its own.
 */
function pairRows({ io, files, rest }: FoundTable, issues: Issue[]): readonly Pair[] {
  if (io === null && files === null) return rowsWithoutHead(rest);
  const ioRows = io?.rows ?? [];
  const filesRows = files?.rows ?? [];
  if (filesRows.length === 0) return ioRows.map((row) => ({ io: row, files: null }));
  if (ioRows.length === 0) return filesRows.map((row) => ({ io: null, files: row }));
  if (isInOrder(ioRows, filesRows)) return ioRows.map((row, index) => ({ io: row, files: filesRows[index] ?? null }));
  const byName = ioRows.map((row) => ({ io: row, files: filesRows.find((other) => haveOneName(row, other)) ?? null }));
  const used = new Set(byName.flatMap((pair) => pair.files ?? []));
  const differ = [ioRows, filesRows].every((rows) =>
    rows.every((row, index) => !rows.slice(0, index).some((other) => haveOneName(row, other))),
  );
  if (differ && used.size === filesRows.length) return byName;
  const { pieces } = filesRows.find((row) => !used.has(row))?.row ?? filesRows[0]?.row ?? { pieces: [] };
  const [line] = pieces;
  if (line !== undefined) {
    const counts = `${ioRows.length} rows above and ${filesRows.length} here`;
    issues.push(
      tableIssue(
        line,
        `expected each row of file tests to belong to exactly one row above, found ${counts} that cannot be matched; send the CSV lines`,
      ),
    );
  }
  return [...ioRows.map((row) => ({ io: row, files: null })), ...filesRows.map((row) => ({ io: null, files: row }))];
}

/** The rows under a part of a heading, each on its own. They are only compared with the CSV lines of the upload. */
function rowsWithoutHead(lines: readonly TableLine[]): readonly Pair[] {
  return lines.flatMap((line, index): Pair[] => {
    const kind = (["io", "files"] as const).find((half) => readRow(half, line) !== null);
    if (kind === undefined) return [];
    const below = lines[index + 1];
    const latencies =
      below !== undefined && isLatencies(below.text) ? { readings: [below], pieces: [below] as const } : null;
    return [{ io: null, files: null, [kind]: { kind, row: { readings: [line], pieces: [line] }, latencies } }];
  });
}

function isInOrder(ioRows: readonly FoundRow[], filesRows: readonly FoundRow[]): boolean {
  if (ioRows.length !== filesRows.length) return false;
  // The tool prints the name of its only row in the heading; `readSetup` compares it.
  return ioRows.length === 1 || ioRows.every((row, index) => haveOneName(row, filesRows[index]));
}

/** The columns of name and size. A name that does not fit in is cut. */
const NAME_AND_SIZE = 17;

/** Whether two rows may be of one machine: their names are equal, or one is the beginning of the other and was cut. */
function haveOneName(first: FoundRow, second: FoundRow | undefined): boolean {
  const [a, b] = [readFoundRow(first), readFoundRow(second)];
  if (a === null || b === null) return false;
  const [short, long] = a.name.length < b.name.length ? [a, b] : [b, a];
  const mayBeCut = short.name.length + short.size.text.length >= NAME_AND_SIZE;
  return short.name === long.name || (mayBeCut && long.name.startsWith(short.name));
}

function readFoundRow(found: FoundRow | undefined): Row | null {
  const [line] = found?.row.readings ?? [];
  return found === undefined || line === undefined ? null : readRow(found.kind, line);
}

/** One way to read a run: wrapped rows may be read in several. */
interface Reading {
  readonly io: Row | null;
  readonly files: Row | null;
  readonly spec: FileSpec | null;
}

/** Bounds the ways to read one run. */
const MAX_READINGS = 16;

type Format = BonnieSetup["format"];

/** A run to read in one of the ways. */
interface Run {
  readonly found: FoundTable;
  readonly pair: Pair;
  readonly reading: Reading;
  readonly printer: Printer | null;
  readonly format: Format;
}

/** All ways to read a run; none if a row of it is damaged. */
function readingsOf({ io, files }: Pair, printer: Printer | null): readonly Reading[] {
  const ioRows = io === null ? [null] : io.row.readings.map((line) => readRow("io", line));
  const filesRows = files === null ? [null] : files.row.readings.map((line) => readRow("files", line));
  const readings = ioRows.flatMap((ioRow) =>
    filesRows.flatMap((filesRow): Reading[] => {
      const specs = filesRow === null ? [null] : parseSpecs(filesRow.size.text, printer);
      return (specs.length === 0 ? [null] : specs).map((spec) => ({ io: ioRow, files: filesRow, spec }));
    }),
  );
  return readings.slice(0, MAX_READINGS);
}

// Setup: how the run was made.

/** The kind of table that a program version prints; null for versions that are not supported. */
function parseRelease(version: string): Printer["release"] | null {
  if (/^1\.0[0-4][a-z]?$/.test(version)) return "1.0x";
  if (version === "1.92b" || /^1\.9[3-7][a-z]?$/.test(version)) return "1.9x";
  return /^(1\.98|2\.00)[a-z]?$/.test(version) ? "2.00" : null;
}

/** The tool prints 7 spaces between version and dashes, the converters of 1.0x and of later versions 6 and 3. */
const CONVERTER_HEAD = /^[ \t\u00A0]*Version[ \u00A0]+\S+(?:[ \u00A0]{3}|[ \u00A0]{6})-/;

/**
 * What printed the table; null, with an issue, for versions that are not supported, and without one for a table that lost its
 * version. The converter prints no version above the file tests, several rows, names in rows of file tests, and since 1.98
 * sizes with a number of seeks in the place of the concurrency, which is never that high.
 */
function findPrinter({ io, files }: FoundTable, issues: Issue[]): Printer | null {
  const first = io ?? files;
  if (first === null) return null;
  const [head] = first.headings;
  const release = parseRelease(first.version ?? "");
  if (release === null) {
    const text = `expected the table of 1.00 to 1.04 or 1.92b to 2.00a, found version ${quoted(first.version ?? "")}`;
    issues.push(issueAt(head, 0, "bonnie_version", "unsupported_format", text));
    return null;
  }
  // No converter since 1.92b prints a version above the file tests.
  if (release !== "1.0x" && files !== null && files.version !== null) return { release, isConverter: false };
  const isConverter =
    CONVERTER_HEAD.test(head.text) ||
    (release !== "1.0x" && files !== null && files.version === null) ||
    Math.max(io?.rows.length ?? 0, files?.rows.length ?? 0) > 1 ||
    (files?.rows ?? []).some((row) => (readFoundRow(row)?.name ?? "") !== "") ||
    (release === "2.00" && (io?.rows ?? []).some((row) => hasSeeksThird(readFoundRow(row)?.size.text ?? "")));
  return { release, isConverter };
}

/** The converters that read lines of their own version alone; the others print their own version above lines of any. */
const READS_OWN_VERSION = /^1\.(?:93[c-z]|9[4-7][a-z]?)$/;

/**
 * Reads the setup of a run; null, with an issue, if it cannot be read. The machine name may be truncated or missing: of two
 * names the longer one is taken.
 */
function readSetup({ found, reading, printer, format }: Run, issues: Issue[]): BonnieSetup | null {
  const { io, files, spec } = reading;
  const first = found.io ?? found.files;
  const head = first?.headings[0] ?? found.lines[0];
  const names = [io?.name ?? "", files === null ? "" : files.name || (found.files?.machine ?? "")] as const;
  if (!names[0].startsWith(names[1]) && !names[1].startsWith(names[0])) {
    issues.push(tableIssue(head, `expected one machine, found ${quoted(names[0])} above ${quoted(names[1])}`));
  }
  const machine = names[0].length > names[1].length ? names[0] : names[1];
  const ioSetup = io === null ? WITHOUT_IO : parseSize(io.size.text, printer, found.io?.concurrency ?? null);
  if (io !== null && ioSetup === null) {
    const text = `expected a size such as 8G, 1G:64k or, since 1.98, 4G:64k:4:16384, found ${quoted(io.size.text)}`;
    issues.push(wordIssue(io.size, "file_size", "bad_size", text));
  }
  if (files !== null) addSpecIssue(files.size, printer, issues);
  if (ioSetup === null || (files !== null && spec === null)) return null;
  const version = first?.version ?? null;
  const isOwnVersion = printer?.isConverter !== true || READS_OWN_VERSION.test(version ?? "");
  return {
    format,
    source: "text",
    format_version: null,
    bonnie_version: isOwnVersion ? version : null,
    machine,
    ...ioSetup,
    seed: null,
    files: spec,
  };
}

function addSpecIssue(size: Word, printer: Printer | null, issues: Issue[]): void {
  const count = parseSpecs(size.text, printer).length;
  if (count === 1) return;
  const found = `found ${quoted(size.text)}`;
  const text =
    count === 0
      ? `expected a number of files such as 16 or 16:1000:16/64, ${found}`
      : `expected a number of files that can be read in one way, ${found}: bon_csv2txt prints directories like sizes; send the CSV line`;
  issues.push(wordIssue(size, "num_files", "bad_files", text));
}

// Runs: a setup and the tests.

/** Every release from 1.92b on prints latencies, so their line was cut off or other text is in front of it. */
const NO_LATENCIES = {
  io: "no_latency: the line of latencies is missing below the tests of the big file.",
  files: "no_latency: the line of latencies is missing below the file tests.",
} as const;

/** Reads one run. Null if its setup cannot be read; what else is wrong with it is left out of the run and added to `issues`. */
function readRun(run: Run, issues: Issue[]): Table | null {
  const { found, pair, reading, printer, format } = run;
  const setup = readSetup(run, issues);
  if (setup === null) return null;
  const metrics: Measurements = perMetric(() => null);
  const resolution = perMetric(() => 0);
  const warnings: string[] = [];
  addSetupWarnings(warnings, setup);
  for (const kind of ["io", "files"] as const) {
    const tests = reading[kind]?.tests ?? [];
    const latencies = readRowLatencies(pair[kind], tests.length, issues);
    if (format === "v2" && tests.length > 0 && pair[kind]?.latencies === null) warnings.push(NO_LATENCIES[kind]);
    for (const [index, { metric, rate, cpu }] of tests.entries()) {
      const cell = readCell({ metric, rate, cpu, latency: latencies[index] ?? null }, setup, printer);
      if (cell.issue !== null) issues.push(cell.issue);
      metrics[metric.name] = cell.measurement;
      resolution[metric.name] = cell.resolution;
      addTestWarnings(warnings, metric.name, setup, cell.measurement, false);
    }
  }
  addCutIssue(pair, issues);
  if (printer?.release === "2.00") {
    if (reading.io !== null) warnings.push("rounded_rates: this table prints two or three digits of a rate.");
    if (reading.files !== null && !printer.isConverter) {
      warnings.push("unknown_file_rates: this version prints wrong file rates.");
    }
  }
  const halves = [found.io, found.files].filter((half) => half !== null);
  const raw = rawText(halves.flatMap((half) => linesOf(half, pair[half.kind])));
  const printed = halves.flatMap((half) => identifyingLines(half, pair[half.kind])).join("\n");
  const isOnly = Math.max(found.io?.rows.length ?? 0, found.files?.rows.length ?? 0) <= 1;
  const [row = found.lines[0]] = (pair.io ?? pair.files)?.row.pieces ?? [];
  const result = {
    line: lineNumber(isOnly ? found.lines[0] : row),
    raw,
    ...(printed === raw ? {} : { printed }),
    setup,
    metrics,
    warnings,
  };
  return { result, resolution };
}

/** The latencies under a row, one for each test; none, with an issue, if there are more or fewer. */
function readRowLatencies(found: FoundRow | null, count: number, issues: Issue[]): readonly Word[] {
  const [line, ...others] = found?.latencies?.readings ?? [];
  if (line === undefined) return [];
  const latencies = readLatencies(line);
  if (others.length === 0 && latencies.length === count) return latencies;
  issues.push(tableIssue(line, `expected ${count} latencies, found ${latencies.length}`));
  return [];
}

/** A run whose latencies are printed in one half only was cut, or may have been, if the 8 values of `-f` are all that there is. */
function addCutIssue({ io, files }: Pair, issues: Issue[]): void {
  const [line, ...others] = io?.row.readings ?? [];
  const row = line === undefined || others.length > 0 ? null : readRow("io", line);
  if (line !== undefined && row !== null && mayBeCut(line, row) && io?.latencies === null && files === null) {
    const text = "expected latencies or file tests below a row of 8 values, found none: it may be the beginning of 12";
    issues.push(tableIssue(line, text));
  }
  if (io === null || files === null || (io.latencies === null) === (files.latencies === null)) return;
  const [first] = (io.latencies === null ? io : files).row.pieces;
  issues.push(
    tableIssue(first, "expected a line of latencies below this row, as in the other half of the table, found none"),
  );
}

/** The lines of one run in a half. */
function linesOf(half: Half, row: FoundRow | null): readonly TableLine[] {
  return row === null ? [] : [...half.headings, ...row.row.pieces, ...(row.latencies?.pieces ?? [])];
}

/** The same without what transport changes: where a heading was wrapped cannot be seen, so it is taken without spaces and dashes. */
function identifyingLines(half: Half, row: FoundRow | null): readonly string[] {
  if (row === null) return [];
  const values = [...row.row.readings, ...(row.latencies?.readings ?? [])];
  return [...half.headings.map(({ text }) => squeeze(text)), ...values.map(wordsOf)];
}
