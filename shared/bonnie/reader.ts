// The Bonnie++ reader. In: the text of an upload, whatever a client sent. Out: its results, the issues of lines that tried
// to be results, its directives, and counts of what was noise; every line ends up in exactly one of these. Reading never
// throws and takes time proportional to the length of the text. The formats are those of bonnie-formats.

import type { Issue } from "../model/issue.ts";
import { type Candidate, candidateOf, isOwnLine, isRepeated } from "./agreement.ts";
import { QUOTED_LINE, readCsv } from "./csv.ts";
import type { BonnieResult, Entry, Ignored, Reading } from "./types.ts";
import { fieldsOf, split } from "./fields.ts";
import { noRepeats } from "./repeats.ts";
import { directiveOf, isAttempt, isHeader } from "./shape.ts";
import { readTable, type Table } from "./table.ts";
import { isHeading, isTornRow, tableAt } from "./table-lines.ts";

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
