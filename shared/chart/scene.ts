// A chart without markup: rectangles, lines, markers and texts at positions in px. Everything that a renderer has to know is in
// the scene, so that every medium draws the same image: colors are roles, and each text has the box that it fits into. Below
// the types are the functions that make items.

import { type Font, fitText, isKnown, textWidth } from "./text-metrics.ts";

/** A chart. Items are drawn in their order. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** Its title, in one line; may hold text from outside. */
  readonly title: string;
  /** Everything it shows, in words, for readers who do not see it. */
  readonly desc: string;
  readonly items: readonly Item[];
}

export type Item = Rect | Line | Marker | Text;

/**
 * The role of an item; the renderer gives it a color. `paper` is the ground, and text on colored ground; `ink` and `muted`
 * are text and axes; `grid` rules and ticks; `zone` the ground of a plot; `margin` the range that counts as equal; `band` the
 * range of hosts; `better`, `worse`, `equal` and `unclear` are verdicts, and with `-tint` the grounds for them.
 */
export type Role =
  | "paper"
  | "ink"
  | "muted"
  | "grid"
  | "zone"
  | "margin"
  | "band"
  | "better"
  | "worse"
  | "equal"
  | "unclear"
  | "better-tint"
  | "worse-tint"
  | "equal-tint"
  | "unclear-tint";

/** A rectangle in px; x and y are its upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Rect extends Box {
  readonly kind: "rect";
  readonly role: Role;
  /** Of the corners, in px. */
  readonly radius: number;
}

interface Line {
  readonly kind: "line";
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly role: Role;
  readonly thickness: number;
}

/** Verdicts and ends of lines by shape, so that they can be distinguished without color. `ring` is an empty circle. */
export type Shape = "circle" | "ring" | "diamond" | "up" | "down" | "dash" | "arrow-left" | "arrow-right" | "arrow-up";

/** A shape around a point; an arrow's tip is the point. */
export interface Marker {
  readonly kind: "marker";
  readonly shape: Shape;
  readonly x: number;
  readonly y: number;
  /** Its height and width, in px. */
  readonly size: number;
  readonly role: Role;
}

/** One line of text. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
  /** The position of its start, middle or end, and of its baseline. */
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
  /** Of the font, in px. */
  readonly size: number;
  readonly weight: "normal" | "bold";
  readonly role: Role;
  /** Whether it runs upwards, turned about (x, y). */
  readonly turned: boolean;
  /** The largest area that it covers, in any of the fonts. */
  readonly box: Box;
  /** Whether it has characters of unknown size, so that the renderer has to clip it to the box. */
  readonly clipped: boolean;
}

// Items.

/** Above and below the baseline, as parts of the size: accents on capitals, and the letters that hang down. */
const ASCENT = 0.94;
const DESCENT = 0.24;

/** The height of a line of text, as a part of its size: boxes of lines that follow each other do not touch. */
export const LINE_HEIGHT = 1.36;

/** The style of a text. */
interface TextStyle {
  readonly size: number;
  readonly weight?: Font["weight"];
  readonly role?: Role;
  readonly anchor?: Text["anchor"];
  readonly turned?: boolean;
  /** Room in px; the text is shortened to it. */
  readonly room?: number;
}

/** A line of text with its baseline at y; nothing if no room is left for it. */
export function text(content: string, x: number, y: number, style: TextStyle): Text[] {
  const { size, weight = "normal", role = "ink", anchor = "start", turned = false, room = Infinity } = style;
  const fits = fitText(content, room, { size, weight });
  if (fits === "") return [];
  const width = textWidth(fits, { size, weight });
  const before = anchor === "start" ? 0 : anchor === "end" ? width : width / 2;
  const box = turned
    ? { x: x - size * ASCENT, y: y + before - width, width: size * (ASCENT + DESCENT), height: width }
    : { x: x - before, y: y - size * ASCENT, width, height: size * (ASCENT + DESCENT) };
  return [
    { kind: "text", text: fits, x, y, anchor, size, weight, role, turned, box, clipped: !isKnown(fits) } satisfies Text,
  ];
}

/** The baseline of a line of text whose letters are centered on y: half the height of a digit below it. */
export function middle(y: number, size: number): number {
  return y + size * 0.365;
}

/** A rectangle by its upper left corner; `radius` rounds its corners. */
export function rect(role: Role, x: number, y: number, width: number, height: number, radius = 0): Rect {
  return { kind: "rect", role, x, y, width, height, radius };
}

/** A line from (x1, y1) to (x2, y2). */
export function line(role: Role, x1: number, y1: number, x2: number, y2: number, thickness = 1): Line {
  return { kind: "line", role, x1, y1, x2, y2, thickness };
}

/** The middle of a pixel: there a line of 1 px is sharp. */
const sharp = (at: number): number => Math.floor(at) + 0.5;

/** A line of 1 px from top to bottom. */
export function verticalLine(role: Role, x: number, top: number, bottom: number): Line {
  return line(role, sharp(x), top, sharp(x), bottom);
}

/** A line of 1 px from left to right. */
export function horizontalLine(role: Role, left: number, right: number, y: number): Line {
  return line(role, left, sharp(y), right, sharp(y));
}

/** A mark of a shape at a point; `size` is its width in px. */
export function marker(shape: Shape, role: Role, x: number, y: number, size: number): Marker {
  return { kind: "marker", shape, role, x, y, size };
}
