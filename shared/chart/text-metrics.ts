// Text by measure: how much room it takes, and how it is made to fit.

import { printable } from "../run/text.ts";

// How wide characters are at most in the fonts that a picture asks for. They are the widths of DejaVu Sans, and those of
// Verdana where its are larger; the other fonts without serifs that a system may have instead are narrower than both.

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

/** The width of a character by weight, as a part of the size; characters that are missing may be of any width. */
export const CHARACTER_WIDTHS = { normal: table(REGULAR), bold: table(BOLD) } as const;

/** How letters are set. */
export interface Font {
  /** In px. */
  readonly size: number;
  readonly weight: "normal" | "bold";
}

const ELLIPSIS = "…";

/** Room kept for a character that the table of widths does not have, as a part of the size. */
const UNKNOWN_WIDTH = 1.1;

/** No more of a text than this is drawn: the widest picture holds less in a line. */
const MAX_UNITS = 1000;

// What a reader takes for one character may be many code points: marks on letters, flags, joined pictures.
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

function graphemes(text: string): string[] {
  return /^[ -~]*$/.test(text) ? text.split("") : [...segmenter.segment(text)].map(({ segment }) => segment);
}

const widthOf = (grapheme: string, { size, weight }: Font): number =>
  size * (CHARACTER_WIDTHS[weight].get(grapheme) ?? UNKNOWN_WIDTH);

/** Text that came from outside, as one line that is safe to draw, however long it is. */
function drawable(text: string): string {
  return printable(text.slice(0, MAX_UNITS)).trim();
}

/** The room that a text takes at most, in px; only characters that are not `isKnown` may take more. */
export function textWidth(text: string, font: Font): number {
  return graphemes(text).reduce((width, grapheme) => width + widthOf(grapheme, font), 0);
}

/** Whether the widths of all characters are known. */
export function isKnown(text: string): boolean {
  return [...text].every((character) => CHARACTER_WIDTHS.normal.has(character));
}

/** As many characters as fit into `room` px. */
function startOf(text: string, room: number, font: Font): string {
  let left = room;
  const parts = graphemes(text);
  const over = parts.findIndex((part) => {
    left -= widthOf(part, font);
    return left < 0;
  });
  return over === -1 ? text : parts.slice(0, over).join("");
}

/** The text as one harmless line, shortened with an ellipsis where it is wider than `room` px; empty if nothing fits. */
export function fitted(text: string, room: number, font: Font): string {
  const whole = drawable(text);
  if (text.length <= MAX_UNITS && textWidth(whole, font) <= room) return whole;
  const roomForText = room - widthOf(ELLIPSIS, font);
  return roomForText < 0 ? "" : `${startOf(whole, roomForText, font).trimEnd()}${ELLIPSIS}`;
}

/** A word cut into pieces that are no wider than `room` px. */
function pieces(word: string, room: number, font: Font): string[] {
  if (textWidth(word, font) <= room) return [word];
  const start = startOf(word, room, font);
  return start === "" ? [] : [start, ...pieces(word.slice(start.length), room, font)];
}

/** Text broken at blanks into at most `most` lines of `room` px; an ellipsis tells that there would be more. */
export function broken(text: string, room: number, font: Font, most: number): string[] {
  const words = drawable(text)
    .split(/ +/)
    .filter((word) => word !== "")
    .flatMap((word) => pieces(word, room, font));
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && textWidth(longer, font) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), fitted(lines.slice(most - 1).join(" "), room, font)];
}
