// A report as text for a terminal of 100 columns, and for a mail.

import type { Remark, Report, Section, Table } from "../report/model.ts";
import { printable, printableLines } from "../run/text.ts";
import { wrapped } from "./wrap.ts";

/** A wider cell sticks out of its column instead of widening it for all rows. */
const WIDEST = 40;

/**
 * Rows of cells as lines of at most `width` characters in which the cells of a column line up on the given side. A row that
 * is too long for one line goes on in the next, indented.
 */
function columns(sides: readonly ("left" | "right")[], rows: readonly (readonly string[])[], width: number): string[] {
  const widths = sides.map((_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0).filter((length) => length <= WIDEST)),
  );
  const padded = (cell: string, column: number) =>
    sides[column] === "right" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.flatMap((row) => wrapped(row.map(padded).join("  ").trimEnd(), width, "    "));
}

const WIDTH = 100;
const INDENT = "    ";

/** The report as lines of at most 100 columns, ending in a line feed. A cursor is never broken, so that it can be copied. */
export function text({ title, lead, guide, facts, notices, sections, cursor }: Report): string {
  const about = facts.map(({ label, text: fact }) => `${label} ${fact}`).join(", ");
  return `${[
    ...underlined(title, "="),
    "",
    ...wrapped(printable(lead), WIDTH),
    ...(guide === null ? [] : wrapped(printable(guide), WIDTH)),
    ...(about === "" ? [] : wrapped(printable(`${about.charAt(0).toUpperCase()}${about.slice(1)}.`), WIDTH)),
    ...notices.flatMap(remarkLines),
    ...sections.flatMap(sectionLines),
    ...(cursor === null ? [] : ["", "There are more: ask with", `cursor=${printable(cursor)}`]),
  ].join("\n")}\n`;
}

function underlined(words: string, rule: "=" | "-"): string[] {
  const lines = wrapped(printable(words), WIDTH);
  return [...lines, rule.repeat(Math.max(0, ...lines.map(({ length }) => length)))];
}

function sectionLines({ heading, table, remarks, verbatim }: Section): string[] {
  return [
    "",
    ...underlined(heading, "-"),
    ...(table === null ? [] : tableLines(table)),
    ...remarks.flatMap(remarkLines),
    ...(verbatim === null ? [] : printableLines(verbatim).flatMap((line) => wrapped(line, WIDTH))),
  ];
}

function tableLines({ columns: heads, rows }: Table): string[] {
  if (rows.length === 0) return ["none"];
  const cells = rows.map((row) => row.map((cell) => printable(cell.text)));
  return columns(
    heads.map(({ side }) => side),
    [heads.map(({ head }) => head), ...cells],
    WIDTH,
  );
}

function remarkLines({ label, text: words, isWarning }: Remark): string[] {
  return wrapped(printable(`${isWarning ? "! " : ""}${label}: ${words}`), WIDTH, INDENT);
}
