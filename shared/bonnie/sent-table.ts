// Tables in logs: every line of such a table has the log's prefix. In: the lines as received. Out: the lines as Bonnie++ printed
// them, for the table reader; and its result or issue again in terms of the lines as received. A table consists of lines of one
// writer only: logs of several containers or hosts mix the lines of their tables.

import type { Issue } from "../run/run.ts";
import { findInner, findLabel, makePrefix } from "./prefix.ts";
import type { BonnieResult, Prefix } from "./types.ts";

/** A line without what a log added. */
export interface CleanLine {
  /** Without the prefix of a log, and, if it is part of a heading or has only values, without a label. */
  readonly text: string;
  /** Number of characters that were removed in front. */
  readonly removed: number;
  /** What names the writer of the line; empty if nothing does. */
  readonly writer: string;
  /** The same with the label that the line may have. */
  readonly labeled: string;
}

/** A word with a colon in front of a line, as pdsh writes it. */
const LABEL = /^(\S{1,255}:)[ \t]+/;

/** Lines without a machine name in front: of a row with a name, the label may be part of the name. */
const WITHOUT_NAME = /^(?:Version |Concurrency |Machine |Name:Size|Latency |files|-{4,}|-Per Chr-|-Create--|[\d+])/;

/** Removes what a log added to a line without spaces at its end. */
export function cleanLine(line: string): CleanLine {
  const lead = line.length - line.trimStart().length;
  const bare = line.slice(lead);
  const inner = findInner(bare);
  const start = inner?.start ?? 0;
  const text = bare.slice(start, inner?.end ?? bare.length);
  const writer = inner?.writer ?? "";
  const [whole = "", label = ""] = LABEL.exec(text.trimStart()) ?? [];
  const rest = text.trimStart().slice(whole.length);
  if (label === "" || !WITHOUT_NAME.test(rest)) {
    const removed = inner === null ? 0 : lead + start;
    return { text: inner === null ? line : text.trimEnd(), removed, writer, labeled: writer + label };
  }
  return { text: rest.trimEnd(), removed: line.length - rest.length, writer: writer + label, labeled: writer + label };
}

/** Whether a line continues the table of a writer. */
export function isOfWriter(line: CleanLine, writer: string): boolean {
  return line.writer === writer || line.labeled === writer;
}

/** Gives a table, or the issue in it, the text and the columns as received. `sent` are its lines, by 0-based index. */
export function tableAsSent<T extends { readonly result: BonnieResult }>(
  table: T | Issue,
  sent: ReadonlyMap<number, string>,
): T | Issue {
  const isClean = [...sent.values()].every((line) => cleanLine(line).removed === 0);
  if (isClean) return "code" in table ? table : withPrefix(table, findLabelOf(table.result));
  const raw = [...sent.values()].join("\n");
  if ("code" in table) {
    const removed = cleanLine(sent.get(table.line - 1) ?? "").removed;
    return { ...table, column: table.column + removed, raw };
  }
  const [first = ""] = sent.values();
  const { result } = table;
  const log = makePrefix("log", first.slice(0, cleanLine(first).removed));
  return withPrefix({ ...table, result: { ...result, raw, printed: result.raw } }, findLabelOf(result) ?? log);
}

function findLabelOf({ setup }: BonnieResult): Prefix | null {
  const label = findLabel(setup.machine);
  return label === null ? null : makePrefix("label", label);
}

function withPrefix<T extends { readonly result: BonnieResult }>(table: T, prefix: Prefix | null): T {
  return prefix === null ? table : { ...table, result: { ...table.result, prefix } };
}
