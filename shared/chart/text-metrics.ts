// Text by measure: how much room it takes, and how it is made to fit.

import { printable } from "../run/text.ts";
import { CHARACTER_WIDTHS } from "./character-widths.ts";

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
const MOST_UNITS = 1000;

// What a reader takes for one character may be many code points: marks on letters, flags, joined pictures.
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

function graphemes(text: string): string[] {
  return /^[ -~]*$/.test(text) ? text.split("") : [...segmenter.segment(text)].map(({ segment }) => segment);
}

const widthOf = (grapheme: string, { size, weight }: Font): number =>
  size * (CHARACTER_WIDTHS[weight].get(grapheme) ?? UNKNOWN_WIDTH);

/** Text that came from outside, as one line that is safe to draw, however long it is. */
function drawable(text: string): string {
  return printable(text.slice(0, MOST_UNITS)).trim();
}

/** The room that a text takes at most, in px; only characters that are not `isKnown` may take more. */
export function widthOfText(text: string, font: Font): number {
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
  if (text.length <= MOST_UNITS && widthOfText(whole, font) <= room) return whole;
  const roomForText = room - widthOf(ELLIPSIS, font);
  return roomForText < 0 ? "" : `${startOf(whole, roomForText, font).trimEnd()}${ELLIPSIS}`;
}

/** A word cut into pieces that are no wider than `room` px. */
function pieces(word: string, room: number, font: Font): string[] {
  if (widthOfText(word, font) <= room) return [word];
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
    if (last !== undefined && widthOfText(longer, font) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), fitted(lines.slice(most - 1).join(" "), room, font)];
}
