// The items of a scene, made short to write.

import { type Font, fitted, isKnown, widthOfText } from "./text-metrics.ts";
import type { Line, Marker, Rect, Role, Shape, Text } from "./scene.ts";

/** Above and below the baseline, as parts of the size: accents on capitals, and the letters that hang down. */
const ASCENT = 0.94;
const DESCENT = 0.24;

/** The height of a line of text, as a part of its size: boxes of lines that follow each other do not touch. */
export const LINE_HEIGHT = 1.36;

/** What a text is beside its place. */
interface TextStyle {
  readonly size: number;
  readonly weight?: Font["weight"];
  readonly role?: Role;
  readonly anchor?: Text["anchor"];
  readonly turned?: boolean;
  /** In px; the text is shortened to it. */
  readonly room?: number;
}

/** A line of text with its baseline at y; nothing if no room is left for it. */
export function text(content: string, x: number, y: number, style: TextStyle): Text[] {
  const { size, weight = "normal", role = "ink", anchor = "start", turned = false, room = Infinity } = style;
  const fits = fitted(content, room, { size, weight });
  if (fits === "") return [];
  const width = widthOfText(fits, { size, weight });
  const before = anchor === "start" ? 0 : anchor === "end" ? width : width / 2;
  const box = turned
    ? { x: x - size * ASCENT, y: y + before - width, width: size * (ASCENT + DESCENT), height: width }
    : { x: x - before, y: y - size * ASCENT, width, height: size * (ASCENT + DESCENT) };
  return [
    { kind: "text", text: fits, x, y, anchor, size, weight, role, turned, box, clipped: !isKnown(fits) } satisfies Text,
  ];
}

/** The baseline of a line of text whose letters stand in the middle at y: half the height of a digit below it. */
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
export function upright(role: Role, x: number, top: number, bottom: number): Line {
  return line(role, sharp(x), top, sharp(x), bottom);
}

/** A line of 1 px from left to right. */
export function level(role: Role, left: number, right: number, y: number): Line {
  return line(role, left, sharp(y), right, sharp(y));
}

/** A mark of a shape at a point; `size` is its width in px. */
export function marker(shape: Shape, role: Role, x: number, y: number, size: number): Marker {
  return { kind: "marker", shape, role, x, y, size };
}
