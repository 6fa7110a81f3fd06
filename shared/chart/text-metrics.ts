// Text metrics: how much room a text takes, and how it is shortened or wrapped to fit. No font is loaded: widths come from a
// table of the widest glyphs of the fonts that a chart asks for, so that a text may be narrower than computed, never wider.

import { printable } from "../run/text.ts";

/** Size and weight of letters. */
export interface Font {
  /** In px. */
  readonly size: number;
  readonly weight: "normal" | "bold";
}

const ELLIPSIS = "…";

/** Room kept for a character that the table of widths does not have, as a part of the size. */
const UNKNOWN_WIDTH = 1.1;

/** A text is cut to this length before it is measured: the widest chart holds less in a line. */
const MAX_UNITS = 1000;

// A character as a reader sees it may be many code points: marks on letters, flags, joined emoji.
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

function graphemes(text: string): string[] {
  return /^[ -~]*$/.test(text) ? text.split("") : [...segmenter.segment(text)].map(({ segment }) => segment);
}

const graphemeWidth = (grapheme: string, { size, weight }: Font): number =>
  size * (CHARACTER_WIDTHS[weight].get(grapheme) ?? UNKNOWN_WIDTH);

/** Text from outside, of any length, as one line that is safe to draw. */
function drawable(text: string): string {
  return printable(text.slice(0, MAX_UNITS)).trim();
}

/** The largest width of a text, in px; only characters that are not `isKnown` may be wider. */
export function textWidth(text: string, font: Font): number {
  return graphemes(text).reduce((width, grapheme) => width + graphemeWidth(grapheme, font), 0);
}

/** Whether the widths of all characters are known. */
export function isKnown(text: string): boolean {
  return [...text].every((character) => CHARACTER_WIDTHS.normal.has(character));
}

/** As many characters as fit into `room` px. */
function cutToWidth(text: string, room: number, font: Font): string {
  let left = room;
  const parts = graphemes(text);
  const over = parts.findIndex((part) => {
    left -= graphemeWidth(part, font);
    return left < 0;
  });
  return over === -1 ? text : parts.slice(0, over).join("");
}

/** The text as one safe line, shortened with an ellipsis where it is wider than `room` px; empty if nothing fits. */
export function fitText(text: string, room: number, font: Font): string {
  const whole = drawable(text);
  if (text.length <= MAX_UNITS && textWidth(whole, font) <= room) return whole;
  const roomForText = room - graphemeWidth(ELLIPSIS, font);
  return roomForText < 0 ? "" : `${cutToWidth(whole, roomForText, font).trimEnd()}${ELLIPSIS}`;
}

/** A word cut into pieces that are no wider than `room` px. */
function cutWord(word: string, room: number, font: Font): string[] {
  if (textWidth(word, font) <= room) return [word];
  const start = cutToWidth(word, room, font);
  return start === "" ? [] : [start, ...cutWord(word.slice(start.length), room, font)];
}

/** Text broken at spaces into at most `max` lines of `room` px; an ellipsis marks that there is more. */
export function wrapText(text: string, room: number, font: Font, max: number): string[] {
  const words = drawable(text)
    .split(/ +/)
    .filter((word) => word !== "")
    .flatMap((word) => cutWord(word, room, font));
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && textWidth(longer, font) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  if (lines.length <= max) return lines;
  return [...lines.slice(0, max - 1), fitText(lines.slice(max - 1).join(" "), room, font)];
}

// The largest widths of characters in the fonts that a chart asks for: the widths of DejaVu Sans, or of Verdana where they are
// larger. The other sans-serif fonts that a system may use instead are narrower than both.

/** Characters of the same width, in hundredths of the size of the font, rounded up. */
type Group = readonly [width: number, characters: string];

const REGULAR: readonly Group[] = [
  [28, "'ilìíîï"],
  [32, "‘’"],
  [36, " fj"],
  [38, ",.·"],
  [40, "t"],
  [42, "!¡"],
  [44, "IrÌÍÎÏ"],
  [46, '"()-/:;J[\\]|¦'],
  [52, "“”"],
  [54, "sz¿"],
  [56, "?Lcª°²³¹ºç"],
  [58, "F"],
  [60, "kvxyýÿ•"],
  [62, "PTYaeo«»ÝÞàáâãäåèéêëðòóôõöø"],
  [64, "$*0123456789E_`bdghnpqu{}¢£¤¥§¨¯´µ¶¸ÈÉÊËßñùúûüþ–†‡"],
  [70, "ABCKRSVXZÀÁÂÃÄÅÇ"],
  [74, "UÙÚÛÜ"],
  [76, "HNÑ"],
  [78, "&DGÐ"],
  [80, "OQÒÓÔÕÖØ"],
  [82, "w"],
  [84, "#+<=>^~¬±×÷≈≤≥−"],
  [88, "M"],
  [98, "m¼½¾Æ"],
  [100, "@W©®æ—…←→"],
  [108, "%"],
];

const BOLD: readonly Group[] = [
  [34, "'"],
  [36, " ilìíîï"],
  [38, ",.·‘’"],
  [42, ":;j"],
  [44, "f"],
  [46, "!¡"],
  [48, "-t"],
  [50, "r"],
  [56, "()IJ[]|¦ÌÍÎÏ"],
  [60, '"cszª°²³¹º¿ç'],
  [62, "?"],
  [64, "L¤¶"],
  [66, "vy«»ýÿ“”"],
  [68, "aekxàáâãäåèéêë"],
  [70, "/EFT\\o¢£¥ÈÉÊËðòóôõöø"],
  [72, "$*0123456789_`bdghnpqu{}§¨¯´¸ßñùúûüþ–†‡•"],
  [74, "CPSYZµÇÝÞ"],
  [78, "ABKVXÀÁÂÃÄÅ"],
  [80, "R"],
  [82, "UÙÚÛÜ"],
  [84, "DGH¬±Ð×÷≈≤≥−"],
  [86, "NOQÑÒÓÔÕÖØ"],
  [88, "#&+<=>^~"],
  [98, "w"],
  [100, "@M©®—…←→"],
  [104, "¼½¾"],
  [106, "mæ"],
  [110, "Æ"],
  [114, "W"],
  [128, "%"],
];

function table(groups: readonly Group[]): ReadonlyMap<string, number> {
  return new Map(groups.flatMap(([width, characters]) => [...characters].map((character) => [character, width / 100])));
}

/** The width of a character by weight, as a part of the size; characters that are missing may have any width. */
export const CHARACTER_WIDTHS = { normal: table(REGULAR), bold: table(BOLD) } as const;
