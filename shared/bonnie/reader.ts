// The Bonnie++ reader. In: the text of an upload, whatever a client sent. Out: its results, the issues of lines that tried
// to be results, its directives, and counts of what was noise; every line ends up in exactly one of these. Reading never
// throws and takes time proportional to the length of the text. The formats are those of bonnie-formats.

import { isKnownKey } from "../run/facts.ts";
import type { BonnieSetup, Issue, Measurement } from "../run/run.ts";
import { QUOTED_LINE, readCsv } from "./csv.ts";
import { type Fields, fieldsOf, isOuterBlank, MAX_FIELDS, split } from "./fields.ts";
import type { Layout } from "./layouts.ts";
import { isHeading, isTornRow, readTable, type Table, tableAt } from "./table.ts";
import type { BonnieResult, Directive, Entry, Ignored, Reading } from "./types.ts";
import { type Candidate, candidateOf, isOwnLine, isRepeated } from "./validity.ts";

// Repeats: the runs of one host differ in little but their rates. What a line says again after the line before it is
// neither read nor stored again: it gets the same objects, which saves a quarter of the memory of a typical upload.

/** What earlier lines of the upload said last. */
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
 * Stands for the last censored measurement where there is none: it is like no other. Being the first measurement made, with
 * a rate of null, it also keeps the engine from taking rates for numbers only, which it would box, 16 bytes each.
 */
const NONE_CENSORED: Measurement = { rate: null, cpu: null, latency_us: null, censored: false };

/** Nothing said yet. */
function noRepeats(): Repeats {
  return {
    setup: null,
    layout: null,
    starts: new Int32Array(MAX_FIELDS + 1),
    ends: new Int32Array(MAX_FIELDS + 1),
    censored: NONE_CENSORED,
  };
}

/** Remembers the setup that was read from a line. */
export function rememberSetup(repeats: Repeats, fields: Fields, layout: Layout, setup: BonnieSetup): void {
  repeats.setup = setup;
  repeats.layout = layout;
  repeats.starts.set(fields.starts);
  repeats.ends.set(fields.ends);
}

/** The last setup where the line has the same one but for the seed: all fields that are part of it are the same text. */
export function repeatedSetup(repeats: Repeats, fields: Fields, layout: Layout): BonnieSetup | null {
  if (layout !== repeats.layout) return null;
  for (const index of layout.setup) if (!isSameText(repeats, fields, index)) return null;
  return repeats.setup;
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

// Shapes: what kind of line it is, before it is read. A line that looks like part of a result must be read or become an
// issue; everything else is noise. Source: bonnie-formats.md, section 8; docs/api.md#post-results (`# key: value`).

const TAB = 9;
const BLANK = 32;
const PLUS = 43;
const COMMA = 44;
const SEMICOLON = 59;
const LETTER_F = 102;
const LETTER_N = 110;

/** Separators from which on a line is a damaged result: tight ones, or of any kind (prose has fewer). */
const TIGHT_SEPARATORS = 8;
const SEPARATORS = 20;

const DATA_CHARACTERS = new Set([...",;0123456789+. \tuskmMgG"].map((character) => character.charCodeAt(0)));

/** Whether the line is a header that `-x 2` and above print. */
function isHeader({ text, start }: Fields): boolean {
  const first = text.charCodeAt(start);
  if (first !== LETTER_N && first !== LETTER_F) return false;
  return text.startsWith("name,file_size,putc", start) || text.startsWith("format_version,bonnie_version,name", start);
}

/**
 * Whether the line, read or not, tries to be a CSV line: it has the fields of a layout, many separators (commas, or the
 * semicolons of a spreadsheet), three plus signs in a row, or it is a fragment: nothing but numbers behind its first
 * separator. Takes one pass.
 */
function isAttempt({ text, start, end, count }: Fields): boolean {
  if (count > SEPARATORS) return true;
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
      if (next !== BLANK && next !== TAB) tight += 1;
      if (tight >= TIGHT_SEPARATORS || separators >= SEPARATORS) return true;
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

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isOuterBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** A directive as the contract writes it, up to the blank before its value. */
const AS_WRITTEN = /^# [a-z][a-z0-9_.]*: $/;

/**
 * A line that starts with `#` as a directive; null for any other comment. With a known key it is one in any case and with
 * any blanks around key and colon. With an unknown key it is one, to be refused by name, only where it is written just as
 * the contract writes directives, `# hots: x`: people write remarks and dates with colons as well.
 */
function directiveOf({ text, line, from, to, start, end }: Fields): Directive | null {
  const keyStart = skipBlanks(text, start + 1, end);
  let keyEnd = keyStart;
  while (keyEnd < end && isKeyCharacter(text.charCodeAt(keyEnd))) keyEnd += 1;
  const colon = skipBlanks(text, keyEnd, end);
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

/** Goes up whenever the same text may read differently, so that stored runs can be read again. */
export const PARSER_VERSION = 3;

/** Lines an upload may have (docs/api.md#post-results). */
export const MAX_LINES = 10_000;

/** The tables among the entries, until the end of the upload: a CSV line that says the same may come after its table. */
type Tables = Map<Entry, { readonly table: Table; readonly lineCount: number }>;

/**
 * Reads an upload.
 * - A CSV line, or an attempt at one, is a result or one issue: its first fault from the left.
 * - A text table is a result only where no CSV result of the upload agrees with it; else its lines count as ignored. One
 *   whose own CSV line comes next and is damaged is an issue: the whole line, sent later, would be a second run.
 * - An upload of more than `MAX_LINES` lines is not read: its only entry is an issue `too_many_lines`.
 */
export function readBonnie(text: string): Reading {
  const ignored: Ignored = { blank: 0, header: 0, comment: 0, table: 0, other: 0 };
  const starts = lineStarts(text);
  if (starts === null) return { entries: [{ kind: "issue", issue: tooManyLines() }], ignored };
  const lineCount = starts.length - 1;
  const entries: Entry[] = [];
  const tables: Tables = new Map();
  const fields = fieldsOf(text);
  const repeats = noRepeats();

  for (let index = 0; index < lineCount; index += 1) {
    fields.line = index + 1;
    split(fields, starts[index] ?? 0, (starts[index + 1] ?? 0) - 1);
    if (fields.start === fields.end) ignored.blank += 1;
    else if (text[fields.start] === "#") {
      const directive = directiveOf(fields);
      if (directive === null) ignored.comment += 1;
      else entries.push({ kind: "directive", ...directive });
    } else if (isHeader(fields)) ignored.header += 1;
    else if (isAttempt(fields) && (fields.count > 1 || !isTornRow(lineAt(index) ?? ""))) {
      const read = readCsv(fields, repeats);
      entries.push("code" in read ? { kind: "issue", issue: read } : { kind: "result", result: read });
    } else {
      const found = tableAt(index, lineAt);
      if (found === null) readOther(index);
      else {
        const table = readTable(found);
        if ("code" in table) entries.push({ kind: "issue", issue: table });
        else {
          const entry: Entry = { kind: "result", result: table.result };
          entries.push(entry);
          tables.set(entry, { table, lineCount: found.lines.length });
        }
        ignored.blank += found.next - index - found.lines.length;
        index = found.next - 1;
      }
    }
  }
  return { entries: withTablesSettled(entries, tables, ignored), ignored };

  /** A line without blanks at its end, for tables; null behind the last. */
  function lineAt(index: number): string | null {
    if (index >= lineCount) return null;
    const line = text.slice(starts?.[index], (starts?.[index + 1] ?? 0) - 1).trimEnd();
    return line.startsWith("\uFEFF") ? line.slice(1) : line;
  }

  /** A line that starts no table: a row torn from one is an issue, the rest is noise. */
  function readOther(index: number): void {
    const line = lineAt(index) ?? "";
    if (isTornRow(line)) entries.push({ kind: "issue", issue: tornRow(index + 1, line) });
    else if (isHeading(line)) ignored.table += 1;
    else ignored.other += 1;
  }
}

/** The entries without the tables that a CSV result repeats, and with an issue for those whose own line is damaged. */
function withTablesSettled(entries: readonly Entry[], tables: Tables, ignored: Ignored): readonly Entry[] {
  if (tables.size === 0) return entries;
  const candidates: Candidate[] = [];
  for (const entry of entries) {
    if (entry.kind === "result" && !tables.has(entry)) candidates.push(candidateOf(entry.result));
  }
  const settled: Entry[] = [];
  let next: Entry | null = null;
  for (const entry of entries.toReversed()) {
    const found = tables.get(entry);
    if (found !== undefined && isRepeated(found.table, candidates)) ignored.table += found.lineCount;
    else if (found !== undefined && next?.kind === "issue" && isOwnLine(found.table, next.issue.raw)) {
      settled.push({ kind: "issue", issue: heldBack(found.table.result, next.issue) });
    } else settled.push(entry);
    if (entry.kind !== "directive") next = entry;
  }
  return settled.toReversed();
}

function heldBack({ line, raw }: BonnieResult, { line: damaged, code }: Issue): Issue {
  const text = `expected this table's own CSV line whole, found it damaged at line ${damaged} (${code}); the table is set aside, lest the run count twice when the line is sent again`;
  return { line, column: 1, field: null, code: "csv_line_damaged", text, raw };
}

/** The offset of every line, and one behind the last; null for more than `MAX_LINES` lines. */
function lineStarts(text: string): number[] | null {
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

function tooManyLines(): Issue {
  const text = `expected at most ${MAX_LINES} lines, found more`;
  return { line: MAX_LINES + 1, column: 1, field: null, code: "too_many_lines", text, raw: "" };
}

function tornRow(line: number, raw: string): Issue {
  const place = { line, column: 1, field: null, raw };
  if (raw.trimStart().startsWith(">")) return { ...place, code: "quoted_line", text: QUOTED_LINE };
  const text = "expected a heading of Bonnie++ right above this row of a table, one for each row, found none";
  return { ...place, code: "bad_table", text };
}
