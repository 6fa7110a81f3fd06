// What one metric's row of the ratio chart shows between the ends of its axis.

import type { Limits } from "../compare/comparison.ts";
import { line, marker, middle, rect, text } from "./items.ts";
import type { LogAxis, Place } from "./log-axis.ts";
import type { RatioRow } from "./ratio-row.ts";
import type { Item, Role } from "./scene.ts";
import { VERDICT_MARKS } from "./verdict-mark.ts";

const BAND_HEIGHT = 14;
const CAP_HEIGHT = 9;
const MARK = 11;
const ARROW = 8;
/** Length of the arrow at a bound. */
const BOUND = 26;
const WORDS_SIZE = 11;

/** A row with its middle at y: the band of hosts, on it the interval, on it the median. */
export function ratioMarks(row: RatioRow, axis: LogAxis, y: number): Item[] {
  const { host_range, ci, verdict } = row.metric;
  return [
    ...bandOf(host_range, axis, y),
    ...(ci === null ? [] : whisker(ci, axis, y, VERDICT_MARKS[verdict].role)),
    ...medianOf(row, axis, y),
  ];
}

function placesOf({ low, high }: Limits, axis: LogAxis): readonly [from: Place, to: Place] {
  return [axis.place(low, "left"), axis.place(high, "right")];
}

const isBeyond = (from: Place, to: Place): boolean => from.side !== "inside" && from.side === to.side;

function bandOf(range: Limits, axis: LogAxis, y: number): Item[] {
  if (range.low === null && range.high === null) return [];
  const [from, to] = placesOf(range, axis);
  const width = Math.max(2, to.x - from.x);
  return [rect("band", Math.min(from.x, axis.right - width), y - BAND_HEIGHT / 2, width, BAND_HEIGHT, 2)];
}

/** An end of an interval: a bar, or an arrow where the axis ends before it or there is no limit. */
function endOf({ x, side }: Place, y: number, role: Role): Item {
  if (side === "inside") return line(role, x, y - CAP_HEIGHT / 2, x, y + CAP_HEIGHT / 2, 1.5);
  return marker(side === "left" ? "arrow-left" : "arrow-right", role, x, y, ARROW);
}

function whisker(interval: Limits, axis: LogAxis, y: number, role: Role): Item[] {
  const [from, to] = placesOf(interval, axis);
  // Without limits there is nothing to show; wholly beyond the axis, the arrow of the median says so already.
  if ((interval.low === null && interval.high === null) || isBeyond(from, to)) return [];
  return [line(role, from.x, y, to.x, y, 2), endOf(from, y, role), endOf(to, y, role)];
}

function medianOf({ metric: { ratio, ci, verdict }, times }: RatioRow, axis: LogAxis, y: number): Item[] {
  const { low, high } = ratio;
  const { role, shape } = VERDICT_MARKS[verdict];
  const [from, to] = placesOf(ratio, axis);
  if (low === null && high === null) return [];
  if (isBeyond(from, to)) {
    return [
      marker(from.side === "left" ? "arrow-left" : "arrow-right", role, from.x, y, MARK),
      ...besideEnd(times, from, MARK, y),
    ];
  }
  if (low !== null && high !== null) {
    if (low === high) return [marker(shape, role, from.x, y, MARK)];
    return [line(role, from.x, y, Math.max(to.x, from.x + 1), y, 6)];
  }
  const bound = high === null ? from : to;
  const tip = high === null ? Math.min(axis.right, bound.x + BOUND) : Math.max(axis.left, bound.x - BOUND);
  const arrow = [
    line(role, bound.x, y, tip, y, 2),
    marker(high === null ? "arrow-right" : "arrow-left", role, tip, y, ARROW),
  ];
  // The bound itself lies beyond the axis: all of the axis is possible.
  if (bound.side !== "inside") return [...arrow, ...besideEnd(times, bound, BOUND, y)];
  const mark = marker(shape, role, bound.x, y, MARK);
  // An interval without that limit has its arrow already.
  const isOpen = ci !== null && (ci.low === null) !== (ci.high === null) && (high === null ? ci.high : ci.low) === null;
  return isOpen ? [mark] : [...arrow, mark];
}

/** The number of what lies beyond the axis, beside an arrow of that length at its end. */
function besideEnd(words: string, { x, side }: Place, length: number, y: number): Item[] {
  const [sign, anchor] = side === "left" ? ([1, "start"] as const) : ([-1, "end"] as const);
  return text(words, x + sign * (length + 4), middle(y, WORDS_SIZE), { size: WORDS_SIZE, anchor });
}
