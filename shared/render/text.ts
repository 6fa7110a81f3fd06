// A report as plain text for a terminal of 100 columns, or for a mail. In: a report. Out: lines of at most 100 characters, with
// aligned tables. Text from outside is made printable first.

import { capitalize } from "../report/format.ts";
import type { LabeledText, Report, Section, Table } from "../report/model.ts";
import { printable, printableLines } from "../run/text.ts";

const WIDTH = 100;
const INDENT = "    ";

/** The report as lines of at most 100 columns, ending in a line feed. A cursor is never broken, so that it can be copied. */
export function text({ title, lead, guide, facts, notices, sections, cursor }: Report): string {
  const about = facts.map(({ label, text: fact }) => `${label} ${fact}`).join(", ");
  return `${[
    ...underlined(title, "="),
    "",
    ...wrapLines(printable(lead), WIDTH),
    ...(guide === null ? [] : wrapLines(printable(guide), WIDTH)),
    ...(about === "" ? [] : wrapLines(printable(`${capitalize(about)}.`), WIDTH)),
    ...notices.flatMap(labeledLines),
    ...sections.flatMap(sectionLines),
    ...(cursor === null ? [] : ["", "More results: pass", `cursor=${printable(cursor)}`]),
  ].join("\n")}\n`;
}

function underlined(words: string, rule: "=" | "-"): string[] {
  const lines = wrapLines(printable(words), WIDTH);
  return [...lines, rule.repeat(Math.max(0, ...lines.map(({ length }) => length)))];
}

function sectionLines({ heading, table, texts, verbatim }: Section): string[] {
  return [
    "",
    ...underlined(heading, "-"),
    ...(table === null ? [] : tableLines(table)),
    ...texts.flatMap(labeledLines),
    ...(verbatim === null ? [] : printableLines(verbatim).flatMap((line) => wrapLines(line, WIDTH))),
  ];
}

function tableLines({ columns, rows }: Table): string[] {
  if (rows.length === 0) return ["none"];
  const cells = rows.map((row) => row.map((cell) => printable(cell.text)));
  return alignColumns(
    columns.map(({ side }) => side),
    [columns.map(({ head }) => head), ...cells],
  );
}

/** A wider cell overflows its column instead of widening it for all rows. */
const MAX_COLUMN = 40;

/**
 * Rows of cells as lines in which the cells of a column line up on the given side. A row that
 * is too long for one line continues on the next, indented.
 */
function alignColumns(sides: readonly ("left" | "right")[], rows: readonly (readonly string[])[]): string[] {
  const widths = sides.map((_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0).filter((length) => length <= MAX_COLUMN)),
  );
  const padded = (cell: string, column: number) =>
    sides[column] === "right" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.flatMap((row) => wrapLines(row.map(padded).join("  ").trimEnd(), WIDTH, INDENT));
}

function labeledLines({ label, text: words, isWarning }: LabeledText): string[] {
  return wrapLines(printable(`${isWarning ? "! " : ""}${label}: ${words}`), WIDTH, INDENT);
}

/** A space where a line may end: any but those between the digits of a number, such as `18 075`. */
const BREAK = /(?<!\d) | (?!\d{3}(?!\d))/;

/**
 * Text broken at spaces into lines of at most `width` characters; lines after the first begin with `indent`. A word
 * that fits on no line is cut into pieces. A number is one word, with the spaces between its digits.
 */
export function wrapLines(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(BREAK).flatMap((whole) => cutWord(whole, width - indent.length))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && line.trim() !== "" && longer.length > width) {
      lines.push(line.trimEnd());
      line = indent + word;
    } else {
      line = longer;
    }
  }
  lines.push(line.trimEnd());
  return lines;
}

function cutWord(word: string, max: number): string[] {
  const count = Math.max(1, Math.ceil(word.length / max));
  return Array.from({ length: count }, (_, index) => word.slice(index * max, (index + 1) * max));
}
