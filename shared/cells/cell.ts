// Cells: the mergeable state behind every comparison. A cell adds up the contributions of many hosts in integers only, so that
// merging, subtracting and recomputing agree to the last bit: merging adds all fields, a changed host is subtracted and added
// again, and a pair read in the other direction is the same pair mirrored. A field that reaches 0 leaves no trace, so equal
// states are equal values with equal encodings, in whatever order the hosts were added. One type serves pair cells and value
// cells. Source: statistics.md, section 3.

import type { View } from "../run/run.ts";
import { addBins, type Bins, emptyBins, mirrorBins, subtractBins } from "./bins.ts";
import { QUANTITY_COUNT, QUANTITY_NAMES } from "./quantities.ts";
import { CellError } from "./varint.ts";

/**
 * A cell: a head that counts hosts, and one entry for each quantity, null if no host has it. Efficiencies are in pair cells
 * only: no query needs the efficiencies of one backend, and they would double the cells that every query reads.
 */
export interface Cell {
  /** Hosts behind the cell with any metric at all. */
  hosts: number;
  /** Runs of those hosts, both sides. */
  runs: number;
  /**
   * Hosts by note, counts above 0 only. In backend cells e.g. `cached` (a run that is cached or probably-cached),
   * `cached:C1` (by rule), `small_file`, `bound_mismatch` and `cached+phy` (also on phy, `noteOnBoth`); in pair cells
   * `low_cpu:put_block` (by metric).
   */
  notes: Map<string, number>;
  /** In the order of the quantities, `QUANTITY_COUNT` entries. */
  metrics: (MetricCell | null)[];
}

/**
 * One quantity of a cell. All fields are integers; each host adds at most one value.
 * Pair cell of backends b < c (alphabetically): d is the host's log-ratio of c over b in ticks.
 * Value cell of one backend: d is the host value; `nb`, `pos`, `neg` stay 0 and `u` stays empty.
 */
export interface MetricCell {
  /** Hosts. */
  n: number;
  /** Hosts whose d is exact. */
  nx: number;
  /** Hosts too fast to measure on both sides: d in (-inf, +inf). */
  nb: number;
  /** Hosts with certain sign: c faster. */
  pos: number;
  /** Hosts with certain sign: c slower. */
  neg: number;
  /** Sum of d over exact hosts, in ticks. */
  s1: number;
  /** Sum of d squared over exact hosts, in ticks^2. */
  s2: number;
  /** Run-to-run noise, in ticks^2, and its weight; see statistics.md, section 3 for the two meanings. */
  wv: number;
  wn: number;
  /** Hosts with only one run on a side. */
  one: number;
  /** Runs behind this metric. */
  runs: number;
  /** Bins of exact d. */
  x: Bins;
  /** Bins of finite lower ends of hosts that are not exact. */
  l: Bins;
  /** Bins of finite upper ends of hosts that are not exact. */
  u: Bins;
}

/** What a cell is about: a pair of backends, one backend, or the whole fleet (head only). */
export type CellKind = "pair" | "backend" | "fleet";

/** The scope of a cell: `ALL`, where a host has one vote over its strata, or one stratum. */
export const SCOPE_ALL = "ALL";

/** A cell without hosts. */
export function emptyCell(): Cell {
  return { hosts: 0, runs: 0, notes: new Map(), metrics: new Array<MetricCell | null>(QUANTITY_COUNT).fill(null) };
}

/** Whether a cell contains nothing, so that it need not be stored. */
export function isEmptyCell(cell: Cell): boolean {
  return (
    cell.hosts === 0 && cell.runs === 0 && cell.notes.size === 0 && cell.metrics.every((metric) => metric === null)
  );
}

/**
 * Adds `from` to the accumulator `into`, which changes in place; `from` is not changed. Throws a CellError if a sum is no
 * longer a safe integer; the accumulator must not be used after that. For cells that are stored; see `mergeCell` for others.
 */
export function addCell(into: Cell, from: Cell): void {
  accumulate(into, from, 1, checkExact);
}

/**
 * Adds `from` to a sum that is only read and never stored, e.g. over periods. Above about 900 000 host results the sums of
 * squares exceed the exact integers; here they become doubles, wrong by one part in 2^53 for each cell added, which is
 * invisible in a standard deviation. Counts and bins stay exact.
 */
export function mergeCell(into: Cell, from: Cell): void {
  accumulate(into, from, 1, (sum) => sum);
}

/**
 * Subtracts `what` from the accumulator `from`, which changes in place. Throws a CellError if a count would fall below 0,
 * a number would no longer be a safe integer, or something would remain in a metric or a cell without hosts; the
 * accumulator must not be used after that.
 */
export function subtractCell(from: Cell, what: Cell): void {
  accumulate(from, what, -1, checkExact);
  if (from.hosts === 0 && !isEmptyCell(from))
    throw new CellError("head.hosts", "no hosts are left, but some of what they added");
}

/**
 * Returns a pair cell in the other direction, c against b: every log-ratio changes its sign, so lower ends become upper
 * ends. `cell` is not changed.
 */
export function flip(cell: Cell): Cell {
  return { ...cell, notes: new Map(cell.notes), metrics: cell.metrics.map((metric) => metric && flipMetric(metric)) };
}

/** A metric cell without hosts, to be filled. */
export function emptyMetricCell(): MetricCell {
  return {
    n: 0,
    nx: 0,
    nb: 0,
    pos: 0,
    neg: 0,
    s1: 0,
    s2: 0,
    wv: 0,
    wn: 0,
    one: 0,
    runs: 0,
    x: emptyBins(),
    l: emptyBins(),
    u: emptyBins(),
  };
}

/** The numbers of a metric cell that never fall below 0: all but `s1`, the sum of signed values. */
const COUNT_FIELDS = ["n", "nx", "nb", "pos", "neg", "s2", "wv", "wn", "one", "runs"] as const;

/** The histograms of a metric cell. */
const BIN_FIELDS = ["x", "l", "u"] as const;

/** Returns a sum, or throws. The name of the field is put together only for the error. */
type Check = (sum: number, owner: string, field: string) => number;

function accumulate(into: Cell, from: Cell, sign: 1 | -1, check: Check): void {
  into.hosts = check(into.hosts + sign * from.hosts, "head", "hosts");
  into.runs = check(into.runs + sign * from.runs, "head", "runs");
  for (const [note, hosts] of from.notes) {
    const sum = check((into.notes.get(note) ?? 0) + sign * hosts, "notes", note);
    if (sum === 0) into.notes.delete(note);
    else into.notes.set(note, sum);
  }
  QUANTITY_NAMES.forEach((name, index) => {
    const added = from.metrics[index] ?? null;
    if (added === null) return;
    const metric = into.metrics[index] ?? emptyMetricCell();
    accumulateMetric(metric, added, sign, check, name);
    into.metrics[index] = metric.n === 0 ? null : metric;
  });
}

function accumulateMetric(into: MetricCell, from: MetricCell, sign: 1 | -1, check: Check, name: string): void {
  // One by one, not in a loop over the names of the fields: this runs for every host of every batch.
  into.n = check(into.n + sign * from.n, name, "n");
  into.nx = check(into.nx + sign * from.nx, name, "nx");
  into.nb = check(into.nb + sign * from.nb, name, "nb");
  into.pos = check(into.pos + sign * from.pos, name, "pos");
  into.neg = check(into.neg + sign * from.neg, name, "neg");
  into.s2 = check(into.s2 + sign * from.s2, name, "s2");
  into.wv = check(into.wv + sign * from.wv, name, "wv");
  into.wn = check(into.wn + sign * from.wn, name, "wn");
  into.one = check(into.one + sign * from.one, name, "one");
  into.runs = check(into.runs + sign * from.runs, name, "runs");
  into.s1 = check(into.s1 + sign * from.s1, name, "s1");
  for (const field of BIN_FIELDS) {
    if (sign === 1) addBins(into[field], from[field]);
    else subtractBins(into[field], from[field], `${name}.${field}`);
  }
  if (into.n === 0 && !isEmptyMetric(into))
    throw new CellError(`${name}.n`, "no hosts are left, but some of what they added");
}

/** The check for stored cells: safe integers, and only `s1`, a sum of signed values, may be below 0. */
function checkExact(sum: number, owner: string, field: string): number {
  if (sum < 0 && field !== "s1") throw new CellError(`${owner}.${field}`, `must not be negative, would be ${sum}`);
  if (!Number.isSafeInteger(sum)) {
    throw new CellError(`${owner}.${field}`, `must be an exact integer, would be ${sum}`);
  }
  return sum;
}

function isEmptyMetric(metric: MetricCell): boolean {
  return (
    metric.s1 === 0 &&
    COUNT_FIELDS.every((field) => metric[field] === 0) &&
    BIN_FIELDS.every((field) => metric[field].counts.length === 0)
  );
}

function flipMetric(metric: MetricCell): MetricCell {
  return {
    ...metric,
    pos: metric.neg,
    neg: metric.pos,
    s1: 0 - metric.s1, // never -0
    x: mirrorBins(metric.x),
    l: mirrorBins(metric.u),
    u: mirrorBins(metric.l),
  };
}

// Both views of something: without cached runs (`trusted`), and with all runs. Most hosts have no cached runs; both views
// then are the same object, and what is computed from them is computed once.

/** A value in each view. */
export class BothViews<T> implements Readonly<Record<View, T>> {
  readonly trusted: T;
  readonly all: T;

  /** Without `all`, both views are the same. */
  constructor(trusted: T, all: T = trusted) {
    this.trusted = trusted;
    this.all = all;
  }

  /** Whether both views are one and the same object; two equal objects are not. */
  get areSame(): boolean {
    return this.trusted === this.all;
  }

  /** Computes something from each view, once if both are the same. */
  map<U>(compute: (value: T, view: View) => U): BothViews<U> {
    const trusted = compute(this.trusted, "trusted");
    return new BothViews(trusted, this.areSame ? trusted : compute(this.all, "all"));
  }

  /** Two values as a pair in each view, which is the same pair if both values are the same in both views. */
  static zip<T, U>(first: BothViews<T>, second: BothViews<U>): BothViews<readonly [T, U]> {
    const trusted = [first.trusted, second.trusted] as const;
    return new BothViews(trusted, first.areSame && second.areSame ? trusted : [first.all, second.all]);
  }

  /** Several values as a list in each view, which is the same list if every value is the same in both views. */
  static listOf<T>(values: readonly BothViews<T>[]): BothViews<readonly T[]> {
    const trusted = values.map((value) => value.trusted);
    return new BothViews(trusted, values.every((value) => value.areSame) ? trusted : values.map((value) => value.all));
  }
}
