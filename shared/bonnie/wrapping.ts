// Wrapped lines: mail programs, `fold` and `fmt` break a long CSV line into several. In: neighboring lines of an upload that
// are no results. Out: the lines that they were, where exactly one way to join all of them gives valid lines; and one issue for
// each run where not. A join is checked by reading it. Lines that are valid alone, blank lines, comments and quoted lines end a
// block, and a block is joined as a whole or not at all: a piece that is left over shows that another one is missing, so that
// the pieces of two runs may be neighbors.
// Sources: bonnie-formats.md, section 8; RFC 3676 (format=flowed); RFC 2045, section 6.7 (quoted-printable).

import type { Issue } from "../run/run.ts";
import { quoted } from "../run/text.ts";
import { emptyRepeats, readCsv } from "./csv.ts";
import { emptyFields, type Fields, fieldAt, fieldEnd, fieldStart, isControl, splitLine } from "./fields.ts";
import { V1, V2_48, V2_50 } from "./layouts.ts";
import { findLogPrefix } from "./prefix.ts";
import type { BonnieResult, Entry } from "./types.ts";

/** A line is joined of at most this many pieces. */
const MAX_PIECES = 12;

/** A joined line has at most this many characters; real ones have at most 400, and a prefix. */
const MAX_JOINED = 1_024;

/** What the reader knows about the lines of the upload. All indexes are 0-based. */
export interface Lines {
  /** A line as received, without its line end; null after the last. */
  readonly sentAt: (index: number) => string | null;
  /** What the line is alone: a result or the issue of a damaged CSV line; null for anything else, also for a header. */
  readonly readAlone: (index: number) => BonnieResult | Issue | null;
}

/** What became of a block of lines; `next` is the index of the line after it. */
export interface Block {
  readonly entries: readonly Entry[];
  readonly next: number;
  /** How many lines before the first one belong to it: they looked like text. */
  readonly before: number;
  /** How many of its lines are in no entry, because they look like text. */
  readonly other: number;
}

/** One line of a block. */
interface Piece {
  readonly index: number;
  readonly text: string;
  /** Number of commas. */
  readonly commas: number;
  readonly sent: string;
  /** The issue of the line alone; null for a line that looks like text. */
  readonly issue: Issue | null;
}

/**
 * Reads the block of pieces around line `first`, a damaged CSV line. At most `before` lines in front of it, which were taken
 * for text, may belong to it. Null if it is no piece of a wrapped line, or alone: its own issue is the right one then.
 */
export function readWrapped(first: number, before: number, lines: Lines): Block | null {
  const start = pieceAt(lines, first);
  if (start === null || !isPiece(start.text)) return null;
  const front = piecesBefore(lines, first, Math.min(before, MAX_PIECES - 1));
  const block = piecesFrom(lines, start);
  const wide = piecesWithName(lines, front, start);
  for (const pieces of wide === null ? [block] : [wide, block]) {
    const joined = joinAll(front, pieces);
    if (joined !== null) return joined;
  }
  return block.length === 1 ? null : nameRuns(block);
}

// Pieces: which lines may be parts of a wrapped one.

/** A line as a piece; null for one that ends a block. */
function pieceAt({ sentAt, readAlone }: Lines, index: number): Piece | null {
  const sent = sentAt(index);
  if (sent === null || sent.length > MAX_JOINED) return null;
  const text = sent.trim();
  if (text === "" || text.startsWith("#") || text.startsWith(">") || hasControl(text)) return null;
  const alone = readAlone(index);
  if (alone !== null && !("code" in alone)) return null;
  return { index, text, commas: countCommas(text), sent, issue: alone };
}

/** Escape sequences color the prefixes of some logs. */
const ESCAPE = 27;

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isControl(code) && code !== ESCAPE) return true;
  }
  return false;
}

function countCommas(text: string): number {
  let count = 0;
  for (let at = text.indexOf(","); at >= 0; at = text.indexOf(",", at + 1)) count += 1;
  return count;
}

/** The format version that a v2 line begins with, the same after a prefix, and the beginning of one. */
const VERSION = /^1\.9\d[a-d]?,/;
const LABELED_VERSION = /[\s:|]1\.9\d[a-d]?,/;
const TORN_VERSION = /^1(?:\.(?:9(?:\d[a-d]?)?)?)?$/;

/** Only a prefix, a machine name and a seed have spaces: none is after the first comma of a v1 line. */
function isPiece(text: string): boolean {
  return VERSION.test(text) || !/\s/.test(text.slice(text.indexOf(",") + 1)) || LABELED_VERSION.test(text);
}

/** Numbers, plus signs, and the letters of units and of `link`: a piece that need not have a comma. */
const DATA = /^[\d+.,:/MGkmguslinky=]+$/;

/** The piece and those directly below it. */
function piecesFrom(lines: Lines, start: Piece): Piece[] {
  const pieces = [start];
  for (let index = start.index + 1; ; index += 1) {
    const piece = pieceAt(lines, index);
    if (piece === null || !isPiece(piece.text) || (piece.issue === null && !DATA.test(piece.text))) return pieces;
    pieces.push(piece);
  }
}

/** The lines directly above, from the first that may begin a line: they were taken for text. */
function piecesBefore(lines: Lines, first: number, count: number): Piece[] {
  const pieces: Piece[] = [];
  for (let index = first - 1; index >= first - count; index -= 1) {
    const piece = pieceAt(lines, index);
    if (piece === null) break;
    pieces.unshift(piece);
  }
  const start = pieces.findIndex(({ text }) => mayBegin(text));
  return start < 0 ? [] : pieces.slice(start);
}

/** Whether a line that was taken for text may be the first piece: a version of v2, whole or not, or the name of v1. */
function mayBegin(text: string): boolean {
  return VERSION.test(text) || TORN_VERSION.test(text) || LABELED_VERSION.test(text) || /^[^,]+,$/.test(text);
}

/** In a v2 line, the fields up to this one contain free text. */
const LAST_FREE_COMMA = V2_48.seed + 1;

/** The pieces with the lines of any text between them, where a machine name or a seed may be; null if there is no such line. */
function piecesWithName(lines: Lines, front: readonly Piece[], start: Piece): Piece[] | null {
  const pieces = [start];
  let commas = [...front, start].reduce((sum, piece) => sum + piece.commas, 0);
  let hasText = false;
  for (let index = start.index + 1; pieces.length < 2 * MAX_PIECES; index += 1) {
    const piece = pieceAt(lines, index);
    if (piece === null) break;
    if (piece.issue === null && !DATA.test(piece.text)) {
      if (commas > LAST_FREE_COMMA) break;
      hasText = true;
    }
    commas += piece.commas;
    pieces.push(piece);
  }
  return hasText ? pieces : null;
}

// Joins.

/** The first pieces of some, as one line of the upload: joined, joined in one of several ways, or whole but invalid. */
interface Part {
  readonly length: number;
  readonly kind: "joined" | "ambiguous" | "invalid";
  /** Of a joined line. */
  readonly result: BonnieResult | null;
}

/** How the pieces from one on can be divided into parts: in no way, in one, or in several. */
type Division = "none" | "several" | "end" | Part;

/** Joins all pieces of a block; null if there is not exactly one way. Lines in front of it are used if it needs them. */
function joinAll(front: readonly Piece[], block: readonly Piece[]): Block | null {
  const pieces = [...front, ...block];
  const divisions: Division[] = [];
  divisions[pieces.length] = "end";
  for (let at = pieces.length - 1; at >= 0; at -= 1) {
    const parts = partsFrom(pieces, at, front.length).filter(({ length }) => divisions[at + length] !== "none");
    // A line with all its fields and a valid joined line: the second cannot be chance.
    const joined = parts.filter(({ kind }) => kind !== "invalid");
    const [part] = joined.length > 0 ? joined : parts;
    if (part === undefined) divisions[at] = "none";
    else divisions[at] = joined.length > 1 || divisions[at + part.length] === "several" ? "several" : part;
  }
  const starts = [...divisions.keys()].filter((at) => at <= front.length && divisions[at] !== "none");
  const [start] = starts;
  const isOne = starts.length === 1 || (starts.length === 2 && isInvalid(divisions[front.length]));
  if (start === undefined || !isOne) return null;
  // "vm101," above "vm102,": either may be the first piece.
  if (start < front.length && pieces.slice(0, start).some(({ text }) => mayBegin(text))) return null;
  const entries: Entry[] = [];
  let isJoined = false;
  let at = start;
  while (at < pieces.length) {
    const part = divisions[at];
    if (part === undefined || typeof part === "string") return null;
    const used = pieces.slice(at, at + part.length);
    entries.push(entryOf(part, used));
    if (part.kind !== "invalid") isJoined = true;
    at += part.length;
  }
  if (!isJoined) return null;
  return { entries, next: (pieces.at(-1)?.index ?? 0) + 1, before: front.length - start, other: 0 };
}

function isInvalid(division: Division | undefined): boolean {
  return typeof division === "object" && division.kind === "invalid";
}

function entryOf({ kind, result }: Part, pieces: readonly Piece[]): Entry {
  const issue = pieces[0]?.issue ?? null;
  if (kind === "invalid" && issue !== null) return { kind: "issue", issue };
  if (result === null) return { kind: "issue", issue: wrappedIssue(pieces, AMBIGUOUS) };
  const raw = rawOf(pieces);
  return { kind: "result", result: { ...result, line: lineOf(pieces), raw, printed: result.printed ?? result.raw } };
}

const AMBIGUOUS = "which can be joined in more than one way";
const INVALID = "which do not give a valid line when joined";

/** The issue that the pieces of one run cannot be joined. */
function wrappedIssue(pieces: readonly Piece[], reason: string): Issue {
  const text = `expected a result in one line, found ${pieces.length} pieces of a wrapped one, beginning with ${quoted(pieces[0]?.text ?? "")}, ${reason}; send the file itself, with --data-binary @FILE, or attach it to the mail instead of pasting it`;
  return { line: lineOf(pieces), column: 1, field: null, code: "wrapped_line", text, raw: rawOf(pieces) };
}

const lineOf = (pieces: readonly Piece[]): number => (pieces[0]?.index ?? 0) + 1;

/** The pieces as received, without what is around them. */
function rawOf(pieces: readonly Piece[]): string {
  return pieces
    .map(({ sent }) => sent)
    .join("\n")
    .trim();
}

/** The numbers of commas of whole lines; the prefix of a log may have two more. */
const WHOLE = new Set(
  [V1.columns.length, V2_48.columns.length - 1, V2_48.columns.length, V2_50.columns.length].flatMap((count) => [
    count - 1,
    count,
    count + 1,
  ]),
);

/** The ways to take the first part of the pieces from `at` on, which must reach beyond the piece before `minimum`. */
function partsFrom(pieces: readonly Piece[], at: number, minimum: number): Part[] {
  const first = pieces[at];
  if (first === undefined) return [];
  if (at < minimum && !mayBegin(first.text)) return [];
  const parts: Part[] = [];
  if (at >= minimum && isWhole(first)) parts.push({ length: 1, kind: "invalid", result: null });
  // Of a line that was wrapped in its first field, only the version of v2 is recognized; the name of v1 may be any text.
  if (first.commas === 0 && !TORN_VERSION.test(first.text)) return parts;
  const joined: Part[] = [];
  let [commas, characters] = [0, 0];
  for (let length = 1; length <= Math.min(MAX_PIECES, pieces.length - at); length += 1) {
    const piece = pieces[at + length - 1];
    commas += piece?.commas ?? 0;
    characters += piece?.text.length ?? 0;
    if (characters > MAX_JOINED) break;
    if (length === 1 || at + length <= minimum || !WHOLE.has(commas)) continue;
    const part = joinSafely(pieces.slice(at, at + length));
    if (part !== null) joined.push(part);
  }
  const longest = joined.at(-1);
  if (longest === undefined) return parts;
  // Two lengths are valid if a last number, or what may be the rest of it, is in a line of its own.
  parts.push(joined.length === 1 ? longest : { length: longest.length, kind: "ambiguous", result: null });
  return parts;
}

/** Whether a damaged line has all its fields: what is wrong is in one of them. */
function isWhole({ text, commas, issue }: Piece): boolean {
  if (issue === null) return false;
  return WHOLE_V2.has(commas) || (commas === V1.columns.length - 1 && !VERSION.test(text));
}

const WHOLE_V2 = new Set([V2_48.columns.length - 1, V2_50.columns.length - 1]);

/** Joins pieces; ambiguous if one of them, such as the number that a progress meter prints, need not belong to the line. */
function joinSafely(pieces: readonly Piece[]): Part | null {
  const part = join(pieces);
  if (part === null) return null;
  const inner = [...pieces.keys()].slice(1, -1).filter((index) => pieces[index]?.commas === 0);
  const isNeeded = inner.every((index) => join(pieces.toSpliced(index, 1)) === null);
  return isNeeded ? part : { length: pieces.length, kind: "ambiguous", result: null };
}

/** Joins pieces to one line and reads it; null if it is not valid. */
function join(pieces: readonly Piece[]): Part | null {
  let text = "";
  const breaks: { readonly at: number; readonly isSoft: boolean }[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) breaks.push({ at: text.length - Number(text.endsWith("=")), isSoft: text.endsWith("=") });
    // Quoted-printable: a line end after = is not part of the text.
    text = (text.endsWith("=") ? text.slice(0, -1) : text) + piece.text;
  }
  if (breaks.some(({ isSoft }) => isSoft) && ENCODED.test(text)) return null;
  const fields = emptyFields(text);
  splitLine(fields, 0, text.length);
  const result = readCsv(fields, emptyRepeats());
  if ("code" in result || result.warnings.some((warning) => warning.startsWith("impossible_cpu:"))) return null;
  if (pieces[0]?.commas === 0 && result.setup.format === "v1") return null;
  // A log wrote its prefix in front of each piece.
  if (findLogPrefix(`${result.setup.machine},`) !== null) return null;
  if (breaks.some(({ at }) => at < fields.start)) return null;
  const isAmbiguous = breaks.some(({ at, isSoft }) => !isSoft && mayHaveSpace(fields, at));
  const { length } = pieces;
  return isAmbiguous ? { length, kind: "ambiguous", result: null } : { length, kind: "joined", result };
}

/** A character as quoted-printable encodes it. */
const ENCODED = /=[\dA-F]{2}/;

/** Whether a space may have been where the line was wrapped: inside a machine name, or a seed that is the name of a file. */
function mayHaveSpace(fields: Fields, at: number): boolean {
  const index = fieldAt(fields, at);
  if (at <= fieldStart(fields, index) || at >= fieldEnd(fields, index) || fields.count <= V1.columns.length)
    return false;
  return index === V2_48.machine || (index === V2_48.seed && !/^\d\d$/.test(fields.text.slice(at - 1, at + 1)));
}

// Runs that cannot be joined.

/** How a v1 line begins: a name that is no number, and a file size; or an empty name. */
const V1_BEGIN = /^(?:[^,]*[^\d+.,][^,]*,(?:\d+[MG]?(?::\d*[kmKM]?)?)?(?:,|$)|,\d+[MG][:,])/;

/** No line has more commas. */
const MAX_COMMAS = V2_50.columns.length - 1;

const begins = (text: string): boolean => {
  return VERSION.test(text) || V1_BEGIN.test(text) || LABELED_VERSION.test(text) || findLogPrefix(text) !== null;
};

/** Names the runs of a block that cannot be joined: one issue for the pieces of each, or the line's own if it is not torn. */
function nameRuns(block: readonly Piece[]): Block {
  const runs: Piece[][] = [];
  let commas = 0;
  for (const piece of block) {
    const isNew = commas + piece.commas > MAX_COMMAS || begins(piece.text) || isWhole(piece);
    commas = isNew ? piece.commas : commas + piece.commas;
    if (isNew || runs.length === 0) runs.push([piece]);
    else runs.at(-1)?.push(piece);
    // Nothing belongs to a line that is whole.
    if (isWhole(piece)) commas = MAX_COMMAS + 1;
  }
  const entries: Entry[] = [];
  let other = 0;
  for (const run of runs) {
    const [only] = run;
    if (run.length > 1) entries.push({ kind: "issue", issue: wrappedIssue(run, INVALID) });
    else if (only === undefined || only.issue === null) other += run.length;
    else entries.push({ kind: "issue", issue: only.issue });
  }
  return { entries, next: (block.at(-1)?.index ?? 0) + 1, before: 0, other };
}

// A line that is valid alone although its end is torn off.

/** The longest end of a line that looks whole without it, with spaces and line end: a latency. */
export const MAX_TORN_END = 16;

/** A %CP of one thread has at most three digits; see `impossible_cpu`. */
const MAX_TORN_CPU = 110;

/**
 * The issue that a valid line may lack its end, because the next line has nothing but what may be the rest of its last number, or
 * the latency that it does not have; null if it has not. Which of both is true cannot be seen: `echo $?` prints a number, too.
 */
export function findTornEnd({ line, setup, metrics }: BonnieResult, sent: string, next: string): Issue | null {
  const [text, end] = [sent.trim(), next.trim()];
  const { ran_delete: last } = metrics;
  if (last === null) return null;
  const isTorn =
    setup.format === "v1"
      ? last.cpu !== null && /^\d{1,2}$/.test(end) && last.cpu > 0 && Number(`${last.cpu}${end}`) <= MAX_TORN_CPU
      : text.endsWith(",") && /^[1-9]\d{0,8}[um]?s?$/.test(end);
  if (!isTorn) return null;
  const pieces = [sent, next].map((piece, index) => {
    return { index: line - 1 + index, text: piece.trim(), sent: piece, commas: 0, issue: null };
  });
  return wrappedIssue(pieces, AMBIGUOUS);
}
