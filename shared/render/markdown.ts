// A report in Markdown for GitHub: headings, tables, lists. In: a report. Out: Markdown in which all words are text and never
// markup: see `inline`.

import type { LabeledText, Report, Section, Table } from "../report/model.ts";
import { printable, printableLines } from "../run/text.ts";

/** The report in Markdown, ending in a line feed. */
export function markdown({ title, lead, guide, facts, notices, sections, cursor }: Report): string {
  const blocks = [
    `# ${inline(title)}`,
    inline(lead),
    ...(guide === null ? [] : [inline(guide)]),
    facts.map(({ label, text }) => `**${inline(label)}** ${inline(text)}`).join(", "),
    notices.map(item).join("\n"),
    ...sections.flatMap(sectionBlocks),
    ...(cursor === null ? [] : [`More results: pass ${codeSpan(`cursor=${printable(cursor)}`)}`]),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function sectionBlocks({ heading, table, texts, verbatim }: Section): string[] {
  return [
    `## ${inline(heading)}`,
    ...(table === null ? [] : [tableBlock(table)]),
    texts.map(item).join("\n"),
    ...(verbatim === null ? [] : [fenced(verbatim)]),
  ];
}

function tableBlock({ columns, rows }: Table): string {
  if (rows.length === 0) return "none";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ head }) => inline(head))),
    line(columns.map(({ side }) => (side === "right" ? "---:" : "---"))),
    ...rows.map((row) => line(row.map(({ text }) => inline(text)))),
  ].join("\n");
}

function item({ label, text, isWarning }: LabeledText): string {
  return `- ${isWarning ? "! " : ""}**${inline(label)}**: ${inline(text)}`;
}

/** What GitHub turns into links, mentions or images even where its characters are escaped. */
const LINKED = /@|:\/\/|www\.|#\d|\bGH-\d|:[a-z][\w+-]*:/i;

/**
 * Text as one line of Markdown that shows it verbatim, in a heading, a cell or a paragraph; a paragraph must not begin with
 * text from outside, which could be a list there. Words that would become links are put into a code span; in all others
 * every character that could be markup is escaped. An underscore inside a word is not markup.
 */
export function inline(text: string): string {
  return printable(text)
    .split(/([ |])/)
    .map((word) => (LINKED.test(word) ? codeSpan(word) : escapeWord(word)))
    .join("");
}

function escapeWord(word: string): string {
  return word
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[\\`*[\]|~$#]|_(?![a-z0-9])|(?<![a-z0-9])_/gi, "\\$&");
}

/** Text without a pipe, which would end a cell, as a code span. */
function codeSpan(text: string): string {
  const fence = "`".repeat(longestRun(text) + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

function fenced(text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}text`, ...printableLines(text), fence].join("\n");
}

/** The length of the longest run of backticks. */
function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
