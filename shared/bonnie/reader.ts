// The Bonnie++ reader. In: the text of an upload, whatever a client sent. Out: its results, the issues of lines that look
// like results but are not, its directives (`# key: value`), and counts of everything else; every line ends up in exactly
// one of these. Reading never throws and takes time proportional to the length of the text.
// Source: bonnie-formats.md, section 8 (which lines are attempts); docs/api.md#post-results (directives).

import { isKnownKey } from "../run/facts.ts";
import type { Issue } from "../run/run.ts";
import { type CleanLine, cleanLine, tableLineOf, withPrefix } from "./clean-line.ts";
import { emptyRepeats, QUOTED_LINE, readCsv } from "./csv.ts";
import { settleTables, type Tables } from "./duplicates.ts";
import { emptyFields, type Fields, isOuterSpace, splitLine } from "./fields.ts";
import { findTable } from "./find-table.ts";
import { isHeadingPart } from "./headings.ts";
import { isOrphanRow } from "./rows.ts";
import { readOrphanRow, readTable, type TableRun, type UnreadTable } from "./table.ts";
import { countLines, type SentLine, toTableLine } from "./table-lines.ts";
import type { BonnieResult, Directive, Entry, Ignored, Reading } from "./types.ts";
import { findTornEnd, MAX_TORN_END, readWrapped } from "./wrapping.ts";

/** Increases whenever the same text may be read differently, so that stored runs can be parsed again. */
export const PARSER_VERSION = 4;

/** The largest number of lines of an upload (docs/api.md#post-results). */
export const MAX_LINES = 10_000;

/**
 * Reads an upload.
 * - A CSV line, damaged or not, gives a result or one issue, the first from the left. A wrapped one is joined if that can be
 *   done in one way only; see `readWrapped`.
 * - A text table gives a result for each of its runs, or one issue, unless CSV lines of the upload repeat it; see
 *   `settleTables`.
 * - An upload of more than `MAX_LINES` lines is not read: its only entry is an issue `too_many_lines`.
 */
export function readBonnie(text: string): Reading {
  const ignored: Ignored = { blank: 0, header: 0, comment: 0, table: 0, other: 0 };
  const starts = findLineStarts(text);
  if (starts === null) return { entries: [{ kind: "issue", issue: tooManyLinesIssue() }], ignored };
  const lineCount = starts.length - 1;
  const entries: Entry[] = [];
  const tables: Tables = new Map();
  const fields = emptyFields(text);
  const repeats = emptyRepeats();
  // How many lines directly above the current one were taken for text.
  let textLines = 0;
  // The first line of what may be a table.
  let head: CleanLine | null = null;
  let cleaned: { readonly index: number; readonly line: CleanLine } | null = null;

  for (let index = 0; index < lineCount; index += 1) {
    const textAbove: number = textLines;
    textLines = 0;
    setLine(index);
    if (fields.start === fields.end) ignored.blank += 1;
    else if (text[fields.start] === "#") {
      const directive = parseDirective(fields);
      if (directive === null) ignored.comment += 1;
      else entries.push({ kind: "directive", ...directive });
    } else if (isHeader(fields)) ignored.header += 1;
    else if (isCsv(index)) {
      const read = readCsv(fields, repeats);
      if (!("code" in read)) {
        const torn = isShort(index + 1) ? findTornEnd(read, sentAt(index) ?? "", sentAt(index + 1) ?? "") : null;
        entries.push(torn === null ? { kind: "result", result: read } : { kind: "issue", issue: torn });
        if (torn !== null) index += 1;
      } else if (isHeader(fields)) ignored.header += 1;
      else {
        const wrapped = readWrapped(index, textAbove, { sentAt, readAlone });
        if (wrapped === null) entries.push({ kind: "issue", issue: read });
        else {
          entries.push(...wrapped.entries);
          ignored.other += wrapped.other - wrapped.before;
          index = wrapped.next - 1;
        }
      }
    } else {
      const before = ignored.other;
      head = cleanAt(index);
      const found = findTable(index, lineAt);
      if (found === null) readOther(index);
      else {
        const table = readTable(found);
        const lineCount = countLines(found.lines);
        if ("issue" in table) {
          const heading = isFollowedByText(found.next) ? null : table.heading;
          addTable({ kind: "issue", issue: table.issue }, { ...table, heading }, lineCount);
        } else {
          for (const run of table) {
            const result = withPrefix(run.table.result, head);
            addTable({ kind: "result", result }, run, run === table[0] ? lineCount : 0);
          }
        }
        ignored.blank += found.next - index - lineCount;
        index = found.next - 1;
      }
      if (ignored.other > before) textLines = textAbove + 1;
    }
  }
  return { entries: settleTables(entries, tables, ignored), ignored };

  /** Splits a line into `fields`. */
  function setLine(index: number): void {
    fields.line = index + 1;
    splitLine(fields, starts?.[index] ?? 0, (starts?.[index + 1] ?? 0) - 1);
  }

  /** Whether the line in `fields` is a CSV line, damaged or not. */
  function isCsv(index: number): boolean {
    return isAttempt(fields) && (fields.count > 1 || !isOrphanRow(cleanAt(index)?.text ?? ""));
  }

  /** What a line is alone, for lines around a damaged one; see `Lines`. */
  function readAlone(index: number): BonnieResult | Issue | null {
    setLine(index);
    if (isHeader(fields) || !isCsv(index)) return null;
    const read = readCsv(fields, repeats);
    return "code" in read && isHeader(fields) ? null : read;
  }

  /** Whether there is such a line, and it is so short that it may be the end of the line above it. */
  function isShort(index: number): boolean {
    if (index >= lineCount) return false;
    return (starts?.[index + 1] ?? 0) - (starts?.[index] ?? 0) <= MAX_TORN_END;
  }

  /** A line as received; null after the last. */
  function sentAt(index: number): string | null {
    if (index >= lineCount || index < 0) return null;
    const line = text.slice(starts?.[index], (starts?.[index + 1] ?? 0) - 1);
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  /** The same without a byte order mark and without spaces at its end. */
  function trimmedAt(index: number): string | null {
    const line = sentAt(index)?.trimEnd() ?? null;
    return line?.startsWith("\uFEFF") ? line.slice(1) : line;
  }

  /** The same without what a log added. */
  function cleanAt(index: number): CleanLine | null {
    if (cleaned?.index === index) return cleaned.line;
    const sent = trimmedAt(index);
    if (sent === null) return null;
    const line = cleanLine(sent);
    cleaned = { index, line };
    return line;
  }

  /** A line without spaces at its end and without what a log added, for tables; null after the last line of the log's writer. */
  function lineAt(index: number): SentLine | null {
    const line = cleanAt(index);
    return line === null || head === null ? null : tableLineOf(line, head);
  }

  /** Whether the first line from `next` on that is not blank is neither a CSV line nor a heading, so that it may be a row. */
  function isFollowedByText(next: number): boolean {
    for (let index = next; index < lineCount; index += 1) {
      setLine(index);
      if (fields.start === fields.end) continue;
      return !isHeader(fields) && readAlone(index) === null && !isHeadingPart(cleanAt(index)?.text ?? "");
    }
    return false;
  }

  function addTable(entry: Entry, table: TableRun | UnreadTable, lineCount: number): void {
    entries.push(entry);
    tables.set(entry, { table, lineCount });
  }

  /** A line that starts no table: a row without its heading is an issue, everything else is ignored. */
  function readOther(index: number): void {
    const line = lineAt(index);
    if (line !== null && isOrphanRow(line.text)) {
      const row = toTableLine(index + 1, line);
      const issue = orphanRowIssue(index + 1, line.sent);
      const runs = row === null ? [] : readOrphanRow(row);
      addTable({ kind: "issue", issue }, { issue, runs, heading: null }, 1);
    } else ignored.other += 1;
  }
}

/** What identifies the run whose text is stored: its line as Bonnie++ printed it, or the words of its table. */
export function identifyingText(raw: string): string {
  const [entry] = readBonnie(raw).entries;
  return entry?.kind === "result" ? (entry.result.printed ?? raw) : raw;
}

/** Finds the offset of every line, and one after the last; null for more than `MAX_LINES` lines. */
function findLineStarts(text: string): number[] | null {
  const starts = [0];
  let at = 0;
  while (at < text.length) {
    if (starts.length > MAX_LINES) return null;
    const feed = text.indexOf("\n", at);
    at = feed < 0 ? text.length + 1 : feed + 1;
    starts.push(at);
  }
  return starts;
}

function tooManyLinesIssue(): Issue {
  const text = `expected at most ${MAX_LINES} lines, found more`;
  return { line: MAX_LINES + 1, column: 1, field: null, code: "too_many_lines", text, raw: "" };
}

function orphanRowIssue(line: number, raw: string): Issue {
  const position = { line, column: 1, field: null, raw };
  if (raw.trimStart().startsWith(">")) return { ...position, code: "quoted_line", text: QUOTED_LINE };
  const text = "expected a Bonnie++ heading directly above this table row, found none";
  return { ...position, code: "bad_table", text };
}

// Kinds of lines, decided before a line is read. A line that looks like part of a result must become a result or an issue.

const TAB = 9;
const SPACE = 32;
const PLUS = 43;
const COMMA = 44;
const SEMICOLON = 59;
const LETTER_F = 102;
const LETTER_N = 110;

/** With this many separators (without spaces after them, or of any kind) a line is a damaged result: prose has fewer. */
const MIN_TIGHT_SEPARATORS = 8;
const MIN_SEPARATORS = 20;

const DATA_CHARACTERS = new Set([...",;0123456789+. \tuskmMgG"].map((character) => character.charCodeAt(0)));

/** Whether the line is a header that `-x 2` and above print, which has no numbers: a line that lost its line end may follow. */
function isHeader({ text, start, end }: Fields): boolean {
  const first = text.charCodeAt(start);
  if (first !== LETTER_N && first !== LETTER_F) return false;
  const isBegun =
    text.startsWith("name,file_size,putc", start) || text.startsWith("format_version,bonnie_version,name", start);
  return isBegun && !/[\d+]/.test(text.slice(start, end));
}

/**
 * Whether the line is a CSV line, damaged or not: it has many separators (commas, or the semicolons of a spreadsheet),
 * three plus signs in a row, or it is a fragment with nothing but numbers after its first separator. Takes one pass.
 */
function isAttempt({ text, start, end, count }: Fields): boolean {
  if (count > MIN_SEPARATORS) return true;
  let separators = 0;
  let tight = 0;
  let pluses = 0;
  let digits = 0;
  let onlyData = true;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    pluses = code === PLUS ? pluses + 1 : 0;
    if (pluses === 3) return true;
    if (code === COMMA || code === SEMICOLON) {
      separators += 1;
      const next = at + 1 < end ? text.charCodeAt(at + 1) : COMMA;
      if (next !== SPACE && next !== TAB) tight += 1;
      if (tight >= MIN_TIGHT_SEPARATORS || separators >= MIN_SEPARATORS) return true;
    } else if (separators > 0) {
      if (code >= 48 && code <= 57) digits += 1;
      if (!DATA_CHARACTERS.has(code)) onlyData = false;
    }
  }
  return tight > 0 && tight === separators && onlyData && digits > 0;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function isKeyCharacter(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 95 || code === 45 || code === 46;
}

function skipSpaces(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isOuterSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** A directive exactly as the contract writes it, up to the space before its value. */
const AS_WRITTEN = /^# [a-z][a-z0-9_.]*: $/;

/**
 * Parses a line that starts with `#` as a directive; null for any other comment. A known key may have any case and any
 * spaces around key and colon. An unknown key makes a directive, which is rejected later by name, only if it is written
 * exactly as the contract writes directives, `# hots: x`: people also write remarks and dates with colons.
 */
function parseDirective({ text, line, from, to, start, end }: Fields): Directive | null {
  const keyStart = skipSpaces(text, start + 1, end);
  let keyEnd = keyStart;
  while (keyEnd < end && isKeyCharacter(text.charCodeAt(keyEnd))) keyEnd += 1;
  const colon = skipSpaces(text, keyEnd, end);
  if (keyEnd === keyStart || colon === end || text[colon] !== ":") return null;
  const key = text.slice(keyStart, keyEnd).toLowerCase();
  if (!isKnownKey(key) && !AS_WRITTEN.test(text.slice(start, Math.min(colon + 2, end)))) return null;
  return {
    line,
    column: keyStart - from + 1,
    key,
    value: text.slice(colon + 1, end).trim(),
    raw: text.slice(from, to),
  };
}
