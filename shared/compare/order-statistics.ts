// Order statistics of host values straight from a cell. In: the bins of one metric. Out: the lower ends LO and the upper
// ends HI of all host values as ordered multisets, and values at real ranks of them (statistics.md, section 4). Nothing is
// expanded: the work is proportional to the number of bins and not to the number of hosts.

import { BIN_TICKS, type Bins } from "../cells/bins.ts";
import type { MetricCell } from "../cells/cell.ts";

/** The host values of a cell in order. */
export interface Ends {
  /** LO: every lower end. Finite bounds are on the lower edge of their bin, so that they stay true; others at -Infinity. */
  readonly lower: OrderedMultiset;
  /** HI: every upper end, the mirror image: bounds on the upper edge, others at +Infinity. */
  readonly upper: OrderedMultiset;
  /** The exact values alone, each on the center of its bin: the outlier fences are made from them (statistics.md, section 9). */
  readonly exact: OrderedMultiset;
}

/**
 * A multiset of values in ticks, ascending: `below` members at -Infinity, then bin by bin exact members and bounds, the rest
 * at +Infinity. Bounds are on one edge of their bins. So each bin has two slots in the order of their values: in bin k
 * they are 2k and 2k + 1, bounds on the lower edge before the exact members, bounds on the upper edge behind them.
 */
interface OrderedMultiset {
  readonly size: number;
  readonly below: number;
  readonly exact: Cumulative;
  readonly bounds: Cumulative;
  readonly edge: "lower" | "upper";
  /** The exact members of a bin are spread evenly over so many ticks; with 0 all of them are on its center. */
  readonly width: number;
  /** The first slot, and the one behind the last. */
  readonly start: number;
  readonly end: number;
}

/** Members of a histogram up to each of its bins. */
interface Cumulative {
  readonly first: number;
  readonly upTo: readonly number[];
  readonly total: number;
}

const NONE: Cumulative = { first: 0, upTo: [], total: 0 };

/** Puts the host values of a cell in order. Exact values are both ends, spread evenly over their bin. */
export function orderEnds({ n, nx, x, l, u }: MetricCell): Ends {
  const exact = cumulate(x);
  const from = cumulate(l);
  const lower = buildMultiset(exact, from, "lower", n - nx - from.total, n);
  const upper = nx === n ? lower : buildMultiset(exact, cumulate(u), "upper", 0, n);
  return { lower, upper, exact: { ...buildMultiset(exact, NONE, "lower", 0, nx), width: 0 } };
}

function cumulate({ first, counts }: Bins): Cumulative {
  if (counts.length === 0) return NONE;
  const upTo = counts.slice();
  let total = 0;
  for (let index = 0; index < upTo.length; index += 1) {
    total += upTo[index] ?? 0;
    upTo[index] = total;
  }
  return { first, upTo, total };
}

function buildMultiset(
  exact: Cumulative,
  bounds: Cumulative,
  edge: OrderedMultiset["edge"],
  below: number,
  size: number,
): OrderedMultiset {
  const [first, last] = exact.total > 0 ? [exact, bounds] : [bounds, exact];
  let start = 2 * first.first;
  let end = 2 * (first.first + first.upTo.length);
  if (last.total > 0) {
    start = Math.min(start, 2 * last.first);
    end = Math.max(end, 2 * (last.first + last.upTo.length));
  }
  return { size, below, exact, bounds, edge, width: BIN_TICKS, start, end };
}

/**
 * Quantile by Hazen's rule, rank N * percent / 100 + 0.5 (type 5 of Hyndman and Fan 1996), held within [1, N].
 * `percent` is an integer from 0 to 100, so that whole ranks come out whole. The multiset must not be empty.
 */
export function quantile(values: OrderedMultiset, percent: number): number {
  const rank = (percent * values.size) / 100 + 0.5;
  return at(values, Math.min(Math.max(rank, 1), values.size));
}

/** `at(S, r)` of statistics.md, section 4: the value at real rank r, 1 <= r <= size, counted from the smallest. */
export function at(values: OrderedMultiset, rank: number): number {
  return interpolate(rank, (whole) => nthSmallest(values, whole));
}

/**
 * `at(S, N + 1 - r)`: the value at real rank r counted from the largest. Counting from the other end, instead of
 * computing N + 1 - r, makes the two limits of an interval exact mirror images when the backends are exchanged.
 */
export function atFromLargest(values: OrderedMultiset, rank: number): number {
  return interpolate(rank, (whole) => nthSmallest(values, values.size + 1 - whole));
}

/** The value at a real rank: linear between neighbors; if just one of them is infinite, that infinity. */
function interpolate(rank: number, nth: (rank: number) => number): number {
  const whole = Math.floor(rank);
  const part = rank - whole;
  const here = nth(whole);
  if (part === 0 || !Number.isFinite(here)) return here;
  const next = nth(whole + 1);
  if (next === here || !Number.isFinite(next)) return next;
  return here * (1 - part) + next * part;
}

/** The rank-th smallest member, rank from 1 to the size. */
function nthSmallest(values: OrderedMultiset, rank: number): number {
  const { size, below, end, width } = values;
  if (rank > size) throw new RangeError(`rank ${rank} in a multiset of ${size}`);
  if (rank <= below) return -Infinity;
  const slot = firstSlot(values, (each) => countUpTo(values, each) >= rank);
  if (slot === end) return Infinity;
  const center = slotCenter(values, slot);
  if (!isExact(values, slot)) return center;
  const before = countUpTo(values, slot - 1);
  const count = countUpTo(values, slot) - before;
  // The j-th of c members, as an odd function of its position, so that mirrored cells give exactly mirrored values.
  return center + (width * (2 * (rank - before) - 1 - count)) / (2 * count);
}

/** How many members are below a number of ticks, judged by the center of their bin or the edge of a bound. */
export function countBelow(values: OrderedMultiset, ticks: number): number {
  return countUpTo(values, firstSlot(values, (slot) => slotCenter(values, slot) >= ticks) - 1);
}

/** How many members are above a number of ticks, judged in the same way. */
export function countAbove(values: OrderedMultiset, ticks: number): number {
  return values.size - countUpTo(values, firstSlot(values, (slot) => slotCenter(values, slot) > ticks) - 1);
}

/** The first slot with a property that all later ones have too; `end` when no slot has it. */
function firstSlot({ start, end }: OrderedMultiset, has: (slot: number) => boolean): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (has(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The center of the exact members of a slot, or the edge that its bounds are on. Ascends with the slot. */
function slotCenter(values: OrderedMultiset, slot: number): number {
  const center = (slot >> 1) * BIN_TICKS;
  if (isExact(values, slot)) return center;
  return values.edge === "lower" ? center - BIN_TICKS / 2 : center + BIN_TICKS / 2;
}

/** Whether the slot holds the exact members of its bin, and not the bounds. */
function isExact({ edge }: OrderedMultiset, slot: number): boolean {
  return slot % 2 === 0 ? edge === "upper" : edge === "lower";
}

/** Members up to and including a slot. */
function countUpTo(values: OrderedMultiset, slot: number): number {
  const { below, exact, bounds, edge } = values;
  const front = slot >> 1; // rounds down, also below 0
  const back = (slot - 1) >> 1;
  return edge === "lower"
    ? below + countUpToBin(bounds, front) + countUpToBin(exact, back)
    : below + countUpToBin(exact, front) + countUpToBin(bounds, back);
}

/** Members in a bin and all lower ones. */
function countUpToBin({ first, upTo, total }: Cumulative, bin: number): number {
  if (bin < first) return 0;
  return bin < first + upTo.length ? (upTo[bin - first] ?? 0) : total;
}
