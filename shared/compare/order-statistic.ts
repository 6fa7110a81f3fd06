// Order statistics of host values straight from a cell: nothing is expanded, the work is proportional to the number of
// bins and not to the number of hosts. In: the bins of one metric. Out: the lower ends LO and the upper ends HI of all
// host values as ordered multisets, and values at real ranks of them (statistics section 4).

import { BIN_TICKS, type Bins, emptyBins, totalOf } from "../cells/bins.ts";
import type { MetricCell } from "../cells/cell.ts";

/** Which edge of its bin a bound lies on. */
type Edge = "lower" | "upper";

/**
 * A multiset of values in ticks, ascending: `below` members at -Infinity, then bin by bin exact members and bounds, the rest
 * at +Infinity. Two places for each bin, in the order of their values: bounds on the lower edge come before the exact
 * members of a bin, bounds on the upper edge behind them.
 */
interface OrderedMultiset {
  readonly size: number;
  readonly below: number;
  /** The bin of the first two places. */
  readonly first: number;
  readonly edge: Edge;
  /** The exact members of a bin are spread evenly over so many ticks; with 0 all of them are on its centre. */
  readonly width: number;
  /** By place: members up to and including it. */
  readonly upTo: Float64Array;
}

/** Counts the members up to each place once, so that every rank is found by bisection. */
function ordered(exact: Bins, bounds: Bins, edge: Edge, below: number, size: number): OrderedMultiset {
  const used = [exact, bounds].filter(({ counts }) => counts.length > 0);
  const first = used.length === 0 ? 0 : Math.min(...used.map((bins) => bins.first));
  const end = used.length === 0 ? 0 : Math.max(...used.map((bins) => bins.first + bins.counts.length));
  const upTo = new Float64Array(2 * (end - first));
  putCounts(upTo, exact, 2 * (exact.first - first) + (edge === "lower" ? 1 : 0));
  putCounts(upTo, bounds, 2 * (bounds.first - first) + (edge === "lower" ? 0 : 1));
  let sum = below;
  for (let place = 0; place < upTo.length; place += 1) {
    sum += upTo[place] ?? 0;
    upTo[place] = sum;
  }
  return { size, below, first, edge, width: BIN_TICKS, upTo };
}

/** Writes the counts to every second place from `start` on. */
function putCounts(places: Float64Array, { counts }: Bins, start: number): void {
  for (let index = 0; index < counts.length; index += 1) places[start + 2 * index] = counts[index] ?? 0;
}

/** The host values of a cell. */
export interface Ends {
  /** LO: every lower end. Finite bounds lie on the lower edge of their bin, so that they stay true; others at -Infinity. */
  readonly lower: OrderedMultiset;
  /** HI: every upper end, the mirror image: bounds on the upper edge, others at +Infinity. */
  readonly upper: OrderedMultiset;
  /** The exact values alone, each on the centre of its bin: what the outlier fences are made of (statistics section 9). */
  readonly exact: OrderedMultiset;
}

/** The host values of a cell in order. Exact values are both ends, spread evenly over their bin. */
export function endsOf({ n, nx, x, l, u }: MetricCell): Ends {
  const lower = ordered(x, l, "lower", n - nx - totalOf(l), n);
  if (nx === n) return { lower, upper: lower, exact: { ...lower, width: 0 } };
  const upper = ordered(x, u, "upper", 0, n);
  return { lower, upper, exact: { ...ordered(x, emptyBins(), "lower", 0, nx), width: 0 } };
}

function isExact({ edge }: OrderedMultiset, place: number): boolean {
  return (place % 2 === 1) === (edge === "lower");
}

/** The centre of the exact members of a place, or the edge that its bounds lie on. Ascends with the place. */
function centreOf(values: OrderedMultiset, place: number): number {
  const centre = (values.first + Math.floor(place / 2)) * BIN_TICKS;
  if (isExact(values, place)) return centre;
  return values.edge === "lower" ? centre - BIN_TICKS / 2 : centre + BIN_TICKS / 2;
}

/** The first place with a property that all later ones have too; the number of places when none has it. */
function firstPlace({ upTo }: OrderedMultiset, has: (place: number) => boolean): number {
  let low = 0;
  let high = upTo.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (has(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Members before a place. */
function before({ below, upTo }: OrderedMultiset, place: number): number {
  return upTo[place - 1] ?? below;
}

/** How many members lie below a number of ticks, judged by the centre of their bin or the edge of a bound. */
export function countBelow(values: OrderedMultiset, ticks: number): number {
  return before(
    values,
    firstPlace(values, (place) => centreOf(values, place) >= ticks),
  );
}

/** How many members lie above a number of ticks, judged likewise. */
export function countAbove(values: OrderedMultiset, ticks: number): number {
  const place = firstPlace(values, (each) => centreOf(values, each) > ticks);
  return values.size - before(values, place);
}

/** The rank-th smallest member, rank from 1 to the size. */
function nthSmallest(values: OrderedMultiset, rank: number): number {
  const { size, below, upTo, width } = values;
  if (rank > size) throw new RangeError(`rank ${rank} in a multiset of ${size}`);
  if (rank <= below) return -Infinity;
  const place = firstPlace(values, (each) => (upTo[each] ?? 0) >= rank);
  if (place === upTo.length) return Infinity;
  const centre = centreOf(values, place);
  if (!isExact(values, place)) return centre;
  const count = before(values, place + 1) - before(values, place);
  // The j-th of c members, as an odd function of its place, so that mirrored cells give exactly mirrored values.
  return centre + (width * (2 * (rank - before(values, place)) - 1 - count)) / (2 * count);
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

/** `at(S, r)` of statistics section 4: the value at real rank r, 1 <= r <= size, counted from the smallest. */
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
