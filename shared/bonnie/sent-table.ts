// Tables in logs: every line of such a table has the log's prefix. In: the lines as received. Out: the lines as Bonnie++ printed
// them, for the table reader; and its result or issue again in terms of the lines as received. A table consists of lines of one
// writer only: logs of several containers or hosts mix the lines of their tables.

import type { Issue } from "../run/run.ts";
import { findInner, findLabel, makePrefix } from "./prefix.ts";
import type { BonnieResult, Prefix } from "./types.ts";

/** A line without what a log added. */
export interface CleanLine {
  /** Without spaces at its end. */
  readonly sent: string;
  /** Without the prefix of a log, and, if it is part of a heading or has only values, without a label. */
  readonly text: string;
  /** Number of characters that were removed in front, and how many of the last of them are spaces. */
  readonly removed: number;
  readonly spaces: number;
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
export function cleanLine(sent: string): CleanLine {
  const bare = sent.trimStart();
  const inner = findInner(bare);
  const end = inner === null ? bare.length : inner.end;
  const text = bare.slice(inner?.start ?? 0, end);
  const writer = inner?.writer ?? "";
  const [whole = "", label = ""] = LABEL.exec(text.trimStart()) ?? [];
  const labeled = writer + label;
  if (label !== "" && WITHOUT_NAME.test(text.trimStart().slice(whole.length))) {
    return { ...cut(sent, sent.indexOf(label) + label.length, end - bare.length), writer: labeled, labeled };
  }
  if (inner === null) return { sent, text: sent, removed: 0, spaces: 0, writer, labeled };
  return { ...cut(sent, sent.length - bare.length + inner.start, end - bare.length), writer, labeled };
}

/** A line without its first characters, the spaces after them, and as many characters at its end as `end` is below 0. */
function cut(sent: string, start: number, end: number): Pick<CleanLine, "sent" | "text" | "removed" | "spaces"> {
  const rest = sent.slice(start, sent.length + end);
  const text = rest.trimStart();
  const removed = start + rest.length - text.length;
  const spaces = removed - sent.slice(0, removed).trimEnd().length;
  return { sent, text: text.trimEnd(), removed, spaces };
}

/**
 * The text of a line in the table that begins with `head`; null for a line of another writer. A heading begins in the first column,
 * so that further spaces of the line are its own.
 */
export function tableText(line: CleanLine, head: CleanLine): string | null {
  if (line.writer !== head.writer && line.labeled !== head.writer) return null;
  return " ".repeat(indentOf(line, head)) + line.text;
}

function indentOf(line: CleanLine, head: CleanLine): number {
  return line.removed === 0 ? 0 : Math.max(0, line.spaces - head.spaces);
}

/** Gives a table, or the issue in it, the text and the columns as received. `lines` are its lines, by 1-based number. */
export function tableAsSent<T extends { readonly result: BonnieResult }>(
  table: T | Issue,
  lines: ReadonlyMap<number, CleanLine>,
): T | Issue {
  const [head] = lines.values();
  const isClean = head === undefined || [...lines.values()].every(({ removed }) => removed === 0);
  if (isClean) return "code" in table ? table : withPrefix(table, findLabelOf(table.result));
  const raw = [...lines.values()].map(({ sent }) => sent).join("\n");
  if ("code" in table) {
    const line = lines.get(table.line) ?? head;
    return { ...table, column: table.column + line.removed - indentOf(line, head), raw };
  }
  const { result } = table;
  const log = makePrefix("log", head.sent.slice(0, head.removed));
  return withPrefix({ ...table, result: { ...result, raw, printed: result.raw } }, findLabelOf(result) ?? log);
}

function findLabelOf({ setup }: BonnieResult): Prefix | null {
  const label = findLabel(setup.machine);
  return label === null ? null : makePrefix("label", label);
}

function withPrefix<T extends { readonly result: BonnieResult }>(table: T, prefix: Prefix | null): T {
  return prefix === null ? table : { ...table, result: { ...table.result, prefix } };
}
