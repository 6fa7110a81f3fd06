// One CSV line as a result, or as the first fault in it, from left to right. Nothing is guessed: a line that is not
// exactly what Bonnie++ prints is an issue (bonnie-formats.md, sections 5, 6 and 8).

import { lowerBound } from "../run/bound.ts";
import { perMetric } from "../run/metrics.ts";
import type { BonnieSetup, FileSpec, Issue, Measurement, Measurements } from "../run/run.ts";
import { quoted } from "../run/text.ts";
import {
  CENSORED,
  controlText,
  EMPTY,
  endOf,
  type Fields,
  fieldAt,
  fieldIssue,
  insertEmpty,
  isEmpty,
  isNegative,
  isPluses,
  lineIssue,
  MALFORMED,
  MAX_FIELDS,
  scanInteger,
  scanLatency,
  scanSeeks,
  startOf,
  textOf,
} from "./fields.ts";
import { type Layout, type TestColumns, V1, V2_48, V2_50 } from "./layouts.ts";
import { type Repeats, rememberSetup, repeatedSetup } from "./reader.ts";
import { DEFAULT_CHUNK_BYTES, fileSpec, readFileSpec, scanChunkSize, scanCount, scanFileSize } from "./sizes.ts";
import type { BonnieResult } from "./types.ts";
import { contradiction, warnOfSetup, warnOfTest } from "./validity.ts";

// Labels glued to the machine name, as by `grep` over several files or a page that names each line (bonnie-formats 8).

/** Whether a machine name begins with a label of somebody else: a colon with two blanks or more behind it. */
export function hasGluedLabel(name: string): boolean {
  return /:[ \t]{2}/.test(name);
}

/** What is wrong with such a name. */
export function gluedLabel(name: string): string {
  return `expected the machine name alone, found a label glued to it: ${quoted(name)}; take off all up to the colon and its blanks`;
}

// Which layout a line has: by the number of its fields first, then by its first field (bonnie-formats.md, section 1).

/** Formats of 48 fields that lose a comma when the IO tests are skipped (bonnie-formats.md, section 3.4). */
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
 * The layout of a line, or the issue that it has none. A line with the lost comma of 1.92b to 1.96 gets the missing
 * empty field; `fields` is changed then.
 *
 * A comma in a machine name is not recovered, in any version: counting from the right would also read two lines glued
 * together, the first one cut short, as one line with a long name.
 */
function layoutOf(fields: Fields): Layout | Issue {
  if (fields.count === V1.columns.length) return V1;
  const version = textOf(fields, 0);
  if (version === FORMAT_OF_50) return fields.count === V2_50.columns.length ? V2_50 : countIssue(fields, V2_50);
  if (FORMATS_OF_48.includes(version)) {
    if (fields.count === V2_48.columns.length) return V2_48;
    if (fields.count !== 47 || !LOSING_A_COMMA.includes(version) || !SKIPPED_IO.every((i) => isEmpty(fields, i))) {
      return countIssue(fields, V2_48);
    }
    insertEmpty(fields, V2_48.fileSize);
    return V2_48;
  }
  if (isOldFormat(version) && fields.count >= 33) return versionIssue(fields, version);
  const isLikeV2 = fields.count === V2_48.columns.length || fields.count === V2_50.columns.length;
  return isLikeV2 ? versionIssue(fields, version) : countIssue(fields, null);
}

/** More semicolons than this are no part of a name. */
const MAX_SEMICOLONS = 8;

/** Whether semicolons stand between the fields, as a spreadsheet puts them where the comma is the decimal mark. */
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
    const text = "expected a CSV line, or a whole row of a table under its heading, found neither";
    return lineIssue(fields, "field_count", text);
  }
  const found = fields.count > MAX_FIELDS ? `more than ${MAX_FIELDS}` : `${fields.count}`;
  const expected =
    layout === null
      ? "27 fields (1.00 to 1.04), 48 (1.92b to 1.97) or 50 (1.98 to 2.00a)"
      : `${layout.columns.length} fields for format ${quoted(textOf(fields, 0))}`;
  return lineIssue(fields, "field_count", `expected ${expected}, found ${found}; ${hintOf(fields, layout ?? V1)}`);
}

/** What may have happened to a line with another number of fields. */
function hintOf({ text, end, count }: Fields, layout: Layout): string {
  if (text[end - 1] === "=") return "the = at its end is of quoted-printable mail, which must be decoded first";
  if (count > MAX_FIELDS)
    return "are these several lines whose ends were lost? curl keeps them with --data-binary, not with -d";
  if (count > layout.columns.length) return "a comma in a machine name cannot be told from damage";
  return "is it cut, or wrapped by a mail program?";
}

// The setup of a run: the fields of a CSV line that say how it was made.

type Scanner = (text: string, start: number, end: number) => number;

/** `-c` takes 1 to 200. */
const MAX_CONCURRENCY = 200;

/** The issue that a field is not what it must be. */
function unexpected(fields: Fields, layout: Layout, index: number, code: string, expected: string): Issue {
  const field = layout.columns[index] ?? "";
  const found = isEmpty(fields, index) ? "nothing" : quoted(textOf(fields, index));
  return fieldIssue(fields, index, field, code, `expected ${expected}, found ${found}`);
}

/** The number a scanner sees in a field, or `MALFORMED`. */
function scanned(fields: Fields, index: number, scanner: Scanner): number {
  return scanner(fields.text, startOf(fields, index), endOf(fields, index));
}

/** The issue that something stands before the machine name that is no part of it; null for a name as it should be. */
function labelIssue(fields: Fields, layout: Layout): Issue | null {
  const name = textOf(fields, layout.machine);
  return hasGluedLabel(name)
    ? fieldIssue(fields, layout.machine, layout.columns[layout.machine] ?? "", "glued_label", gluedLabel(name))
    : null;
}

/** The setup of a v1 line (bonnie-formats.md, section 2), or the first fault in it. */
function readV1Setup(fields: Fields, layout: Layout): BonnieSetup | Issue {
  const label = labelIssue(fields, layout);
  if (label !== null) return label;
  let fileSize: number | null = null;
  let chunkSize: number | null = null;
  if (!isEmpty(fields, layout.fileSize)) {
    const { text } = fields;
    const start = startOf(fields, layout.fileSize);
    const end = endOf(fields, layout.fileSize);
    let colon = start;
    while (colon < end && text[colon] !== ":") colon += 1;
    fileSize = scanFileSize(text, start, colon);
    chunkSize = colon === end ? DEFAULT_CHUNK_BYTES : scanChunkSize(text, colon + 1, end);
    if (fileSize < 0 || chunkSize < 0 || text[end - 1] === "m") {
      return unexpected(fields, layout, layout.fileSize, "bad_size", "a file size such as 2064M, 6G or 1G:64k");
    }
  }
  let files: FileSpec | null = null;
  if (!isEmpty(fields, layout.numFiles)) {
    files = readFileSpec(textOf(fields, layout.numFiles), false);
    if (files === null) {
      const expected = "a number of files such as 16, 16:1000:16/64 or 16:link";
      return unexpected(fields, layout, layout.numFiles, "bad_files", expected);
    }
  }
  return {
    format: "v1",
    source: "csv",
    format_version: null,
    bonnie_version: null,
    machine: textOf(fields, layout.machine),
    concurrency: null,
    seed: null,
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    seek_count: null,
    seek_procs: null,
    files,
  };
}

/** The setup of a v2 line with 48 or 50 fields (bonnie-formats.md, section 3.1), or the first fault in it. */
function readV2Setup(fields: Fields, layout: Layout): BonnieSetup | Issue {
  const fault = (index: number, code: string, expected: string) => unexpected(fields, layout, index, code, expected);
  const bonnieVersion = textOf(fields, layout.bonnieVersion);
  if (!/^[0-9][0-9a-z.]{0,15}$/.test(bonnieVersion)) {
    return fault(layout.bonnieVersion, "bad_version", "a program version such as 1.97 or 2.00a");
  }
  const label = labelIssue(fields, layout);
  if (label !== null) return label;
  const concurrency = scanned(fields, layout.concurrency, scanCount);
  if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    return fault(layout.concurrency, "bad_number", `a concurrency from 1 to ${MAX_CONCURRENCY}`);
  }
  const hasIo = !isEmpty(fields, layout.fileSize);
  const fileSize = hasIo ? scanned(fields, layout.fileSize, scanFileSize) : null;
  if (fileSize === MALFORMED) return fault(layout.fileSize, "bad_size", "a file size such as 2064M or 6G");

  const printsSeeks = layout.seekCount >= 0;
  let chunkSize = hasIo && !printsSeeks ? DEFAULT_CHUNK_BYTES : null;
  if (!isEmpty(fields, layout.chunkSize)) {
    if (!hasIo || printsSeeks) return fault(layout.chunkSize, "inconsistent_setup", noChunk(printsSeeks));
    chunkSize = scanned(fields, layout.chunkSize, scanChunkSize);
    if (chunkSize < 0) return fault(layout.chunkSize, "bad_size", "a chunk size such as 512, 64k or 1m");
  }
  let seekCount: number | null = null;
  let seekProcs: number | null = null;
  if (printsSeeks && hasIo) {
    seekCount = scanned(fields, layout.seekCount, scanInteger);
    if (seekCount < 0) return fault(layout.seekCount, "bad_number", "a number of seeks");
    seekProcs = scanned(fields, layout.seekProcs, scanCount);
    if (seekProcs < 0) return fault(layout.seekProcs, "bad_number", "a number of seekers");
  } else if (printsSeeks) {
    const filled = [layout.seekCount, layout.seekProcs].find((index) => !isEmpty(fields, index));
    if (filled !== undefined) return fault(filled, "inconsistent_setup", "nothing where there is no file size");
  }
  const files = readV2Files(fields, layout);
  if (files !== null && "code" in files) return files;
  return {
    format: "v2",
    source: "csv",
    format_version: textOf(fields, layout.formatVersion),
    bonnie_version: bonnieVersion,
    machine: textOf(fields, layout.machine),
    concurrency,
    seed: textOf(fields, layout.seed),
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    seek_count: seekCount,
    seek_procs: seekProcs,
    files,
  };
}

function noChunk(is198: boolean): string {
  return is198 ? "nothing: format 1.98 never prints its chunk size" : "nothing where there is no file size";
}

function readV2Files(fields: Fields, layout: Layout): FileSpec | null | Issue {
  if (!isEmpty(fields, layout.fileChunkSize)) {
    return unexpected(fields, layout, layout.fileChunkSize, "bad_files", "nothing: no version fills this field");
  }
  const details = [layout.maxSize, layout.minSize, layout.numDirs];
  if (isEmpty(fields, layout.numFiles)) {
    const filled = details.find((index) => !isEmpty(fields, index));
    if (filled === undefined) return null;
    return unexpected(fields, layout, filled, "inconsistent_setup", "nothing where there is no number of files");
  }
  const [max = "", min = "", dirs = ""] = details.map((index) => textOf(fields, index));
  const spec = fileSpec(textOf(fields, layout.numFiles), max, min, dirs);
  if (spec !== null) return spec;
  const wrong = details.find((index) => isWrongDetail(fields, layout, index)) ?? layout.numFiles;
  return unexpected(fields, layout, wrong, "bad_files", "files such as 16,,,, or 16,1000,16,,4 or 16,link,,,");
}

/** Whether a field beside a number of files makes the specification unreadable on its own. */
function isWrongDetail(fields: Fields, layout: Layout, index: number): boolean {
  const part = (at: number) => (at === index ? textOf(fields, index) : "");
  const max = index === layout.minSize ? textOf(fields, layout.maxSize) : part(layout.maxSize);
  return fileSpec("1", max, part(layout.minSize), part(layout.numDirs)) === null;
}

const NOTHING_RUN: Measurements = perMetric(() => null);
const NO_WARNINGS: readonly string[] = [];

/** What is wrong with a line out of a quoted mail. */
export const QUOTED_LINE = "expected the line as Bonnie++ printed it, found the > of a quoted mail";

/** Reads the line in `fields`, which the caller has found to be an attempt at a CSV line. `repeats` learns from it. */
export function readCsv(fields: Fields, repeats: Repeats): BonnieResult | Issue {
  if (fields.control >= 0) return controlIssue(fields);
  if (fields.text[fields.start] === ">") {
    return lineIssue(fields, "quoted_line", QUOTED_LINE);
  }
  const layout = layoutOf(fields);
  if ("code" in layout) return layout;
  const setup = readSetup(fields, layout, repeats);
  if ("code" in setup) return setup;
  const metrics = { ...NOTHING_RUN };
  const warnings: string[] = [];
  warnOfSetup(warnings, setup);
  const fault = readTests(fields, layout, setup, repeats, metrics, warnings);
  if (fault !== null) return fault;
  const raw = fields.text.slice(fields.start, fields.end);
  return { line: fields.line, raw, setup, metrics, warnings: warnings.length === 0 ? NO_WARNINGS : warnings };
}

function controlIssue(fields: Fields): Issue {
  const text = controlText(fields.text.charCodeAt(fields.control));
  const layout = layoutOf(fields);
  if ("code" in layout) return lineIssue(fields, "control_character", text, fields.control);
  const index = fieldAt(fields, fields.control);
  return fieldIssue(fields, index, layout.columns[index] ?? "", "control_character", text);
}

function readSetup(fields: Fields, layout: Layout, repeats: Repeats): BonnieSetup | Issue {
  const repeated = repeatedSetup(repeats, fields, layout);
  if (repeated !== null) return layout.seed < 0 ? repeated : { ...repeated, seed: textOf(fields, layout.seed) };
  const setup = layout.format === "v1" ? readV1Setup(fields, layout) : readV2Setup(fields, layout);
  if (!("code" in setup)) rememberSetup(repeats, fields, layout, setup);
  return setup;
}

/** Reads all tests into `metrics` and `warnings`; null, or the first fault in them. */
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
    warnOfTest(warnings, test.metric, setup, measurement, test.latency >= 0);
    if (measurement.censored) repeats.censored = measurement;
    if (test.ofFiles) ranFiles = true;
    else ranIo = true;
  }
  if (setup.file_size_kib !== null && !ranIo) return untested(fields, layout, layout.fileSize);
  if (setup.files !== null && !ranFiles) return untested(fields, layout, layout.numFiles);
  if (ranIo || ranFiles) return null;
  return lineIssue(fields, "no_test", "expected a result of at least one test, found none");
}

function untested(fields: Fields, layout: Layout, index: number): Issue {
  const text = `expected nothing, since none of its tests has a result, found ${quoted(textOf(fields, index))}`;
  return fieldIssue(fields, index, layout.columns[index] ?? "", "inconsistent_setup", text);
}

/** One test: its measurement, null if it was not run, or the fault in it. */
function readTest(
  fields: Fields,
  setup: BonnieSetup,
  test: TestColumns,
  { censored: alike }: Repeats,
): Measurement | null | Issue {
  const { text } = fields;
  const rate = scanRate(text, startOf(fields, test.rate), endOf(fields, test.rate), setup, test);
  if (rate === MALFORMED) return badNumber(fields, test.metric, test.rate, expectedRate(setup, test));
  const cpu = scanCpu(text, startOf(fields, test.cpu), endOf(fields, test.cpu));
  if (cpu === MALFORMED) return badNumber(fields, `${test.metric}_cpu`, test.cpu, "a %CP or +++");
  if (Math.min(rate, 0) !== Math.min(cpu, 0)) return badPair(fields, test);
  let latency: number | null = null;
  if (test.latency >= 0) {
    const scanned = scanLatency(text, startOf(fields, test.latency), endOf(fields, test.latency));
    if (scanned === MALFORMED) {
      return badNumber(fields, `${test.metric}_latency`, test.latency, "a latency such as 981us, 131ms or 132s");
    }
    if (scanned !== EMPTY) latency = scanned;
  }
  if (rate === EMPTY) return latency === null ? null : latencyOfNothing(fields, test);
  if ((test.ofFiles ? setup.files : setup.file_size_kib) === null) {
    const size = test.ofFiles ? "number of files" : "file size";
    const issueText = `expected nothing where there is no ${size}, found ${quoted(textOf(fields, test.rate))}`;
    return fieldIssue(fields, test.rate, test.metric, "inconsistent_setup", issueText);
  }
  const measurement =
    rate === CENSORED ? tooFast(test, setup, latency, alike) : { rate, cpu, latency_us: latency, censored: false };
  if (measurement === alike) return alike;
  const fault = contradiction(test.metric, setup, measurement);
  if (fault === null) return measurement;
  const field = fault.part === "rate" ? test.metric : `${test.metric}_${fault.part}`;
  return fieldIssue(fields, test[fault.part], field, fault.code, fault.text);
}

/** A test too fast to measure: the last such measurement where it is the same. */
function tooFast({ metric }: TestColumns, setup: BonnieSetup, latency: number | null, alike: Measurement): Measurement {
  const bound = lowerBound(metric, setup) ?? 0;
  if (alike.lower_bound === bound && alike.latency_us === latency) return alike;
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

function badNumber(fields: Fields, field: string, index: number, expected: string): Issue {
  const found = quoted(textOf(fields, index));
  if (isNegative(fields.text, startOf(fields, index), endOf(fields, index))) {
    const text = `expected ${expected}, found ${found}: Bonnie++ counts wrongly where a file has 2 TiB or more`;
    return fieldIssue(fields, index, field, "negative_number", text);
  }
  return fieldIssue(fields, index, field, "bad_number", `expected ${expected}, found ${found}`);
}

function badPair(fields: Fields, test: TestColumns): Issue {
  const found = `${quoted(textOf(fields, test.rate))} and ${quoted(textOf(fields, test.cpu))}`;
  const text = `expected a rate and a %CP that are both numbers, both plus signs or both empty, found ${found}`;
  return fieldIssue(fields, test.rate, test.metric, "bad_pair", text);
}

function latencyOfNothing(fields: Fields, test: TestColumns): Issue {
  const text = `expected no latency of a test without a rate, found ${quoted(textOf(fields, test.latency))}`;
  return fieldIssue(fields, test.latency, `${test.metric}_latency`, "inconsistent_setup", text);
}
