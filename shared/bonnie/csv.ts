// The CSV reader: one line, split into fields, becomes a result or the first issue in it, from left to right. It finds the
// layout of the line, reads the setup of the run and then its tests. Nothing is guessed: a line that is not exactly what
// Bonnie++ prints is an issue. Source: bonnie-formats.md, sections 1 to 3, 5, 6 and 8.

import { lowerBound } from "../run/bound.ts";
import { perMetric } from "../run/metrics.ts";
import type { BonnieSetup, FileSpec, Issue, Measurement, Measurements } from "../run/run.ts";
import { quoted } from "../run/text.ts";
import {
  CENSORED,
  controlCharacterText,
  EMPTY,
  type Fields,
  fieldAt,
  fieldEnd,
  fieldIssue,
  fieldStart,
  fieldText,
  insertEmptyField,
  isFieldEmpty,
  isNegative,
  isPluses,
  lineIssue,
  MALFORMED,
  MAX_FIELDS,
  scanInteger,
  scanLatency,
  scanSeeks,
  splitFields,
} from "./fields.ts";
import { type Layout, type TestColumns, V1, V2_48, V2_50 } from "./layouts.ts";
import { findInner, findLabel, makePrefix, mayHavePrefix } from "./prefix.ts";
import {
  buildFileSpec,
  DEFAULT_CHUNK_BYTES,
  MAX_CONCURRENCY,
  parseFileSpec,
  scanChunkSize,
  scanCount,
  scanFileSize,
} from "./sizes.ts";
import type { BonnieResult, Prefix } from "./types.ts";
import { addSetupWarnings, addTestWarnings, findContradiction } from "./validity.ts";

const NO_TESTS_RUN: Measurements = perMetric(() => null);
const NO_WARNINGS: readonly string[] = [];

/** The message for a line copied from a quoted mail. */
export const QUOTED_LINE = "expected the line as Bonnie++ printed it, found the > of a quoted mail";

/**
 * Reads the line in `fields`, which the caller takes for a CSV line, damaged or not. `repeats` carries what earlier lines
 * of the upload had in common with this one, and is updated. The prefix of a log is skipped in `fields`.
 */
export function readCsv(fields: Fields, repeats: Repeats): BonnieResult | Issue {
  if (fields.text[fields.start] === ">") return lineIssue(fields, "quoted_line", QUOTED_LINE);
  let layout = fields.control < 0 ? findLayout(fields) : null;
  let setup = layout === null || "code" in layout ? null : repeatedSetup(repeats, fields, layout);
  let prefix: Prefix | null = null;
  if (setup === null) {
    // The usual line is like the one before it and is not searched for prefixes.
    if (layout === null || "code" in layout || layout.format === "v1") prefix = skipPrefix(fields);
    if (fields.text[fields.start] === ">") return lineIssue(fields, "quoted_line", QUOTED_LINE);
    if (fields.control >= 0) return controlIssue(fields);
    if (layout === null || prefix !== null) layout = findLayout(fields);
    if ("code" in layout) return layout;
    const read = readSetup(fields, layout, repeats);
    if ("code" in read) return read;
    setup = read;
    const label = findLabel(setup.machine);
    if (label !== null) {
      prefix = makePrefix("label", label);
      forgetSetup(repeats);
    }
  }
  // `findLayout` gave a layout wherever there is a setup; the compiler does not know.
  if (layout === null || "code" in layout) throw new Error("a setup without a layout");
  const metrics = { ...NO_TESTS_RUN };
  const warnings: string[] = [];
  addSetupWarnings(warnings, setup);
  const issue = readTests(fields, layout, setup, repeats, metrics, warnings);
  if (issue !== null) return issue;
  const printed = fields.text.slice(fields.start, fields.end);
  const result = {
    line: fields.line,
    raw: printed,
    setup,
    metrics,
    warnings: warnings.length === 0 ? NO_WARNINGS : warnings,
  };
  if (prefix === null) return result;
  const raw = fields.text.slice(fields.sentStart, fields.sentEnd);
  return raw === printed ? { ...result, prefix } : { ...result, raw, printed, prefix };
}

/** Skips what a log, or a label in front of a v2 line, added to the line; null if there is no such thing. */
function skipPrefix(fields: Fields): Prefix | null {
  const { text, start } = fields;
  if (fields.control < 0 && !mayHavePrefix(fieldText(fields, 0))) return null;
  let end = fields.end;
  const inner = findInner(text.slice(start, end));
  let at = start;
  if (inner !== null) {
    at = start + inner.start;
    end = start + inner.end;
  }
  const [, label] = LABELED_VERSION.exec(text.slice(at, Math.min(end, at + MAX_LABEL))) ?? [];
  if (label !== undefined) at += label.length;
  if (at === start && end === fields.end) return null;
  splitFields(fields, at, end);
  const before = text.slice(start, at);
  fields.skipped = before.split(",").length - 1;
  return makePrefix(label === undefined ? "log" : "label", before);
}

/** The part of a v2 line that may be searched for its label. */
const MAX_LABEL = 256;

/** A label in front of the format version of a v2 line; the machine name is elsewhere in it. */
const LABELED_VERSION = /^([^,]*[ \t\u00A0:|])(?=1\.9\d[a-d]?,[0-9])/;

function controlIssue(fields: Fields): Issue {
  const text = controlCharacterText(fields.text.charCodeAt(fields.control));
  const layout = findLayout(fields);
  if ("code" in layout) return lineIssue(fields, "control_character", text, fields.control);
  const index = fieldAt(fields, fields.control);
  return fieldIssue(fields, index, layout.columns[index] ?? "", "control_character", text);
}

// Layout: decided by the number of fields first, then by the first field (bonnie-formats.md, section 1).

/** Formats with 48 fields that lose a comma when the IO tests are skipped (bonnie-formats.md, section 3.4). */
const LOSING_A_COMMA = ["1.92b", "1.93", "1.93a", "1.93b", "1.93c", "1.93d", "1.94", "1.95", "1.96"];

/** The format versions with 48 fields. */
const FORMATS_OF_48: readonly string[] = [...LOSING_A_COMMA, "1.97"];

/** The format version with 50 fields. */
export const FORMAT_OF_50 = "1.98";

/** Development releases with 33 to 47 fields; see bonnie-formats.md, section 3.2. */
function isOldFormat(version: string): boolean {
  return version === "2" || /^1\.(90|91)[a-z]?$/.test(version) || version === "1.92" || version === "1.92a";
}

/** Fields 5 to 17 of a line with a lost comma, all empty. */
const SKIPPED_IO = Array.from({ length: 13 }, (_, index) => index + 5);

/**
 * Finds the layout of a line, or the issue that it has none. A line with the lost comma of 1.92b to 1.96 gets the
 * missing empty field inserted into `fields`.
 *
 * A comma in a machine name is not recovered in any version: counting from the right would also read two joined lines,
 * the first one truncated, as one line with a long name.
 */
function findLayout(fields: Fields): Layout | Issue {
  if (fields.count === V1.columns.length) return V1;
  const version = fieldText(fields, 0);
  if (version === FORMAT_OF_50) return fields.count === V2_50.columns.length ? V2_50 : countIssue(fields, V2_50);
  if (FORMATS_OF_48.includes(version)) {
    if (fields.count === V2_48.columns.length) return V2_48;
    if (fields.count !== 47 || !LOSING_A_COMMA.includes(version) || !SKIPPED_IO.every((i) => isFieldEmpty(fields, i))) {
      return countIssue(fields, V2_48);
    }
    insertEmptyField(fields, V2_48.fileSize);
    return V2_48;
  }
  if (isOldFormat(version) && fields.count >= 33) return versionIssue(fields, version);
  const isLikeV2 = fields.count === V2_48.columns.length || fields.count === V2_50.columns.length;
  return isLikeV2 ? versionIssue(fields, version) : countIssue(fields, null);
}

/** A machine name has no more semicolons than this. */
const MAX_SEMICOLONS = 8;

/** Whether semicolons separate the fields, as in a spreadsheet's export where the comma is the decimal mark. */
function hasSemicolons({ text, start, end, count }: Fields): boolean {
  const semicolons = text.slice(start, end).split(";", MAX_FIELDS).length - 1;
  return semicolons > MAX_SEMICOLONS && semicolons >= count;
}

function versionIssue(fields: Fields, version: string): Issue {
  const text = `unsupported format version: expected 1.92b to 1.98, found ${quoted(version)}`;
  return fieldIssue(fields, 0, "format_version", "unsupported_format", text);
}

function countIssue(fields: Fields, layout: Layout | null): Issue {
  if (hasSemicolons(fields)) {
    const text = "expected fields separated by commas, as Bonnie++ prints them, found semicolons";
    return lineIssue(fields, "field_count", text);
  }
  if (fields.count === 1) {
    const cause = fields.text[fields.end - 1] === "=" ? `; ${guessCause(fields, V1)}` : "";
    const text = `expected a CSV line, or a whole row of a table under its heading, found neither${cause}`;
    return lineIssue(fields, "field_count", text);
  }
  const found = fields.count > MAX_FIELDS ? `more than ${MAX_FIELDS}` : `${fields.count}`;
  const expected =
    layout === null
      ? "27 fields (1.00 to 1.04), 48 (1.92b to 1.97) or 50 (1.98 to 2.00a)"
      : `${layout.columns.length} fields for format ${quoted(fieldText(fields, 0))}`;
  return lineIssue(fields, "field_count", `expected ${expected}, found ${found}; ${guessCause(fields, layout ?? V1)}`);
}

/** What probably happened to a line with a wrong number of fields, as the end of a message. */
function guessCause({ text, end, count }: Fields, layout: Layout): string {
  if (text[end - 1] === "=") return "the = at its end comes from quoted-printable mail; decode it first";
  if (count > MAX_FIELDS)
    return "did several lines lose their line ends? curl keeps them with --data-binary, not with -d";
  if (count > layout.columns.length) return "a comma in the machine name looks like a damaged line";
  return "was it truncated, or wrapped by a mail program?";
}

// Setup: the fields that say how the run was made.

function readSetup(fields: Fields, layout: Layout, repeats: Repeats): BonnieSetup | Issue {
  const repeated = repeatedSetup(repeats, fields, layout);
  if (repeated !== null) return repeated;
  const setup = layout.format === "v1" ? readV1Setup(fields, layout) : readV2Setup(fields, layout);
  if (!("code" in setup)) rememberSetup(repeats, fields, layout, setup);
  return setup;
}

type Scanner = (text: string, start: number, end: number) => number;

/** The issue that a field is not what was expected. */
function unexpectedIssue(fields: Fields, layout: Layout, index: number, code: string, expected: string): Issue {
  const field = layout.columns[index] ?? "";
  const found = isFieldEmpty(fields, index) ? "nothing" : quoted(fieldText(fields, index));
  return fieldIssue(fields, index, field, code, `expected ${expected}, found ${found}`);
}

/** The number that a scanner reads in a field, or `MALFORMED`. */
function scanField(fields: Fields, index: number, scanner: Scanner): number {
  return scanner(fields.text, fieldStart(fields, index), fieldEnd(fields, index));
}

/** The setup of a v1 line (bonnie-formats.md, section 2), or the first issue in it. */
function readV1Setup(fields: Fields, layout: Layout): BonnieSetup | Issue {
  let fileSize: number | null = null;
  let chunkSize: number | null = null;
  if (!isFieldEmpty(fields, layout.fileSize)) {
    const { text } = fields;
    const start = fieldStart(fields, layout.fileSize);
    const end = fieldEnd(fields, layout.fileSize);
    let colon = start;
    while (colon < end && text[colon] !== ":") colon += 1;
    fileSize = scanFileSize(text, start, colon);
    chunkSize = colon === end ? DEFAULT_CHUNK_BYTES : scanChunkSize(text, colon + 1, end);
    if (fileSize < 0 || chunkSize < 0 || text[end - 1] === "m") {
      return unexpectedIssue(fields, layout, layout.fileSize, "bad_size", "a file size such as 2064M, 6G or 1G:64k");
    }
  }
  let files: FileSpec | null = null;
  if (!isFieldEmpty(fields, layout.numFiles)) {
    files = parseFileSpec(fieldText(fields, layout.numFiles), false);
    if (files === null) {
      const expected = "a number of files such as 16, 16:1000:16/64 or 16:link";
      return unexpectedIssue(fields, layout, layout.numFiles, "bad_files", expected);
    }
  }
  return {
    format: "v1",
    source: "csv",
    format_version: null,
    bonnie_version: null,
    machine: fieldText(fields, layout.machine),
    concurrency: null,
    seed: null,
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    seek_count: null,
    seek_procs: null,
    files,
  };
}

/** The setup of a v2 line with 48 or 50 fields (bonnie-formats.md, section 3.1), or the first issue in it. */
function readV2Setup(fields: Fields, layout: Layout): BonnieSetup | Issue {
  const issue = (index: number, code: string, expected: string) =>
    unexpectedIssue(fields, layout, index, code, expected);
  const bonnieVersion = fieldText(fields, layout.bonnieVersion);
  if (!/^[0-9][0-9a-z.]{0,15}$/.test(bonnieVersion)) {
    return issue(layout.bonnieVersion, "bad_version", "a program version such as 1.97 or 2.00a");
  }
  const concurrency = scanField(fields, layout.concurrency, scanCount);
  if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    return issue(layout.concurrency, "bad_number", `a concurrency from 1 to ${MAX_CONCURRENCY}`);
  }
  const hasIo = !isFieldEmpty(fields, layout.fileSize);
  const fileSize = hasIo ? scanField(fields, layout.fileSize, scanFileSize) : null;
  if (fileSize === MALFORMED) return issue(layout.fileSize, "bad_size", "a file size such as 2064M or 6G");

  const printsSeeks = layout.seekCount >= 0;
  let chunkSize = hasIo && !printsSeeks ? DEFAULT_CHUNK_BYTES : null;
  if (!isFieldEmpty(fields, layout.chunkSize)) {
    if (!hasIo || printsSeeks) return issue(layout.chunkSize, "inconsistent_setup", expectedNoChunk(printsSeeks));
    chunkSize = scanField(fields, layout.chunkSize, scanChunkSize);
    if (chunkSize < 0) return issue(layout.chunkSize, "bad_size", "a chunk size such as 512, 64k or 1m");
  }
  let seekCount: number | null = null;
  let seekProcs: number | null = null;
  if (printsSeeks && hasIo) {
    seekCount = scanField(fields, layout.seekCount, scanInteger);
    if (seekCount < 0) return issue(layout.seekCount, "bad_number", "a number of seeks");
    seekProcs = scanField(fields, layout.seekProcs, scanCount);
    if (seekProcs < 0) return issue(layout.seekProcs, "bad_number", "a number of seekers");
  } else if (printsSeeks) {
    const filled = [layout.seekCount, layout.seekProcs].find((index) => !isFieldEmpty(fields, index));
    if (filled !== undefined) return issue(filled, "inconsistent_setup", "nothing where there is no file size");
  }
  const files = readV2Files(fields, layout);
  if (files !== null && "code" in files) return files;
  return {
    format: "v2",
    source: "csv",
    format_version: fieldText(fields, layout.formatVersion),
    bonnie_version: bonnieVersion,
    machine: fieldText(fields, layout.machine),
    concurrency,
    seed: fieldText(fields, layout.seed),
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    seek_count: seekCount,
    seek_procs: seekProcs,
    files,
  };
}

function expectedNoChunk(is198: boolean): string {
  return is198 ? "nothing: format 1.98 never prints its chunk size" : "nothing where there is no file size";
}

function readV2Files(fields: Fields, layout: Layout): FileSpec | null | Issue {
  if (!isFieldEmpty(fields, layout.fileChunkSize)) {
    return unexpectedIssue(fields, layout, layout.fileChunkSize, "bad_files", "nothing: no version fills this field");
  }
  const details = [layout.maxSize, layout.minSize, layout.numDirs];
  if (isFieldEmpty(fields, layout.numFiles)) {
    const filled = details.find((index) => !isFieldEmpty(fields, index));
    if (filled === undefined) return null;
    return unexpectedIssue(fields, layout, filled, "inconsistent_setup", "nothing where there is no number of files");
  }
  const [max = "", min = "", dirs = ""] = details.map((index) => fieldText(fields, index));
  const spec = buildFileSpec(fieldText(fields, layout.numFiles), max, min, dirs);
  if (spec !== null) return spec;
  const wrong = details.find((index) => isWrongDetail(fields, layout, index)) ?? layout.numFiles;
  return unexpectedIssue(fields, layout, wrong, "bad_files", "files such as 16,,,, or 16,1000,16,,4 or 16,link,,,");
}

/** Whether one of the fields after the number of files makes the specification unreadable on its own. */
function isWrongDetail(fields: Fields, layout: Layout, index: number): boolean {
  const part = (at: number) => (at === index ? fieldText(fields, index) : "");
  const max = index === layout.minSize ? fieldText(fields, layout.maxSize) : part(layout.maxSize);
  return buildFileSpec("1", max, part(layout.minSize), part(layout.numDirs)) === null;
}

// Tests: rate, %CP and latency of each.

/** Reads all tests into `metrics` and `warnings`. Returns the first issue in them, or null. */
function readTests(
  fields: Fields,
  layout: Layout,
  setup: BonnieSetup,
  repeats: Repeats,
  metrics: Measurements,
  warnings: string[],
): Issue | null {
  let ranIo = false;
  let ranFiles = false;
  for (const test of layout.tests) {
    const measurement = readTest(fields, setup, test, repeats);
    if (measurement === null) continue;
    if ("code" in measurement) return measurement;
    metrics[test.metric] = measurement;
    addTestWarnings(warnings, test.metric, setup, measurement, test.latency >= 0);
    if (measurement.censored) repeats.censored = measurement;
    if (test.ofFiles) ranFiles = true;
    else ranIo = true;
  }
  if (setup.file_size_kib !== null && !ranIo) return untestedIssue(fields, layout, layout.fileSize);
  if (setup.files !== null && !ranFiles) return untestedIssue(fields, layout, layout.numFiles);
  if (ranIo || ranFiles) return null;
  return lineIssue(fields, "no_test", "expected a result of at least one test, found none");
}

function untestedIssue(fields: Fields, layout: Layout, index: number): Issue {
  const text = `expected nothing, because none of its tests has a result, found ${quoted(fieldText(fields, index))}`;
  return fieldIssue(fields, index, layout.columns[index] ?? "", "inconsistent_setup", text);
}

/** Reads one test: its measurement, null if it was not run, or the issue in it. */
function readTest(
  fields: Fields,
  setup: BonnieSetup,
  test: TestColumns,
  { censored: lastCensored }: Repeats,
): Measurement | null | Issue {
  const { text } = fields;
  const rate = scanRate(text, fieldStart(fields, test.rate), fieldEnd(fields, test.rate), setup, test);
  if (rate === MALFORMED) return badNumberIssue(fields, test.metric, test.rate, expectedRate(setup, test));
  const cpu = scanCpu(text, fieldStart(fields, test.cpu), fieldEnd(fields, test.cpu));
  if (cpu === MALFORMED) return badNumberIssue(fields, `${test.metric}_cpu`, test.cpu, "a %CP or +++");
  if (Math.min(rate, 0) !== Math.min(cpu, 0)) return badPairIssue(fields, test);
  let latency: number | null = null;
  if (test.latency >= 0) {
    const scanned = scanLatency(text, fieldStart(fields, test.latency), fieldEnd(fields, test.latency));
    if (scanned === MALFORMED) {
      return badNumberIssue(fields, `${test.metric}_latency`, test.latency, "a latency such as 981us, 131ms or 132s");
    }
    if (scanned !== EMPTY) latency = scanned;
  }
  if (rate === EMPTY) return latency === null ? null : strayLatencyIssue(fields, test);
  if ((test.ofFiles ? setup.files : setup.file_size_kib) === null) {
    const size = test.ofFiles ? "number of files" : "file size";
    const issueText = `expected nothing where there is no ${size}, found ${quoted(fieldText(fields, test.rate))}`;
    return fieldIssue(fields, test.rate, test.metric, "inconsistent_setup", issueText);
  }
  const measurement =
    rate === CENSORED
      ? censoredMeasurement(test, setup, latency, lastCensored)
      : { rate, cpu, latency_us: latency, censored: false };
  if (measurement === lastCensored) return lastCensored;
  const contradiction = findContradiction(test.metric, setup, measurement);
  if (contradiction === null) return measurement;
  const field = contradiction.part === "rate" ? test.metric : `${test.metric}_${contradiction.part}`;
  return fieldIssue(fields, test[contradiction.part], field, contradiction.code, contradiction.text);
}

/** The measurement of a test too fast to measure: the last such object if it is equal. */
function censoredMeasurement(
  { metric }: TestColumns,
  setup: BonnieSetup,
  latency: number | null,
  lastCensored: Measurement,
): Measurement {
  const bound = lowerBound(metric, setup) ?? 0;
  if (lastCensored.lower_bound === bound && lastCensored.latency_us === latency) return lastCensored;
  return { rate: null, cpu: null, latency_us: latency, censored: true, lower_bound: bound };
}

function scanRate(text: string, start: number, end: number, setup: BonnieSetup, test: TestColumns): number {
  if (start === end) return EMPTY;
  if (isPluses(text, start, end, 5)) return CENSORED;
  return test.metric === "seeks" ? scanSeeks(text, start, end, setup.format === "v1") : scanInteger(text, start, end);
}

function scanCpu(text: string, start: number, end: number): number {
  if (start === end) return EMPTY;
  return isPluses(text, start, end, 3) ? CENSORED : scanInteger(text, start, end);
}

function expectedRate(setup: BonnieSetup, test: TestColumns): string {
  if (test.metric !== "seeks") return "a rate in whole numbers or +++++";
  if (setup.format === "v1") return "a rate with one decimal or +++++";
  return "a rate with one decimal below 1000 and none from 1000 on, or +++++";
}

function badNumberIssue(fields: Fields, field: string, index: number, expected: string): Issue {
  const found = quoted(fieldText(fields, index));
  if (isNegative(fields.text, fieldStart(fields, index), fieldEnd(fields, index))) {
    const text = `expected ${expected}, found ${found}: Bonnie++ overflows on files of 2 TiB or more`;
    return fieldIssue(fields, index, field, "negative_number", text);
  }
  return fieldIssue(fields, index, field, "bad_number", `expected ${expected}, found ${found}`);
}

function badPairIssue(fields: Fields, test: TestColumns): Issue {
  const found = `${quoted(fieldText(fields, test.rate))} and ${quoted(fieldText(fields, test.cpu))}`;
  const text = `expected a rate and a %CP that are both numbers, both plus signs or both empty, found ${found}`;
  return fieldIssue(fields, test.rate, test.metric, "bad_pair", text);
}

function strayLatencyIssue(fields: Fields, test: TestColumns): Issue {
  const text = `expected no latency for a test without a rate, found ${quoted(fieldText(fields, test.latency))}`;
  return fieldIssue(fields, test.latency, `${test.metric}_latency`, "inconsistent_setup", text);
}

// Repeats: the runs of one host differ in little but their rates. What a line has in common with the line before it is
// neither read nor stored again: both share the same objects, which saves a quarter of the memory of a typical upload.

/** What the lines of one upload share so far. */
export interface Repeats {
  /** The last setup, the layout of its line, and where in the upload the fields of that line are. */
  setup: BonnieSetup | null;
  layout: Layout | null;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The last censored measurement. */
  censored: Measurement;
}

/**
 * The last censored measurement before there is one; it equals no other. It is the first measurement created and has a
 * rate of null, which also keeps the JavaScript engine from storing rates as boxed numbers of 16 bytes each.
 */
const NONE_CENSORED: Measurement = { rate: null, cpu: null, latency_us: null, censored: false };

/** What is shared before the first line of an upload. */
export function emptyRepeats(): Repeats {
  return {
    setup: null,
    layout: null,
    starts: new Int32Array(MAX_FIELDS + 1),
    ends: new Int32Array(MAX_FIELDS + 1),
    censored: NONE_CENSORED,
  };
}

/** Remembers the setup that was read from a line. */
function rememberSetup(repeats: Repeats, fields: Fields, layout: Layout, setup: BonnieSetup): void {
  repeats.setup = setup;
  repeats.layout = layout;
  repeats.starts.set(fields.starts);
  repeats.ends.set(fields.ends);
}

/** Makes the next line be read without regard to this one. */
function forgetSetup(repeats: Repeats): void {
  repeats.setup = null;
  repeats.layout = null;
}

/** The last setup, with the seed of the line, if all its other setup fields have the same text as before; null if not. */
function repeatedSetup(repeats: Repeats, fields: Fields, layout: Layout): BonnieSetup | null {
  if (layout !== repeats.layout || repeats.setup === null) return null;
  for (const index of layout.setup) if (!isSameText(repeats, fields, index)) return null;
  return layout.seed < 0 ? repeats.setup : { ...repeats.setup, seed: fieldText(fields, layout.seed) };
}

function isSameText(repeats: Repeats, { text, starts, ends }: Fields, index: number): boolean {
  const start = starts[index] ?? 0;
  const length = (ends[index] ?? 0) - start;
  const before = repeats.starts[index] ?? 0;
  if ((repeats.ends[index] ?? 0) - before !== length) return false;
  for (let at = 0; at < length; at += 1) {
    if (text.charCodeAt(start + at) !== text.charCodeAt(before + at)) return false;
  }
  return true;
}
