// Table lines: finds the text tables of an upload and takes them apart into halves: the tests of the big file, and those
// of many files. What the rows say is read elsewhere. Source: bonnie-formats.md, section 4.

/** Longer lines are not part of a table; it keeps hostile lines out. */
const MAX_WIDTH = 400;

/** Names may hold commas, but a line with more fields is a CSV line, not a row. */
const MAX_ROW_FIELDS = 8;

/** One line of a table and its 1-based number. */
export interface TableLine {
  readonly number: number;
  readonly text: string;
}

/** One half of a table. Fields that it does not print are null. */
export interface Half {
  readonly head: TableLine;
  readonly version: string | null;
  /** From the second heading line of the half with the files. */
  readonly machine: string | null;
  /** From the second heading line of 1.92b to 1.97. */
  readonly concurrency: string | null;
  /** The line with the rates; null where the heading is not followed by one. */
  readonly row: TableLine | null;
  readonly latencies: TableLine | null;
}

/** A table as it stands in the upload. `next` is the 0-based index of the line behind it. */
export interface TableLines {
  /** The first half there is. */
  readonly first: Half;
  readonly io: Half | null;
  readonly files: Half | null;
  readonly lines: readonly TableLine[];
  readonly next: number;
}

/** Between the words of a row. Copied from a web page they may be no-break spaces. */
export const BLANKS = /[ \t\u00A0]+/g;

const IO_HEAD = /^Version +(\S+) +-+Sequential Output-+ +-+Sequential Input-+ +-+Random-*$/;
const FILES_HEAD = /^(?:Version +(\S+) +)?-+Sequential Create-+ +-+Random Create-+$/;
const HEADING = /-Per Chr-|%CP|-Create--/;
const CONCURRENCY = /^Concurrency +(\S+) +-Per Chr-/;
const LATENCIES = /^Latency(?: |$)/;

function matches(pattern: RegExp, text: string): RegExpExecArray | null {
  return text.length > MAX_WIDTH ? null : pattern.exec(text.trim().replaceAll(BLANKS, " "));
}

/** Whether a line is a heading, with its table or torn from it. */
export function isHeading(text: string): boolean {
  return [IO_HEAD, FILES_HEAD, HEADING].some((pattern) => matches(pattern, text) !== null);
}

const RATE_AND_CPU = /^(?:\d+(?:\.\d)?[kmg]? \d{1,3}|\+{4,} \+{3})$/;
const VALUE = /^(?:\d+(?:\.\d)?[kmg]?|\++)$/;

/** A row has six pairs of values, before which the size or number of files may be a plain number. */
const MOST_VALUES = 13;

/**
 * Whether a line is a row of rates, or the end of one, torn from its table: at its end four pairs of a rate and its %CP or
 * more, and a rate of four digits among them. The rows of vmstat, xentop and /proc that stand in the same log are longer,
 * or are no such pairs.
 */
export function isTornRow(text: string): boolean {
  if (text.length > MAX_WIDTH) return false;
  const words = text.trim().split(BLANKS);
  const values = words.slice(words.findLastIndex((word) => !VALUE.test(word)) + 1);
  if (values.length < 8 || values.length > MOST_VALUES) return false;
  const pairs = [8, 6, 4, 2].map((fromEnd) => values.slice(-fromEnd).slice(0, 2).join(" "));
  return pairs.every((pair) => RATE_AND_CPU.test(pair)) && pairs.some((pair) => /^(?:\d{4}|\d+[kmg]|\+)/.test(pair));
}

/** Whether a line may be the row of a table at all, well formed or not: a CSV line or a comment is not. */
function mayBeRow(text: string): boolean {
  if (text.length > MAX_WIDTH || text.trimStart().startsWith("#")) return false;
  return text.split(",").length <= MAX_ROW_FIELDS && !isHeading(text) && matches(LATENCIES, text) === null;
}

/**
 * The table that starts at line `first` (0-based), or null if none does. `lineAt` gives the text of a line without
 * blanks at its end, null behind the last. Blank lines within a table are passed over.
 */
export function tableAt(first: number, lineAt: (index: number) => string | null): TableLines | null {
  const lines: TableLine[] = [];
  let next = first;

  /** The next line that is not blank, taken if `accept` says so. */
  function take(accept: (text: string) => boolean): TableLine | null {
    let index = next;
    let text = lineAt(index);
    while (text === "") {
      index += 1;
      text = lineAt(index);
    }
    if (text === null || !accept(text)) return null;
    const line = { number: index + 1, text };
    lines.push(line);
    next = index + 1;
    return line;
  }

  function takeHalf(head: TableLine, version: string | null): Half {
    let machine: string | null = null;
    let concurrency: string | null = null;
    for (;;) {
      const line = take((text) => matches(HEADING, text) !== null);
      if (line === null) break;
      concurrency ??= matches(CONCURRENCY, line.text)?.[1] ?? null;
      const create = line.text.indexOf("-Create--");
      if (create >= 0) machine = line.text.slice(0, create).trim();
    }
    const row = take(mayBeRow);
    const latencies = take((text) => matches(LATENCIES, text) !== null);
    return { head, version, machine, concurrency, row, latencies };
  }

  function takeHead(pattern: RegExp, accept: (version: string | null) => boolean): [TableLine, string | null] | null {
    let version: string | null = null;
    const head = take((text) => {
      const match = matches(pattern, text);
      version = match?.[1] ?? null;
      return match !== null && accept(version);
    });
    return head === null ? null : [head, version];
  }

  if (lineAt(first) === "") return null;
  const ioHead = takeHead(IO_HEAD, () => true);
  const io = ioHead === null ? null : takeHalf(...ioHead);
  const filesHead = takeHead(FILES_HEAD, (version) => isSecondHead(io, version));
  const files = filesHead === null ? null : takeHalf(...filesHead);
  const half = io ?? files;
  return half === null ? null : { first: half, io, files, lines, next };
}

/**
 * Whether a heading of file tests continues the table: 1.0x prints no version in it, later versions repeat theirs. A
 * table that starts with it, as after `-s 0`, has a version.
 */
function isSecondHead(io: Half | null, version: string | null): boolean {
  if (io === null) return version !== null;
  const isV1 = io.version?.startsWith("1.0") ?? false;
  return version === (isV1 ? null : io.version);
}
