// Table rows: the words of the two rows of a table and of their latencies, told apart by counting from the right. Wide
// rates push columns and web pages collapse blanks, so positions say nothing; only `-f` removes single values, so their
// number says which tests were run (bonnie-formats.md, section 4.1).

import type { Issue } from "../model/issue.ts";
import { METRICS, type Metric } from "../run/metrics.ts";
import type { Half, TableLine } from "./table-lines.ts";

/** A word of a table line; `at` is its 0-based position. */
export interface Word {
  readonly line: TableLine;
  readonly at: number;
  readonly text: string;
}

/** What a table prints of one test. */
export interface PrintedTest {
  readonly metric: Metric;
  readonly rate: Word;
  readonly cpu: Word;
  /** Null where the table has no line of latencies. */
  readonly latency: Word | null;
}

/** A row: the machine name before it, the size of the file or the number of files, and the tests. */
export interface Row {
  readonly name: string;
  readonly size: Word;
  readonly tests: readonly PrintedTest[];
}

const FILE_TESTS = METRICS.filter((metric) => metric.unit === "files/s");
const IO_TESTS = METRICS.filter((metric) => metric.unit !== "files/s");
/** What `-f` leaves of them. */
const FAST_TESTS = IO_TESTS.filter(({ name }) => name !== "putc" && name !== "getc");

const WORD = /[^ \t\u00A0]+/g;

/** The beginning of every size, with or without a chunk size. */
const SIZE = /^\d+[MG](?::|$)/;

/** An issue at a word of a table. The raw text, the whole table, is put in by `readTable`. */
export function wordIssue({ line, at }: Word, field: string | null, code: string, text: string): Issue {
  return { line: line.number, column: at + 1, field, code, text, raw: "" };
}

/** The issue that a line of a table as a whole is not what it must be. */
export function tableIssue(line: TableLine, text: string): Issue {
  return { line: line.number, column: 1, field: null, code: "bad_table", text, raw: "" };
}

function wordsOf(line: TableLine): Word[] {
  const words: Word[] = [];
  for (const match of line.text.matchAll(WORD)) words.push({ line, at: match.index, text: match[0] });
  return words;
}

/** The row of the big file: name, size, and six pairs of values, or four with `-f`. */
export function readIoRow(half: Half): Row | Issue {
  if (half.row === null) return tableIssue(half.head, "expected a row of rates below this heading, found none");
  const words = wordsOf(half.row);
  for (const metrics of [IO_TESTS, FAST_TESTS]) {
    const size = words.at(-2 * metrics.length - 1);
    if (size === undefined || !SIZE.test(size.text)) continue;
    const tests = pairUp(half, metrics, words);
    return Array.isArray(tests) ? { name: half.row.text.slice(0, size.at).trim(), size, tests } : tests;
  }
  return tableIssue(half.row, `expected a file size and 12 or 8 values, found ${words.length} words`);
}

/** The row of the file tests: number of files, and six pairs of values. */
export function readFilesRow(half: Half): Row | Issue {
  if (half.row === null) return tableIssue(half.head, "expected a row of rates below this heading, found none");
  const words = wordsOf(half.row);
  const [size] = words;
  if (size === undefined || words.length !== 2 * FILE_TESTS.length + 1) {
    return tableIssue(half.row, `expected a number of files and 12 values, found ${words.length} words`);
  }
  const tests = pairUp(half, FILE_TESTS, words);
  return Array.isArray(tests) ? { name: half.machine ?? "", size, tests } : tests;
}

/** The last words of a row as pairs of rate and %CP, with the latency of each. */
function pairUp(half: Half, metrics: readonly Metric[], words: readonly Word[]): PrintedTest[] | Issue {
  const values = words.slice(-2 * metrics.length);
  const latencies = half.latencies === null ? [] : wordsOf(half.latencies).slice(1);
  if (half.latencies !== null && latencies.length !== metrics.length) {
    return tableIssue(half.latencies, `expected ${metrics.length} latencies, found ${latencies.length}`);
  }
  return metrics.flatMap((metric, index) => {
    const [rate, cpu] = values.slice(2 * index, 2 * index + 2);
    return rate === undefined || cpu === undefined ? [] : [{ metric, rate, cpu, latency: latencies[index] ?? null }];
  });
}
