// Tables in logs: every line of such a table has the log's prefix. In: the lines as received. Out: the lines as Bonnie++ printed
// them, for the table reader. A table consists of lines of one writer only: logs of several containers or hosts mix the lines of
// their tables.

import { findInner, findLabel, makePrefix } from "./prefix.ts";
import type { SentLine } from "./table-lines.ts";
import type { BonnieResult } from "./types.ts";

/** A line without the prefix of a log, and, if it is part of a heading or has only values, without a label. */
export interface CleanLine extends SentLine {
  /** How many of the last removed characters are spaces. */
  readonly spaces: number;
  /** What names the writer of the line; empty if nothing does. */
  readonly writer: string;
  /** The same with the label that the line may have. */
  readonly labeled: string;
}

/** A word with a colon in front of a line, as pdsh writes it. */
const LABEL = /^(\S{1,255}:)[ \t\u00A0]+/;

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
 * A line in the table that begins with `head`; null for a line of another writer. A heading begins in the first column, so that
 * further spaces of the line are its own.
 */
export function tableLineOf(line: CleanLine, head: CleanLine): SentLine | null {
  if (line.writer !== head.writer && line.labeled !== head.writer) return null;
  const indent = line.removed === 0 ? 0 : Math.max(0, line.spaces - head.spaces);
  return { sent: line.sent, text: " ".repeat(indent) + line.text, removed: line.removed - indent };
}

/** The result of a table that begins with `head`, with what is in front of its lines or its name. */
export function withPrefix(result: BonnieResult, head: CleanLine | null): BonnieResult {
  const label = findLabel(result.setup.machine);
  if (label !== null) return { ...result, prefix: makePrefix("label", label) };
  if (head === null || head.removed === 0) return result;
  return { ...result, prefix: makePrefix("log", head.sent.slice(0, head.removed)) };
}
