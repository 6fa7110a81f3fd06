// The table reader: finds the text tables of an upload, and reads one as a result or as the first issue in it. A table has
// one or two halves, the tests of the big file and the tests of many files, and its layout differs between three groups
// of releases. Tables print less than CSV lines do, so a table comes with the resolution of its rates.
// Source: bonnie-formats.md, section 4.

import { DEFAULT_SEEK_COUNT, lowerBound, upperLimit } from "../run/bound.ts";
import { METRICS, type Metric, type PerMetric, perMetric } from "../run/metrics.ts";
import type { BonnieSetup, FileSpec, Issue, Measurement, Measurements } from "../run/run.ts";
import { quoted } from "../run/text.ts";
import {
  controlCharacterText,
  isControl,
  isPluses,
  MALFORMED,
  scanInteger,
  scanLatency,
  scanSeeks,
  scanTenths,
} from "./fields.ts";
import { DEFAULT_CHUNK_BYTES, parseFileSpec, scanChunkSize, scanCount, scanFileSize } from "./sizes.ts";
import type { BonnieResult } from "./types.ts";
import { addSetupWarnings, addTestWarnings, findContradiction } from "./validity.ts";

/** One line of a table and its 1-based number. */
interface TableLine {
  readonly number: number;
  readonly text: string;
}

/** One half of a table. Fields that it does not print are null. */
interface Half {
  readonly head: TableLine;
  readonly version: string | null;
  /** From the second heading line of the half with the file tests. */
  readonly machine: string | null;
  /** From the second heading line of 1.92b to 1.97. */
  readonly concurrency: string | null;
  /** The line with the rates; null where the heading is not followed by one. */
  readonly row: TableLine | null;
  readonly latencies: TableLine | null;
}

/** A table in the upload, not yet read. `next` is the 0-based index of the line after it. */
interface TableLines {
  /** The first half that the table has. */
  readonly first: Half;
  readonly io: Half | null;
  readonly files: Half | null;
  readonly lines: readonly TableLine[];
  readonly next: number;
}

/**
 * Finds the table that starts at line `first` (0-based); null if there is none. `lineAt` returns the text of a line without
 * spaces at its end, null after the last line. Blank lines within a table are skipped.
 */
export function findTable(first: number, lineAt: (index: number) => string | null): TableLines | null {
  const lines: TableLine[] = [];
  let next = first;

  /** Takes the next line that is not blank if `accept` returns true for it. */
  function take(accept: (text: string) => boolean): TableLine | null {
    let index = next;
    let text = lineAt(index);
    while (text === "") {
      index += 1;
      text = lineAt(index);
    }
    if (text === null || !accept(text)) return null;
    const line = { number: index + 1, text };
    lines.push(line);
    next = index + 1;
    return line;
  }

  function takeHalf(head: TableLine, version: string | null): Half {
    let machine: string | null = null;
    let concurrency: string | null = null;
    for (;;) {
      const line = take((text) => matches(HEADING, text) !== null);
      if (line === null) break;
      concurrency ??= matches(CONCURRENCY, line.text)?.[1] ?? null;
      const create = line.text.indexOf("-Create--");
      if (create >= 0) machine = line.text.slice(0, create).trim();
    }
    const row = take(mayBeRow);
    const latencies = take((text) => matches(LATENCIES, text) !== null);
    return { head, version, machine, concurrency, row, latencies };
  }

  function takeHead(pattern: RegExp, accept: (version: string | null) => boolean): [TableLine, string | null] | null {
    let version: string | null = null;
    const head = take((text) => {
      const match = matches(pattern, text);
      version = match?.[1] ?? null;
      return match !== null && accept(version);
    });
    return head === null ? null : [head, version];
  }

  if (lineAt(first) === "") return null;
  const ioHead = takeHead(IO_HEAD, () => true);
  const io = ioHead === null ? null : takeHalf(...ioHead);
  const filesHead = takeHead(FILES_HEAD, (version) => isSecondHead(io, version));
  const files = filesHead === null ? null : takeHalf(...filesHead);
  const half = io ?? files;
  return half === null ? null : { first: half, io, files, lines, next };
}

/** A table that was read. */
export interface Table {
  readonly result: BonnieResult;
  /** By metric, in its unit: the true rate is less than this away from the printed one. */
  readonly resolution: PerMetric<number>;
}

/** Reads a table, or finds the first issue in it. The raw text of an issue is the whole table. */
export function readTable(lines: TableLines): Table | Issue {
  const raw = lines.lines.map((line) => line.text).join("\n");
  const table = controlIssue(lines) ?? readHalves(lines, raw);
  return "code" in table ? { ...table, raw } : table;
}

function controlIssue({ lines }: TableLines): Issue | null {
  for (const line of lines) {
    const at = line.text.split("").findIndex((character) => isControl(character.charCodeAt(0)));
    if (at < 0) continue;
    const word = { line, at, text: "" };
    return wordIssue(word, null, "control_character", controlCharacterText(line.text.charCodeAt(at)));
  }
  return null;
}

function readHalves({ first, io, files }: TableLines, raw: string): Table | Issue {
  const release = parseRelease(first.version ?? "");
  if (release === null) {
    const text = `expected the table of 1.00 to 1.04 or 1.92b to 2.00a, found version ${quoted(first.version ?? "")}`;
    return wordIssue({ line: first.head, at: 0, text: "" }, "bonnie_version", "unsupported_format", text);
  }
  const ioRow = io === null ? null : readIoRow(io);
  if (ioRow !== null && "code" in ioRow) return ioRow;
  const filesRow = files === null ? null : readFilesRow(files);
  if (filesRow !== null && "code" in filesRow) return filesRow;
  const setup = readTableSetup(first, release, ioRow, filesRow);
  if ("code" in setup) return setup;

  const metrics: Measurements = perMetric(() => null);
  const resolution = perMetric(() => 0);
  const warnings: string[] = [];
  addSetupWarnings(warnings, setup);
  for (const test of [ioRow, filesRow].flatMap((row) => row?.tests ?? [])) {
    const value = readTest(test, setup, release);
    if ("code" in value) return value;
    metrics[test.metric.name] = value.measurement;
    resolution[test.metric.name] = value.resolution;
    addTestWarnings(warnings, test.metric.name, setup, value.measurement, false);
  }
  if (release === "2.00") {
    if (ioRow !== null) warnings.push("rounded_rates: this table prints two or three digits of a rate.");
    if (filesRow !== null) warnings.push("unknown_file_rates: this version prints wrong file rates.");
  }
  return { result: { line: first.head.number, raw, setup, metrics, warnings }, resolution };
}

// Lines: which line of a table is what.

const IO_HEAD = /^Version +(\S+) +-+Sequential Output-+ +-+Sequential Input-+ +-+Random-*$/;
const FILES_HEAD = /^(?:Version +(\S+) +)?-+Sequential Create-+ +-+Random Create-+$/;
const HEADING = /-Per Chr-|%CP|-Create--/;
const CONCURRENCY = /^Concurrency +(\S+) +-Per Chr-/;
const LATENCIES = /^Latency(?: |$)/;

/** Whether a line is a heading, with its table or without. */
export function isHeading(text: string): boolean {
  return [IO_HEAD, FILES_HEAD, HEADING].some((pattern) => matches(pattern, text) !== null);
}

/**
 * Whether a heading of file tests continues the table: 1.0x prints no version in it, later versions repeat theirs. A
 * table that starts with it, as after `-s 0`, has a version.
 */
function isSecondHead(io: Half | null, version: string | null): boolean {
  if (io === null) return version !== null;
  const isV1 = io.version?.startsWith("1.0") ?? false;
  return version === (isV1 ? null : io.version);
}

/** Names may contain commas, but a line with more fields than this is a CSV line, not a row. */
const MAX_ROW_FIELDS = 8;

/** Whether a line can be the row of a table, well formed or not: a CSV line or a comment cannot. */
function mayBeRow(text: string): boolean {
  if (text.length > MAX_WIDTH || text.trimStart().startsWith("#")) return false;
  return text.split(",").length <= MAX_ROW_FIELDS && !isHeading(text) && matches(LATENCIES, text) === null;
}

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

/** A longer line is not part of a table; this bounds the work on hostile lines. */
const MAX_WIDTH = 400;

/** What separates the words of a row. Copied from a web page these may be no-break spaces. */
export const SPACES = /[ \t\u00A0]+/g;

/** Matches a line without its outer spaces, with single spaces between words; null for lines that are too long. */
function matches(pattern: RegExp, text: string): RegExpExecArray | null {
  return text.length > MAX_WIDTH ? null : pattern.exec(text.trim().replaceAll(SPACES, " "));
}

// Rows: the values of a row and its latencies are identified by counting words from the right. Wide rates push columns
// and web pages collapse spaces, so columns say nothing; only `-f` removes single values, so the number of values tells
// which tests were run (bonnie-formats.md, section 4.1).

/** A word of a table line; `at` is its 0-based position. */
interface Word {
  readonly line: TableLine;
  readonly at: number;
  readonly text: string;
}

/** What a table prints of one test. */
interface PrintedTest {
  readonly metric: Metric;
  readonly rate: Word;
  readonly cpu: Word;
  /** Null where the table has no line of latencies. */
  readonly latency: Word | null;
}

/** A row: the machine name before it, the size of the file or the number of files, and the tests. */
interface Row {
  readonly name: string;
  readonly size: Word;
  readonly tests: readonly PrintedTest[];
}

const FILE_TESTS = METRICS.filter((metric) => metric.unit === "files/s");
const IO_TESTS = METRICS.filter((metric) => metric.unit !== "files/s");
/** The IO tests that `-f` leaves. */
const FAST_TESTS = IO_TESTS.filter(({ name }) => name !== "putc" && name !== "getc");

const WORD = /[^ \t\u00A0]+/g;

/** The beginning of every size, with or without a chunk size. */
const SIZE = /^\d+[MG](?::|$)/;

/** An issue at a word of a table. `readTable` fills in the raw text. */
function wordIssue({ line, at }: Word, field: string | null, code: string, text: string): Issue {
  return { line: line.number, column: at + 1, field, code, text, raw: "" };
}

/** An issue with a whole line of a table. */
function tableIssue(line: TableLine, text: string): Issue {
  return { line: line.number, column: 1, field: null, code: "bad_table", text, raw: "" };
}

function splitWords(line: TableLine): Word[] {
  const words: Word[] = [];
  for (const match of line.text.matchAll(WORD)) words.push({ line, at: match.index, text: match[0] });
  return words;
}

/** Reads the row of the big file: name, size, and six pairs of values, or four with `-f`. */
function readIoRow(half: Half): Row | Issue {
  if (half.row === null) return tableIssue(half.head, "expected a row of rates below this heading, found none");
  const words = splitWords(half.row);
  for (const metrics of [IO_TESTS, FAST_TESTS]) {
    const size = words.at(-2 * metrics.length - 1);
    if (size === undefined || !SIZE.test(size.text)) continue;
    const tests = pairValues(half, metrics, words);
    return Array.isArray(tests) ? { name: half.row.text.slice(0, size.at).trim(), size, tests } : tests;
  }
  return tableIssue(half.row, `expected a file size and 12 or 8 values, found ${words.length} words`);
}

/** Reads the row of the file tests: number of files, and six pairs of values. */
function readFilesRow(half: Half): Row | Issue {
  if (half.row === null) return tableIssue(half.head, "expected a row of rates below this heading, found none");
  const words = splitWords(half.row);
  const [size] = words;
  if (size === undefined || words.length !== 2 * FILE_TESTS.length + 1) {
    return tableIssue(half.row, `expected a number of files and 12 values, found ${words.length} words`);
  }
  const tests = pairValues(half, FILE_TESTS, words);
  return Array.isArray(tests) ? { name: half.machine ?? "", size, tests } : tests;
}

/** Groups the last words of a row into pairs of rate and %CP, with the latency of each. */
function pairValues(half: Half, metrics: readonly Metric[], words: readonly Word[]): PrintedTest[] | Issue {
  const values = words.slice(-2 * metrics.length);
  const latencies = half.latencies === null ? [] : splitWords(half.latencies).slice(1);
  if (half.latencies !== null && latencies.length !== metrics.length) {
    return tableIssue(half.latencies, `expected ${metrics.length} latencies, found ${latencies.length}`);
  }
  return metrics.flatMap((metric, index) => {
    const [rate, cpu] = values.slice(2 * index, 2 * index + 2);
    return rate === undefined || cpu === undefined ? [] : [{ metric, rate, cpu, latency: latencies[index] ?? null }];
  });
}

// Setup: how the run was made.

/** The three kinds of table: 1.00 to 1.04; 1.92b to 1.97; 1.98 to 2.00a. */
type Release = "1.0x" | "1.9x" | "2.00";

/** The kind of table that a program version prints; null for versions that are not supported. */
function parseRelease(version: string): Release | null {
  if (/^1\.0[0-4][a-z]?$/.test(version)) return "1.0x";
  if (version === "1.92b" || /^1\.9[3-7][a-z]?$/.test(version)) return "1.9x";
  return /^(1\.98|2\.00)[a-z]?$/.test(version) ? "2.00" : null;
}

type IoSetup = Pick<BonnieSetup, "file_size_kib" | "chunk_size_bytes" | "concurrency" | "seek_count">;

const WITHOUT_IO: IoSetup = { file_size_kib: null, chunk_size_bytes: null, concurrency: null, seek_count: null };

/**
 * Reads the setup of a table from its first half, `head`, and its rows, or finds the issue in it. The machine name may be
 * truncated or missing: of the two names that a table of v2 prints, the longer one is taken.
 */
function readTableSetup(head: Half, release: Release, io: Row | null, files: Row | null): BonnieSetup | Issue {
  const [first, second] = [io?.name ?? "", files?.name ?? ""];
  if (!first.startsWith(second) && !second.startsWith(first)) {
    return tableIssue(head.head, `expected one machine, found ${quoted(first)} above ${quoted(second)}`);
  }
  const machine = first.length > second.length ? first : second;
  const ioSetup = io === null ? WITHOUT_IO : parseSize(io.size.text, release, head.concurrency);
  if (io !== null && ioSetup === null) {
    const text = `expected a size such as 8G, 1G:64k or, since 1.98, 4G:64k:4:16384, found ${quoted(io.size.text)}`;
    return wordIssue(io.size, "file_size", "bad_size", text);
  }
  let spec: FileSpec | null = null;
  if (files !== null) {
    spec = parseFileSpec(files.size.text, true);
    if (spec === null) {
      const text = `expected a number of files such as 16 or 16:1000:16/64, found ${quoted(files.size.text)}`;
      return wordIssue(files.size, "num_files", "bad_files", text);
    }
  }
  return {
    format: release === "1.0x" ? "v1" : "v2",
    source: "text",
    format_version: null,
    bonnie_version: head.version,
    machine,
    ...(ioSetup ?? WITHOUT_IO),
    seed: null,
    seek_procs: null,
    files: spec,
  };
}

/**
 * Parses `8G`, `1G:64k`, and since 1.98 `size:chunk:concurrency:seeks`, where default parts are empty. Null when malformed.
 */
function parseSize(text: string, release: Release, printedConcurrency: string | null): IoSetup | null {
  const [size = "", chunk = "", concurrency = "", seeks = "", ...rest] = text.split(":", 5);
  const is200 = release === "2.00";
  if (rest.length > 0 || text.endsWith(":") || (!is200 && concurrency + seeks !== "")) return null;
  const fileSize = scanFileSize(size, 0, size.length);
  const chunkSize = chunk === "" ? DEFAULT_CHUNK_BYTES : scanChunkSize(chunk, 0, chunk.length);
  const processes = is200 ? concurrency || "1" : printedConcurrency;
  const concurrencyNumber = processes === null ? null : scanCount(processes, 0, processes.length);
  const seekCount = seeks === "" ? DEFAULT_SEEK_COUNT : scanInteger(seeks, 0, seeks.length);
  if (Math.min(fileSize, chunkSize, seekCount, concurrencyNumber ?? 0) < 0) return null;
  return {
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    concurrency: concurrencyNumber,
    seek_count: is200 ? seekCount : null,
  };
}

// Tests: rate, %CP and latency of each.

/** What a table says about one test. */
interface TableValue {
  readonly measurement: Measurement;
  readonly resolution: number;
}

function readTest(
  { metric, rate, cpu, latency }: PrintedTest,
  setup: BonnieSetup,
  release: Release,
): TableValue | Issue {
  const { name } = metric;
  const scanned = parseRate(rate.text, metric, release);
  if (scanned === null) return wordIssue(rate, name, "bad_number", `expected a rate, found ${quoted(rate.text)}`);
  const isCensored = scanned === "censored";
  const percent = isCensored ? null : scanInteger(cpu.text, 0, cpu.text.length);
  if (percent === null ? !isPluses(cpu.text, 0, cpu.text.length, 3) : percent < 0) {
    const expected = isCensored ? "+++ next to +++++" : "a %CP in whole numbers";
    return wordIssue(cpu, `${name}_cpu`, "bad_pair", `expected ${expected}, found ${quoted(cpu.text)}`);
  }
  const microseconds = latency === null ? null : scanLatency(latency.text, 0, latency.text.length);
  if (latency !== null && microseconds !== null && microseconds < 0) {
    const text = `expected a latency such as 981us, 131ms or 132s, found ${quoted(latency.text)}`;
    return wordIssue(latency, `${name}_latency`, "bad_number", text);
  }
  const measurement: Measurement = isCensored
    ? { rate: null, cpu: null, latency_us: microseconds, censored: true, lower_bound: lowerBound(name, setup) ?? 0 }
    : { rate: scanned.value, cpu: percent, latency_us: microseconds, censored: false };
  const slack = isCensored || !scanned.isRounded ? 0 : scanned.resolution;
  const contradiction = findContradiction(name, setup, measurement, slack);
  if (contradiction === null) {
    return {
      measurement: limitRate(measurement, upperLimit(name, setup)),
      resolution: isCensored ? 0 : scanned.resolution,
    };
  }
  const word = { rate, latency: latency ?? rate }[contradiction.part];
  return wordIssue(
    word,
    contradiction.part === "rate" ? name : `${name}_${contradiction.part}`,
    contradiction.code,
    contradiction.text,
  );
}

/** Takes off what rounding added to the largest possible rate. */
function limitRate(measurement: Measurement, limit: number | null): Measurement {
  const { rate } = measurement;
  return rate !== null && limit !== null && rate > limit ? { ...measurement, rate: limit } : measurement;
}

// Rates: tables are coarser than CSV lines. Seeks lose their decimal from 1000 on, and tables since 1.98 print IO rates with
// units and two or three digits, and wrong file rates.

/** A rate as printed. */
interface TableRate {
  /** In the metric's unit; null for the file rates of 1.98 to 2.00a, which are not rates. */
  readonly value: number | null;
  /** One unit of the last printed digit: the true rate is less than this away. */
  readonly resolution: number;
  /** Whether the rate was rounded to a few digits, so that it may be above the true one by `resolution`. */
  readonly isRounded: boolean;
}

const KIB_PER_UNIT: Readonly<Record<string, number>> = { k: 1, m: 1024, g: 1_048_576 };

/** Parses a rate: `"censored"` for `+++++`, null for a word that is no rate. */
function parseRate(text: string, metric: Metric, release: Release): TableRate | "censored" | null {
  if (isPluses(text, 0, text.length, 5)) return "censored";
  if (metric.unit === "seeks/s") {
    const value = scanSeeks(text, 0, text.length, false);
    return value < 0 ? null : { value, resolution: text.includes(".") ? 0.1 : 1, isRounded: false };
  }
  if (release === "2.00" && metric.unit === "K/s") return parseRateWithUnit(text);
  const value = scanInteger(text, 0, text.length);
  if (value < 0) return null;
  return { value: release === "2.00" ? null : value, resolution: 1, isRounded: false };
}

/**
 * Parses `2608k`, `2.5m`, `243m`, `1.6g` into K/s, to the nearest K/s. `0k` is rejected: no test is that slow, but the
 * converter bon_csv2txt prints it for a test too fast to measure (bonnie-formats.md, section 8).
 */
function parseRateWithUnit(text: string): TableRate | null {
  const end = text.length - 1;
  const factor = KIB_PER_UNIT[text.slice(end)];
  if (factor === undefined) return null;
  const hasTenths = factor > 1 && text.includes(".");
  const number = hasTenths ? scanTenths(text, 0, end) : scanInteger(text, 0, end);
  if (number === MALFORMED || number === 0) return null;
  return {
    value: Math.round(number * factor),
    resolution: hasTenths ? factor / 10 : factor,
    isRounded: factor > 1,
  };
}
