// The arithmetic of cells (statistics.md, section 3): merging adds all fields, a changed host is subtracted and added again,
// and a pair read the other way round is the same pair mirrored. What vanishes leaves no trace, so equal states are
// equal values and have equal encodings, whatever way led to them.

import { QUANTITY_COUNT, QUANTITY_NAMES } from "./quantities.ts";
import { addBins, mirror, subtractBins } from "./bins.ts";
import type { Cell, MetricCell } from "./cell.ts";
import { CellFault } from "./cell-fault.ts";
import { BIN_FIELDS, COUNT_FIELDS, emptyMetricCell } from "./metric-cell.ts";

/** A cell without hosts. */
export function emptyCell(): Cell {
  return { hosts: 0, runs: 0, notes: new Map(), metrics: new Array<MetricCell | null>(QUANTITY_COUNT).fill(null) };
}

/** Whether a cell holds nothing, so that it need not be stored. */
export function isEmpty(cell: Cell): boolean {
  return (
    cell.hosts === 0 && cell.runs === 0 && cell.notes.size === 0 && cell.metrics.every((metric) => metric === null)
  );
}

/**
 * Adds `from` to the accumulator `into`, which changes in place; `from` is left alone. Throws a CellFault when a sum is no
 * safe integer any more; the accumulator is then of no further use. For cells that are stored; see `mergeCell` for others.
 */
export function addCell(into: Cell, from: Cell): void {
  accumulate(into, from, 1, exact);
}

/**
 * Adds `from` to a sum that is only read and never stored, e.g. over periods. From about 900 000 host results on the sums
 * of squares leave the exact integers; here they then go on as doubles, wrong by one part in 2^53 for each cell added,
 * which no standard deviation shows. Counts and bins stay exact.
 */
export function mergeCell(into: Cell, from: Cell): void {
  accumulate(into, from, 1, (sum) => sum);
}

/**
 * Takes `what` out of the accumulator `from`, which changes in place. Throws a CellFault when a count would fall below 0,
 * a number would no longer be a safe integer, or something would be left of a metric or a cell without hosts; the
 * accumulator is then of no further use.
 */
export function subtractCell(from: Cell, what: Cell): void {
  accumulate(from, what, -1, exact);
  if (from.hosts === 0 && !isEmpty(from))
    throw new CellFault("head.hosts", "no hosts are left, but some of what they added");
}

/**
 * The other direction of a pair cell, c against b: every log-ratio changes its sign, so lower ends become upper ends. A
 * new cell; `cell` is left alone.
 */
export function flip(cell: Cell): Cell {
  return { ...cell, notes: new Map(cell.notes), metrics: cell.metrics.map((metric) => metric && flipMetric(metric)) };
}

/** Lets a sum pass, or throws. The names are put together only when it does. */
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
  // One by one, not in a loop over the names of the fields: every host of every batch comes through here.
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
  if (into.n === 0 && !isVoid(into)) throw new CellFault(`${name}.n`, "no hosts are left, but some of what they added");
}

/** The check of what is stored: safe integers, and only `s1`, a sum of signed values, may be below 0. */
function exact(sum: number, owner: string, field: string): number {
  if (sum < 0 && field !== "s1") throw new CellFault(`${owner}.${field}`, `must not be negative, would be ${sum}`);
  if (!Number.isSafeInteger(sum)) {
    throw new CellFault(`${owner}.${field}`, `must be an exact integer, would be ${sum}`);
  }
  return sum;
}

function isVoid(metric: MetricCell): boolean {
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
    x: mirror(metric.x),
    l: mirror(metric.u),
    u: mirror(metric.l),
  };
}
