// Finding tables: the lines of an upload that belong to one table, whatever became of them. In: the lines of the upload. Out:
// the halves of a table with their rows, or the parts of a heading whose table cannot be read. Every heading and all that
// follows it ends up in exactly one of these, so that no table vanishes. Source: bonnie-formats.md, section 4.

import {
  FILES_HEAD,
  FILES_HEADINGS,
  type Heading,
  IO_HEAD,
  IO_HEADINGS,
  isHeadingPart,
  isHeadingPiece,
  matchHeading,
  squeeze,
} from "./headings.ts";
import {
  type FoundLine,
  findLatencies,
  findRow,
  type HalfKind,
  isLatencies,
  isOrphanRow,
  isRowStart,
  isValuesPiece,
  mayBeRow,
  readRow,
} from "./rows.ts";
import { joinLines, MAX_WIDTH, type SentLine, type TableLine, toTableLine } from "./table-lines.ts";

/** A row and the latencies under it. */
export interface FoundRow {
  readonly kind: HalfKind;
  readonly row: FoundLine;
  readonly latencies: FoundLine | null;
}

/** One half of a table. Fields that it does not print are null. */
export interface Half {
  readonly kind: HalfKind;
  readonly headings: readonly [TableLine, ...TableLine[]];
  readonly version: string | null;
  /** From the second heading line of the half with the file tests. */
  readonly machine: string | null;
  /** From the second heading line of 1.92b to 1.97. */
  readonly concurrency: string | null;
  /** The converter prints several rows under one heading. Empty where the heading is not followed by a row. */
  readonly rows: readonly FoundRow[];
}

/** A table in the upload, not yet read. */
export interface FoundTable {
  readonly io: Half | null;
  readonly files: Half | null;
  /** Parts of headings and rows within the table that could not be put together. If there are any, it is not read. */
  readonly rest: readonly TableLine[];
  /** All lines of the table as they are in the upload. */
  readonly lines: readonly [TableLine, ...TableLine[]];
  /** The 0-based index of the line after it. */
  readonly next: number;
}

/** A heading line of 79 characters wrapped after 10 has eight pieces. */
const MAX_HEADING_PIECES = 8;
/** A damaged row of 79 characters wrapped after 20, and its latencies. */
const MAX_BETWEEN = 12;
/** A line with more is a CSV line. */
const MAX_COMMAS = 8;
/** Bounds the lines that one issue names. */
const MAX_REST = 60;

/** What the beginning of every table contains, to reject other lines quickly. */
const TABLE_SIGN = /--|%CP|K\/sec|-Per|Version/;

/** What only the headings above the tests of the big file contain. */
const OF_BIG_FILE = /Output|-Rewrite-|-Seeks-|Machine +Size|Name:Size/;

/**
 * Finds the table that starts at line `first` (0-based); null if there is none. `lineAt` returns a line, null after the last one. Blank lines within a table are skipped.
 */
export function findTable(first: number, lineAt: (index: number) => SentLine | null): FoundTable | null {
  const start = lineAt(first)?.text ?? "";
  if (start.length > MAX_WIDTH || !TABLE_SIGN.test(start)) return null;
  const lines: TableLine[] = [];
  const seen = new Map<number, TableLine | null>();
  let next = first;

  /** Null after the last line, and for a line that is too long. */
  function lineNumbered(index: number): TableLine | null {
    const known = seen.get(index);
    if (known !== undefined) return known;
    const sent = lineAt(index);
    const line = sent === null ? null : toTableLine(index + 1, sent);
    seen.set(index, line);
    return line;
  }

  /** The first line from `index` on that is not blank, and the index after it. */
  function lineFrom(index: number): { readonly line: TableLine; readonly after: number } | null {
    for (let at = index; ; at += 1) {
      const line = lineNumbered(at);
      if (line === null) return null;
      if (line.text.trim() !== "") return { line, after: at + 1 };
    }
  }

  function peek(): TableLine | null {
    return lineFrom(next)?.line ?? null;
  }

  function take(): TableLine | null {
    const found = lineFrom(next);
    if (found === null) return null;
    lines.push(found.line);
    next = found.after;
    return found.line;
  }

  /** Takes a heading line, joined again if it was wrapped. */
  function takeHeading(heading: Heading): { readonly line: TableLine; readonly front: string | null } | null {
    const pieces: TableLine[] = [];
    let at = next;
    let squeezed = "";
    while (pieces.length < MAX_HEADING_PIECES) {
      const found = lineFrom(at);
      if (found === null) return null;
      pieces.push(found.line);
      at = found.after;
      squeezed += squeeze(found.line.text);
      const match = matchHeading(heading, squeezed);
      if (match === null) return null;
      if (match === "beginning") continue;
      const dashes = lineFrom(at);
      if (dashes !== null && /^-+$/.test(dashes.line.text.trim())) {
        pieces.push(dashes.line);
        at = dashes.after;
      }
      lines.push(...pieces);
      next = at;
      return { line: pieces.reduce((joined, piece) => joinLines(joined, piece, " ")), front: match.front };
    }
    return null;
  }

  /** A heading line that is not exactly as printed, e.g. with a column renamed. */
  function takeOddHeading(): TableLine | null {
    const line = peek();
    return line !== null && isHeadingPart(line.text) && !isHead(squeeze(line.text)) ? take() : null;
  }

  function takeHalf(kind: HalfKind, head: TableLine, version: string | null): Half {
    const headings: [TableLine, ...TableLine[]] = [head];
    let machine: string | null = null;
    let concurrency: string | null = null;
    for (;;) {
      const [tests, columns] = kind === "io" ? IO_HEADINGS : FILES_HEADINGS;
      const named = tests === undefined ? null : takeHeading(tests);
      const line = named ?? (columns === undefined ? null : takeHeading(columns));
      if (named !== null && kind === "io") concurrency ??= named.front;
      if (named !== null && kind === "files") machine ??= nameBeforeTests(named.line.text);
      const heading = line?.line ?? takeOddHeading();
      if (heading === null) break;
      if (line === null && kind === "files") machine ??= nameBeforeTests(heading.text);
      headings.push(heading);
    }
    const rows: FoundRow[] = [];
    for (let row = takeRow(kind, true); row !== null; row = takeRow(kind, false)) rows.push(row);
    return { kind, headings, version, machine, concurrency, rows };
  }

  function takeFound(found: FoundLine): FoundLine {
    for (const _ of found.pieces) take();
    return found;
  }

  /** The line at a distance from the next one that is not blank; wrapped lines have no blank lines between them. */
  function lineAfter(distance: number): TableLine | null {
    const found = lineFrom(next);
    return found === null ? null : lineNumbered(found.after - 1 + distance);
  }

  /** Takes a row and its latencies. A row after the first one is under the same heading, and must look like a row. */
  function takeRow(kind: HalfKind, isFirst: boolean): FoundRow | null {
    const line = peek();
    if (line === null || !mayBeRow(line)) return null;
    const below = lineAfter(1);
    const found = findRow(kind, line, lineAfter);
    const isContinued = found.readings.length > 0 || (below !== null && isValuesPiece(below.text));
    if (!isFirst && !isRowStart(kind, line, isContinued)) return null;
    const row = takeFound(found);
    const [reading] = row.readings;
    const count = reading === undefined ? 0 : (readRow(kind, reading)?.tests.length ?? 0);
    const latencies = peek();
    if (latencies === null || !isLatencies(latencies.text)) return { kind, row, latencies: null };
    return { kind, row, latencies: takeFound(findLatencies(count, latencies, lineAfter)) };
  }

  /** Takes what follows a table that is not whole, up to the next table or other text. */
  function takeRest(): TableLine[] {
    const rest: TableLine[] = [];
    for (let line = peek(); line !== null && rest.length < MAX_REST; line = peek()) {
      const { text } = line;
      if (rest.length > 0 && /^[ \t\u00A0]*Version /.test(text)) break;
      if (isHead(squeeze(text))) break;
      const mayBePiece = rest.length > 0 && (isLatencies(text) || isHeadingPiece(text) || isValuesPiece(text));
      if (!isHeadingPart(text) && !mayBePiece && !(rest.length > 0 && isRowLike(line))) break;
      rest.push(line);
      take();
    }
    return rest;
  }

  /**
   * Takes the lines between the tests of the big file and the other half, if that is a half of this table: without a version it is
   * of no other, with one it is if the row above is damaged. Or takes the lines between a row and latencies, or between a heading
   * and a row, that are not directly below it.
   */
  function takeUpTo(half: Half): TableLine[] {
    const before = { next, count: lines.length };
    const between: TableLine[] = [];
    const giveBack = () => {
      next = before.next;
      lines.length = before.count;
      return [];
    };
    for (let line = peek(); line !== null && between.length < MAX_BETWEEN; line = peek()) {
      const start = next;
      const count = lines.length;
      const head = takeHeading(FILES_HEAD);
      next = start;
      lines.length = count;
      if (head !== null) return continues(half, head.front) ? between : giveBack();
      if (half.rows.length === 0 && isOrphanRow(line.text))
        return [...between, ...(takeRow(half.kind, true)?.row.pieces ?? [])];
      if (isHead(squeeze(line.text)) || line.text.split(",").length > MAX_COMMAS) break;
      between.push(line);
      take();
      if (hasRows(half) && isLatencies(line.text)) return between;
    }
    return giveBack();
  }

  const ioHead = takeHeading(IO_HEAD);
  const io = ioHead === null ? null : takeHalf("io", ioHead.line, ioHead.front);
  const between = io === null ? [] : takeUpTo(io);
  const before = { next, count: lines.length };
  const filesHead = takeHeading(FILES_HEAD);
  let files: Half | null = null;
  if (filesHead !== null && isSecondHead(io, filesHead.front)) {
    files = takeHalf("files", filesHead.line, filesHead.front);
  } else {
    next = before.next;
    lines.length = before.count;
  }
  const below = files === null ? [] : takeUpTo(files);
  const rest = [...between, ...below, ...takeRest()];
  if (io === null && files === null && rest.some(({ text }) => OF_BIG_FILE.test(text))) {
    // The half below a damaged one is not a table of its own.
    const mark = { next, count: lines.length };
    const second = takeHeading(FILES_HEAD);
    if (second === null || second.front === null) {
      next = mark.next;
      lines.length = mark.count;
    } else {
      takeHalf("files", second.line, second.front);
      rest.push(...lines.slice(mark.count));
    }
  }
  const [line, ...others] = lines;
  return line === undefined ? null : { io, files, rest, lines: [line, ...others], next };
}

/**
 * Whether a heading of file tests continues the table: 1.0x and the converter print no version in it, later versions repeat
 * theirs. A table that starts with it, as after `-s 0`, has a version.
 */
function isSecondHead(io: Half | null, version: string | null): boolean {
  if (io === null) return version !== null;
  return version === null || (version === io.version && !version.startsWith("1.0"));
}

/** The same with other lines between: a heading with a version then belongs to a table of its own, unless the row above is damaged. */
function continues(half: Half, version: string | null): boolean {
  return half.kind === "io" && isSecondHead(half, version) && (version === null || !hasRows(half));
}

/** Whether a line, without spaces and dashes, is the first of a table. */
function isHead(squeezed: string): boolean {
  return [IO_HEAD, FILES_HEAD].some((heading) => {
    const match = matchHeading(heading, squeezed);
    return match !== null && match !== "beginning" && match.front !== null;
  });
}

/** The machine name in the heading line of the file tests of 1.92b to 2.00a; null if there is none. */
function nameBeforeTests(text: string): string | null {
  const at = text.indexOf("-Cre");
  const name = at < 0 ? "" : text.slice(0, at).trim();
  return name === "" ? null : name;
}

/** Whether each row of a half is whole, and there is one. */
function hasRows({ rows }: Half): boolean {
  return rows.length > 0 && rows.every(({ row }) => row.readings.length === 1);
}

function isRowLike(line: TableLine): boolean {
  return isOrphanRow(line.text) || readRow("io", line) !== null || readRow("files", line) !== null;
}
