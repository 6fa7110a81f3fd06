// Lines of tables: a line of the upload without the marks of a quoted mail, or several that were one line before a mail
// program wrapped it; and their words. Wide rates push columns and web pages collapse spaces, so columns say little, and
// everything else reads words. Every word knows where in the upload it is.

import type { Issue } from "../run/run.ts";

/** A longer line is not part of a table; this bounds the work on hostile lines. */
export const MAX_WIDTH = 400;

/** What separates the words of a line. Copied from a web page these may be no-break spaces. */
export const SPACES = /[ \t\u00A0]+/g;

const WORD = /[^ \t\u00A0]+/g;

/** `> `, `>> ` and `| ` in front of each line of a quoted mail or page. */
const QUOTE_MARKS = /^(?:[ \t\u00A0]*[>|])+/;

/** What one line of the upload contributes to a table line. */
interface Part {
  /** 1-based number of the line in the upload. */
  readonly number: number;
  /** The line as received, without spaces at its end. */
  readonly raw: string;
  /** Where in the table line the text of this line begins, and how many characters of prefix and quote marks are before it. */
  readonly at: number;
  readonly shift: number;
}

/** A line as the tool printed it: without quote marks, and joined again if it was wrapped. */
export interface TableLine {
  readonly text: string;
  readonly parts: readonly [Part, ...Part[]];
}

/** A word of a table line; `at` and `end` are 0-based positions in its text. */
export interface Word {
  readonly line: TableLine;
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** A line of the upload without spaces at its end: as received, and without the `removed` characters that a log added in front. */
export interface SentLine {
  readonly sent: string;
  readonly text: string;
  readonly removed: number;
}

/** The table line in line `number` (1-based) of the upload; null if it is too long to be one. */
export function toTableLine(number: number, { sent, text, removed }: SentLine): TableLine | null {
  if (text.length > MAX_WIDTH) return null;
  const marks = QUOTE_MARKS.exec(text)?.[0].length ?? 0;
  return { text: text.slice(marks), parts: [{ number, raw: sent, at: 0, shift: removed + marks }] };
}

/** Joins two table lines, with `separator` between them. */
export function joinLines(first: TableLine, second: TableLine, separator: string): TableLine {
  const offset = first.text.length + separator.length;
  const moved = second.parts.map((part) => ({ ...part, at: part.at + offset }));
  return { text: first.text + separator + second.text, parts: [...first.parts, ...moved] };
}

/**
 * All ways to join wrapped lines: at each break, a space was lost or was not. Spaces in front of a piece may be the indentation of
 * a copy.
 */
export function joinings(lines: readonly TableLine[]): readonly TableLine[] {
  const [first, ...others] = lines;
  if (first === undefined) return [];
  return others.reduce<readonly TableLine[]>(
    (joined, next) => {
      const bare = withoutIndentation(next);
      return joined.flatMap((line) => [joinLines(line, next, bare === next ? " " : ""), joinLines(line, bare, "")]);
    },
    [first],
  );
}

function withoutIndentation(line: TableLine): TableLine {
  const text = line.text.replace(/^[ \t\u00A0]+/, "");
  const removed = line.text.length - text.length;
  if (removed === 0) return line;
  const [first, ...others] = line.parts;
  const moved = others.map((part) => ({ ...part, at: part.at - removed }));
  return { text, parts: [{ ...first, shift: first.shift + removed }, ...moved] };
}

export function splitWords(line: TableLine): Word[] {
  const words: Word[] = [];
  for (const match of line.text.matchAll(WORD)) {
    words.push({ line, at: match.index, end: match.index + match[0].length, text: match[0] });
  }
  return words;
}

/** The lines of the upload that the table lines come from, joined by line feeds. */
export function rawText(lines: readonly TableLine[]): string {
  return lines.flatMap(({ parts }) => parts.map(({ raw }) => raw)).join("\n");
}

/** The words of a line: the same for a line that was indented, wrapped, or copied from a page that collapses spaces. */
export function wordsOf({ text }: TableLine): string {
  return text.trim().replace(SPACES, " ");
}

/** The 1-based number of the line of the upload in which a table line begins. */
export function lineNumber({ parts: [first] }: TableLine): number {
  return first.number;
}

/** How many lines of the upload the table lines come from. */
export function countLines(lines: readonly TableLine[]): number {
  return lines.reduce((count, { parts }) => count + parts.length, 0);
}

/** An issue at a position of a table line. The reader of the table fills in the raw text. */
export function issueAt(line: TableLine, at: number, field: string | null, code: string, text: string): Issue {
  const part = line.parts.findLast((candidate) => candidate.at <= at) ?? line.parts[0];
  return { line: part.number, column: at - part.at + part.shift + 1, field, code, text, raw: "" };
}

/** An issue at a word. */
export function wordIssue({ line, at }: Word, field: string | null, code: string, text: string): Issue {
  return issueAt(line, at, field, code, text);
}

/** An issue with a whole table line. */
export function tableIssue(line: TableLine, text: string): Issue {
  return { line: lineNumber(line), column: 1, field: null, code: "bad_table", text, raw: "" };
}
