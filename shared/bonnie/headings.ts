// The headings of tables: which line of a table is what, whole or wrapped. Every release prints three heading lines above
// the tests of the big file and three above the tests of many files. Mail programs wrap them, at a space or within a word,
// so headings are compared without spaces and dashes. Source: bonnie-formats.md, section 4.

import { MAX_WIDTH, SPACES } from "./table-lines.ts";

/** A heading line without spaces and dashes: `front`, which differs between tables, then one of `rests`. */
export interface Heading {
  /** Matches the beginning of the line; its group is the version, the concurrency or the machine name. */
  readonly front: RegExp;
  /** The word that `front` begins with, to recognize it when it is wrapped within. */
  readonly word: string;
  readonly needsFront: boolean;
  readonly rests: readonly string[];
}

const VERSION = { front: /^(?:Version([^\sS]{1,16}))?/, word: "Version" };
const RATES = "/sec%CP";

/** The first heading line of the tests of the big file, with the version. */
export const IO_HEAD: Heading = { ...VERSION, needsFront: true, rests: ["SequentialOutputSequentialInputRandom"] };

/** The first heading line of the tests of many files, with or without a version. */
export const FILES_HEAD: Heading = { ...VERSION, needsFront: false, rests: ["SequentialCreateRandomCreate"] };

/** The other heading lines of the tests of the big file. */
export const IO_HEADINGS: readonly Heading[] = [
  {
    front: /^(?:Concurrency(\d{1,4}))?/,
    word: "Concurrency",
    needsFront: false,
    rests: ["PerChrBlockRewritePerChrBlockSeeks"],
  },
  {
    front: /^/,
    word: "",
    needsFront: false,
    rests: ["MachineSize", "MachineSize:chnk", "Name:Sizeetc"].flatMap((size) =>
      [`K${RATES}`, RATES].map((rate) => size + rate.repeat(5) + RATES),
    ),
  },
];

/** The other heading lines of the tests of many files. 1.92b to 2.00a print the machine name in the first of them. */
export const FILES_HEADINGS: readonly Heading[] = [
  {
    front: /^(.{0,40}?)(?=Create|Creat?$|Cre$)/,
    word: "",
    needsFront: false,
    rests: ["CreateReadDeleteCreateReadDelete"],
  },
  {
    front: /^/,
    word: "",
    needsFront: false,
    rests: ["files", "files:max", "files:max:min"].map((size) => size + RATES.repeat(6)),
  },
];

/** A line without what wrapping and copying change in a heading. */
export function squeeze(text: string): string {
  return text.replace(/[ \t\u00A0-]+/g, "");
}

/** Compares a squeezed text with a heading: the whole one with its front, a beginning, or neither. */
export function matchHeading(
  { front, word, needsFront, rests }: Heading,
  squeezed: string,
): { readonly front: string | null } | "beginning" | null {
  const found = front.exec(squeezed);
  const rest = squeezed.slice(found?.[0].length ?? 0);
  const value = found?.[1] ?? null;
  if (rests.includes(rest)) return needsFront && value === null ? null : { front: value };
  const begins = rests.some((whole) => whole.startsWith(rest)) || (word !== "" && word.startsWith(squeezed));
  return begins ? "beginning" : null;
}

const HEADING_WORDS: ReadonlySet<string> = new Set([
  ...[
    "Version",
    "Concurrency",
    "------Sequential",
    "Output------",
    "--Sequential",
    "Input-",
    "--Random-",
    "-Per",
    "Chr-",
  ],
  ...["--Block--", "-Rewrite-", "--Seeks--", "Create------", "--------Random", "Create--------", "-Create--"],
  ...["--Read---", "-Delete--", "Machine", "Size", "Size:chnk", "Name:Size", "etc", "files", "files:max"],
  ...["files:max:min", "K/sec", "/sec", "%CP"],
]);

/** What every heading line contains, to reject other lines quickly. */
const HEADING_SIGN = /--|%CP|K\/sec|-Per/;

/** Lines with one of these are headings even if they contain other words, or are cut. */
const TYPICAL = /^Version \S+ -+S|-Per Chr-|-Create-- --Read---|%CP K?\/sec %CP/;

/**
 * Whether a line is a heading or a large part of one: three words of headings or more, and fewer other words. Prose about
 * tables is not.
 */
export function isHeadingPart(text: string): boolean {
  if (text.length > MAX_WIDTH || !HEADING_SIGN.test(text)) return false;
  const words = text.trim().split(SPACES);
  const count = words.filter((word) => HEADING_WORDS.has(word)).length;
  return (count >= 3 && count > words.length / 2) || TYPICAL.test(words.join(" "));
}

const ALL_HEADINGS = [IO_HEAD, ...IO_HEADINGS, FILES_HEAD, ...FILES_HEADINGS].flatMap(({ rests }) => rests).join("\n");

/** Whether a line within a wrapped table may be a piece of a heading, however short. */
export function isHeadingPiece(text: string): boolean {
  const squeezed = squeeze(text);
  return squeezed !== "" && !/^[\d.]/.test(squeezed) && ALL_HEADINGS.includes(squeezed);
}
