// Order statistics of host values straight from a cell: nothing is expanded, the work is proportional to the number of
// bins and not to the number of hosts. In: the bins of one metric. Out: the lower ends LO and the upper ends HI of all
// host values as ordered multisets, and values at real ranks of them (statistics section 4).

import { BIN_TICKS } from "../cells/bin.ts";
import type { Bins, MetricCell } from "../cells/cell.ts";

/** `count` members spread evenly over `width` ticks around `centre`; a width of 0 puts all of them on the centre. */
interface Segment {
  readonly centre: number;
  readonly width: number;
  readonly count: number;
}

/** A multiset of values in ticks, ascending; members may be -Infinity or +Infinity. */
interface OrderedMultiset {
  readonly size: number;
  readonly segments: readonly Segment[];
}

function ordered(segments: Segment[]): OrderedMultiset {
  return {
    size: segments.reduce((sum, { count }) => sum + count, 0),
    segments: segments.filter(({ count }) => count > 0).sort((a, b) => a.centre - b.centre),
  };
}

/** One segment a bin, `shift` ticks off the centre of the bin, ascending. */
function segmentsOf(bins: Bins, width: number, shift = 0): Segment[] {
  // A typed array sorts numbers several times faster than a comparator does.
  const ascending = [...Int32Array.from([...bins.keys()]).sort()];
  return ascending.map((bin) => ({ centre: bin * BIN_TICKS + shift, width, count: bins.get(bin) ?? 0 }));
}

function total(bins: Bins): number {
  let sum = 0;
  for (const count of bins.values()) sum += count;
  return sum;
}

/** Both ends of the host values of a cell. Made once for each cell, since sorting its bins is most of the work. */
export interface Ends {
  /** LO: every lower end. Finite bounds lie on the lower edge of their bin, so that they stay true; others at -Infinity. */
  readonly lower: OrderedMultiset;
  /** HI: every upper end, the mirror image: bounds on the upper edge, others at +Infinity. */
  readonly upper: OrderedMultiset;
}

/** The ends of all n host values of a cell. Exact values are both ends, spread evenly over their bin. */
export function endsOf(cell: MetricCell): Ends {
  const exact = segmentsOf(cell.x, BIN_TICKS);
  const unknown = cell.n - cell.nx;
  const noLower = { centre: -Infinity, width: 0, count: unknown - total(cell.l) };
  const noUpper = { centre: Infinity, width: 0, count: unknown - total(cell.u) };
  return {
    lower: ordered([noLower, ...segmentsOf(cell.l, 0, -BIN_TICKS / 2), ...exact]),
    upper: ordered([...exact, ...segmentsOf(cell.u, 0, BIN_TICKS / 2), noUpper]),
  };
}

/** The exact values alone, each on the centre of its bin: what the outlier fences are made of (statistics section 9). */
export function exactCentres(cell: MetricCell): OrderedMultiset {
  return ordered(segmentsOf(cell.x, 0));
}

/** How many members satisfy a condition that does not change within a segment, judged on the segment's centre. */
export function countWhere(values: OrderedMultiset, condition: (centre: number) => boolean): number {
  return values.segments.reduce((sum, { centre, count }) => sum + (condition(centre) ? count : 0), 0);
}

/** The rank-th smallest member, rank from 1 to the size. */
function nthSmallest(values: OrderedMultiset, rank: number): number {
  let before = 0;
  for (const { centre, width, count } of values.segments) {
    // The j-th of c members, as an odd function of its place, so that mirrored cells give exactly mirrored values.
    if (rank <= before + count) return centre + (width * (2 * (rank - before) - 1 - count)) / (2 * count);
    before += count;
  }
  throw new RangeError(`rank ${rank} in a multiset of ${values.size}`);
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
