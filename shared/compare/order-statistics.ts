// Order statistics of host values straight from a cell: nothing is expanded, the work is proportional to the number of
// bins and not to the number of hosts. In: the bins of one metric. Out: the lower ends LO and the upper ends HI of all
// host values as ordered multisets, and values at real ranks of them (statistics.md, section 4).

import { BIN_TICKS, type Bins } from "../cells/bins.ts";
import type { MetricCell } from "../cells/cell.ts";

/** Members of a histogram up to each of its bins. */
interface Cumulative {
  readonly first: number;
  readonly upTo: readonly number[];
  readonly total: number;
}

const NONE: Cumulative = { first: 0, upTo: [], total: 0 };

function cumulative({ first, counts }: Bins): Cumulative {
  if (counts.length === 0) return NONE;
  const upTo = counts.slice();
  let total = 0;
  for (let index = 0; index < upTo.length; index += 1) {
    total += upTo[index] ?? 0;
    upTo[index] = total;
  }
  return { first, upTo, total };
}

/** Members in a bin and all lower ones. */
function upToBin({ first, upTo, total }: Cumulative, bin: number): number {
  if (bin < first) return 0;
  return bin < first + upTo.length ? (upTo[bin - first] ?? 0) : total;
}

/**
 * A multiset of values in ticks, ascending: `below` members at -Infinity, then bin by bin exact members and bounds, the rest
 * at +Infinity. Bounds lie on one edge of their bins. So each bin has two places in the order of their values: in bin k
 * they are 2k and 2k + 1, bounds on the lower edge before the exact members, bounds on the upper edge behind them.
 */
interface OrderedMultiset {
  readonly size: number;
  readonly below: number;
  readonly exact: Cumulative;
  readonly bounds: Cumulative;
  readonly edge: "lower" | "upper";
  /** The exact members of a bin are spread evenly over so many ticks; with 0 all of them are on its centre. */
  readonly width: number;
  /** The first place, and the one behind the last. */
  readonly start: number;
  readonly end: number;
}

type Edge = OrderedMultiset["edge"];

function ordered(exact: Cumulative, bounds: Cumulative, edge: Edge, below: number, size: number): OrderedMultiset {
  const width = BIN_TICKS;
  const [first, last] = exact.total > 0 ? [exact, bounds] : [bounds, exact];
  let start = 2 * first.first;
  let end = 2 * (first.first + first.upTo.length);
  if (last.total > 0) {
    start = Math.min(start, 2 * last.first);
    end = Math.max(end, 2 * (last.first + last.upTo.length));
  }
  return { size, below, exact, bounds, edge, width, start, end };
}

/** The host values of a cell. */
export interface Ends {
  /** LO: every lower end. Finite bounds lie on the lower edge of their bin, so that they stay true; others at -Infinity. */
  readonly lower: OrderedMultiset;
  /** HI: every upper end, the mirror image: bounds on the upper edge, others at +Infinity. */
  readonly upper: OrderedMultiset;
  /** The exact values alone, each on the centre of its bin: what the outlier fences are made of (statistics.md, section 9). */
  readonly exact: OrderedMultiset;
}

/** The host values of a cell in order. Exact values are both ends, spread evenly over their bin. */
export function endsOf({ n, nx, x, l, u }: MetricCell): Ends {
  const exact = cumulative(x);
  const from = cumulative(l);
  const lower = ordered(exact, from, "lower", n - nx - from.total, n);
  const upper = nx === n ? lower : ordered(exact, cumulative(u), "upper", 0, n);
  return { lower, upper, exact: { ...ordered(exact, NONE, "lower", 0, nx), width: 0 } };
}

/** Whether the exact members of the bin have this place, and not the bounds. */
function isExact({ edge }: OrderedMultiset, place: number): boolean {
  return place % 2 === 0 ? edge === "upper" : edge === "lower";
}

/** Members up to and including a place. */
function upToPlace(values: OrderedMultiset, place: number): number {
  const { below, exact, bounds, edge } = values;
  const front = place >> 1; // rounds down, also below 0
  const back = (place - 1) >> 1;
  return edge === "lower"
    ? below + upToBin(bounds, front) + upToBin(exact, back)
    : below + upToBin(exact, front) + upToBin(bounds, back);
}

/** The centre of the exact members of a place, or the edge that its bounds lie on. Ascends with the place. */
function centreOf(values: OrderedMultiset, place: number): number {
  const centre = (place >> 1) * BIN_TICKS;
  if (isExact(values, place)) return centre;
  return values.edge === "lower" ? centre - BIN_TICKS / 2 : centre + BIN_TICKS / 2;
}

/** The first place with a property that all later ones have too; `end` when none has it. */
function firstPlace({ start, end }: OrderedMultiset, has: (place: number) => boolean): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (has(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How many members lie below a number of ticks, judged by the centre of their bin or the edge of a bound. */
export function countBelow(values: OrderedMultiset, ticks: number): number {
  return upToPlace(values, firstPlace(values, (place) => centreOf(values, place) >= ticks) - 1);
}

/** How many members lie above a number of ticks, judged likewise. */
export function countAbove(values: OrderedMultiset, ticks: number): number {
  return values.size - upToPlace(values, firstPlace(values, (place) => centreOf(values, place) > ticks) - 1);
}

/** The rank-th smallest member, rank from 1 to the size. */
function nthSmallest(values: OrderedMultiset, rank: number): number {
  const { size, below, end, width } = values;
  if (rank > size) throw new RangeError(`rank ${rank} in a multiset of ${size}`);
  if (rank <= below) return -Infinity;
  const place = firstPlace(values, (each) => upToPlace(values, each) >= rank);
  if (place === end) return Infinity;
  const centre = centreOf(values, place);
  if (!isExact(values, place)) return centre;
  const before = upToPlace(values, place - 1);
  const count = upToPlace(values, place) - before;
  // The j-th of c members, as an odd function of its place, so that mirrored cells give exactly mirrored values.
  return centre + (width * (2 * (rank - before) - 1 - count)) / (2 * count);
}

/** The value at a real rank: linear between neighbours; if just one of them is infinite, that infinity. */
function interpolate(rank: number, nth: (rank: number) => number): number {
  const whole = Math.floor(rank);
  const part = rank - whole;
  const here = nth(whole);
  if (part === 0 || !Number.isFinite(here)) return here;
  const next = nth(whole + 1);
  if (next === here || !Number.isFinite(next)) return next;
  return here * (1 - part) + next * part;
}

/** `at(S, r)` of statistics.md, section 4: the value at real rank r, 1 <= r <= size, counted from the smallest. */
export function at(values: OrderedMultiset, rank: number): number {
  return interpolate(rank, (whole) => nthSmallest(values, whole));
}

/**
 * `at(S, N + 1 - r)`: the value at real rank r counted from the largest. Counting from the other end, instead of
 * computing N + 1 - r, makes the two limits of an interval exact mirror images when the backends change places.
 */
export function atFromLargest(values: OrderedMultiset, rank: number): number {
  return interpolate(rank, (whole) => nthSmallest(values, values.size + 1 - whole));
}

/**
 * Quantile by Hazen's rule, rank N * percent / 100 + 0.5 (type 5 of Hyndman and Fan 1996), held within [1, N].
 * `percent` is an integer from 0 to 100, so that whole ranks come out whole. The multiset must not be empty.
 */
export function quantile(values: OrderedMultiset, percent: number): number {
  const rank = (percent * values.size) / 100 + 0.5;
  return at(values, Math.min(Math.max(rank, 1), values.size));
}
