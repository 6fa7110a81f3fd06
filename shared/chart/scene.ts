// A picture without markup: an answer comes in (`chartOf`), and rectangles, lines, markers and texts at places in px go out.
// Everything a renderer has to know is in the scene, so that every medium draws the same picture: colours are roles, and
// each text brings the box that it fits into.

/**
 * What a thing is in the picture; the renderer gives it a colour. `paper` is the ground and text on coloured ground, `ink`
 * and `muted` are text and axes, `grid` rules and ticks, `zone` the ground of a plot, `margin` what counts as equal, `band` the range of hosts;
 * `better`, `worse`, `equal` and `unclear` are verdicts, and the same with `-tint` is a ground for them.
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

export interface Rect extends Box {
  readonly kind: "rect";
  readonly role: Role;
  /** Of the corners, in px. */
  readonly radius: number;
}

export interface Line {
  readonly kind: "line";
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly role: Role;
  readonly thickness: number;
}

/** Verdicts and ends of lines by shape, so that they can be told apart without colour. `ring` is a circle that is empty. */
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
  /** Where its start, middle or end is, and its baseline. */
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
  /** Of the font, in px. */
  readonly size: number;
  readonly weight: "normal" | "bold";
  readonly role: Role;
  /** Whether it runs upwards, turned about (x, y). */
  readonly turned: boolean;
  /** What it covers at most, in any of the fonts. */
  readonly box: Box;
  /** Whether it has characters of unknown size, so that the renderer has to cut off what sticks out of the box. */
  readonly clipped: boolean;
}

export type Item = Rect | Line | Marker | Text;

/** A picture. Items are drawn in their order. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  /** What it shows, in one line; text from outside may be in it. */
  readonly title: string;
  /** All it shows, in words, for those who do not see it. */
  readonly desc: string;
  readonly items: readonly Item[];
}
