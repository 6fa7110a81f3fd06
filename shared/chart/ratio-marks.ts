// What one metric's row of the ratio chart shows between the ends of its axis.

import type { Known, Limits, MetricComparison } from "../compare/comparison.ts";
import { line, marker, rect } from "./items.ts";
import type { LogAxis, Place } from "./log-axis.ts";
import type { Item, Role } from "./scene.ts";
import { VERDICT_MARKS } from "./verdict-mark.ts";

const BAND_HEIGHT = 14;
const CAP_HEIGHT = 9;
const MARK = 11;
const ARROW = 8;
/** Length of the arrow at a bound. */
const BOUND = 26;

/** A row with its middle at y: the band of hosts, on it the interval, on it the median. */
export function ratioMarks({ host_range, ci, ratio, verdict }: MetricComparison, axis: LogAxis, y: number): Item[] {
  const { role, shape } = VERDICT_MARKS[verdict];
  return [
    ...bandOf(host_range, axis, y),
    ...(ci === null ? [] : whisker(ci, axis, y, role)),
    ...median(ratio, axis, y, role, (x) => marker(shape, role, x, y, MARK)),
  ];
}

function bandOf({ low, high }: Limits, axis: LogAxis, y: number): Item[] {
  if (low === null && high === null) return [];
  const [from, to] = [axis.place(low, "left"), axis.place(high, "right")];
  return [rect("band", from.x, y - BAND_HEIGHT / 2, Math.max(2, to.x - from.x), BAND_HEIGHT, 2)];
}

/** An end of an interval: a bar, or an arrow where the axis ends before it or there is no limit. */
function end({ x, side }: Place, y: number, role: Role): Item {
  if (side === "inside") return line(role, x, y - CAP_HEIGHT / 2, x, y + CAP_HEIGHT / 2, 1.5);
  return marker(side === "left" ? "arrow-left" : "arrow-right", role, x, y, ARROW);
}

function whisker({ low, high }: Limits, axis: LogAxis, y: number, role: Role): Item[] {
  if (low === null && high === null) return [];
  const [from, to] = [axis.place(low, "left"), axis.place(high, "right")];
  // Wholly beyond the axis: the arrow of the median says so already.
  if (from.side !== "inside" && from.side === to.side) return [];
  return [line(role, from.x, y, to.x, y, 2), end(from, y, role), end(to, y, role)];
}

function median({ low, high }: Known, axis: LogAxis, y: number, role: Role, mark: (x: number) => Item): Item[] {
  const [from, to] = [axis.place(low, "left"), axis.place(high, "right")];
  if (low === null && high === null) return [];
  if (from.side !== "inside" && from.side === to.side) return [end(from, y, role)].map(larger);
  if (low !== null && high !== null) {
    return low === high ? [mark(from.x)] : [line(role, from.x, y, Math.max(to.x, from.x + 1), y, 6)];
  }
  const start = high === null ? from.x : to.x;
  const tip = high === null ? Math.min(axis.right, start + BOUND) : Math.max(axis.left, start - BOUND);
  return [
    line(role, start, y, tip, y, 2),
    marker(high === null ? "arrow-right" : "arrow-left", role, tip, y, ARROW),
    mark(start),
  ];
}

const larger = (item: Item): Item => (item.kind === "marker" ? { ...item, size: MARK } : item);
