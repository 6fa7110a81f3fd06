// The axes of charts. The axis of ratios is logarithmic, with 1 in the middle, so that twice as fast and half as fast are
// equally far from it. The axis of rates is linear, with round ticks around its values; it need not begin at 0, because it
// carries points and not bars. In: the values to hold, and the ends in px. Out: ticks, and the position of a value.

/** An axis from 1/limit to limit, and its ticks. */
interface Reach {
  readonly limit: number;
  readonly ticks: readonly number[];
}

const REACHES: readonly Reach[] = [
  { limit: 1.12, ticks: [0.9, 0.95, 1, 1.05, 1.1] },
  { limit: 1.27, ticks: [0.8, 0.9, 1, 1.1, 1.25] },
  { limit: 1.55, ticks: [0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5] },
  { limit: 2.1, ticks: [0.5, 0.7, 1, 1.4, 2] },
  { limit: 3.2, ticks: [0.33, 0.5, 0.7, 1, 1.4, 2, 3] },
  { limit: 5.3, ticks: [0.2, 0.5, 1, 2, 5] },
  { limit: 10.6, ticks: [0.1, 0.2, 0.5, 1, 2, 5, 10] },
  { limit: 21, ticks: [0.05, 0.2, 0.5, 1, 2, 5, 20] },
  { limit: 53, ticks: [0.02, 0.1, 0.3, 1, 3, 10, 50] },
];

const WIDEST: Reach = { limit: 106, ticks: [0.01, 0.1, 1, 10, 100] };

/** A position on the axis. Where the ratio is beyond an end, `side` names the end and x is there. */
export interface Position {
  readonly x: number;
  readonly side: "inside" | "left" | "right";
}

export interface LogAxis {
  readonly left: number;
  readonly right: number;
  readonly ticks: readonly number[];
  /** The position of a ratio; null, i.e. no limit, is beyond the end that `open` names. */
  readonly position: (ratio: number | null, open?: "left" | "right") => Position;
}

/** Room between a mark at the outermost ratio and the end of the axis. */
const INSET = 8;
/** Closer to the end than this, a mark would cross it. */
const MIN_ROOM = 6.5;

/** An axis from `left` to `right` px that holds these ratios; ratios beyond a hundredfold are beyond its ends. */
export function logAxis(ratios: readonly number[], left: number, right: number): LogAxis {
  const furthest = ratios.reduce((max, ratio) => Math.max(max, ratio, 1 / ratio), 1);
  const { limit, ticks } = REACHES.find((reach) => furthest <= reach.limit) ?? WIDEST;
  const center = (left + right) / 2;
  const scale = ((right - left) / 2 - INSET) / Math.log(limit);
  return {
    left,
    right,
    ticks,
    position(ratio, open = "right") {
      const x = ratio === null ? (open === "left" ? -Infinity : Infinity) : center + Math.log(ratio) * scale;
      if (x < left + MIN_ROOM) return { x: left, side: "left" };
      return x > right - MIN_ROOM ? { x: right, side: "right" } : { x, side: "inside" };
    },
  };
}

export interface LinearAxis {
  readonly ticks: readonly number[];
  /** The position of a value, in px. */
  readonly position: (value: number) => number;
}

const STEPS = [1, 2, 5, 10] as const;

/** An axis over these values, at least one, from `bottom` up to `top` px, with about `count` ticks. */
export function linearAxis(values: readonly number[], bottom: number, top: number, count: number): LinearAxis {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  // A single value gets a range of a tenth of itself.
  const spread = Math.max(max - min, max * 0.1, 1e-9);
  const raw = spread / count;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = magnitude * (STEPS.find((each) => each * magnitude >= raw) ?? 10);
  const from = Math.max(0, Math.floor((min + max - spread) / 2 / step));
  const to = Math.max(from + 1, Math.ceil((min + max + spread) / 2 / step));
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => (from + index) * step);
  return {
    ticks,
    position: (value) => bottom + ((value - from * step) / ((to - from) * step)) * (top - bottom),
  };
}
