// The arithmetic of cells (statistics section 3): merging adds all fields, a changed host is subtracted and added again,
// and a pair read the other way round is the same pair mirrored. What vanishes leaves no trace, so equal states are
// equal values and have equal encodings, whatever way led to them.

import { METRIC_COUNT, METRIC_NAMES } from "../model/metrics.ts";
import type { Bins, Cell, MetricCell } from "./cell.ts";
import { CellFault } from "./cell-fault.ts";
import { BIN_FIELDS, COUNT_FIELDS, emptyMetricCell } from "./metric-cell.ts";

/** A cell without hosts. */
export function emptyCell(): Cell {
  return { hosts: 0, runs: 0, notes: new Map(), metrics: new Array<MetricCell | null>(METRIC_COUNT).fill(null) };
}

/** Whether a cell holds nothing, so that it need not be stored. */
export function isEmpty(cell: Cell): boolean {
  return (
    cell.hosts === 0 && cell.runs === 0 && cell.notes.size === 0 && cell.metrics.every((metric) => metric === null)
  );
}

/** Adds `from` to the accumulator `into`, which changes in place; `from` is left alone. Throws as `subtractCell` does. */
export function addCell(into: Cell, from: Cell): void {
  accumulate(into, from, 1);
}

/**
 * Takes `what` out of the accumulator `from`, which changes in place. Throws a CellFault when a count would fall below 0,
 * a number would no longer be a safe integer, or something would be left of a metric or a cell without hosts; the
 * accumulator is then of no further use.
 */
export function subtractCell(from: Cell, what: Cell): void {
  accumulate(from, what, -1);
  if (from.hosts === 0 && !isEmpty(from))
    throw new CellFault("head.hosts", "no hosts are left, but some of what they added");
}

/**
 * The other direction of a pair cell, c against b: every log-ratio changes its sign, so lower ends become upper ends. A
 * new cell; `cell` is left alone.
 */
export function flip(cell: Cell): Cell {
  return {
    hosts: cell.hosts,
    runs: cell.runs,
    notes: new Map(cell.notes),
    metrics: cell.metrics.map((metric) => metric && flipMetric(metric)),
  };
}

function accumulate(into: Cell, from: Cell, sign: 1 | -1): void {
  into.hosts = count(into.hosts + sign * from.hosts, "head", "hosts");
  into.runs = count(into.runs + sign * from.runs, "head", "runs");
  accumulateCounts(into.notes, from.notes, sign, (note) => `notes.${note}`);
  METRIC_NAMES.forEach((name, index) => {
    const added = from.metrics[index] ?? null;
    if (added === null) return;
    const metric = into.metrics[index] ?? emptyMetricCell();
    accumulateMetric(metric, added, sign, name);
    into.metrics[index] = metric.n === 0 ? null : metric;
  });
}

function accumulateMetric(into: MetricCell, from: MetricCell, sign: 1 | -1, name: string): void {
  for (const key of COUNT_FIELDS) into[key] = count(into[key] + sign * from[key], name, key);
  into.s1 = safe(into.s1 + sign * from.s1, name, "s1");
  for (const key of BIN_FIELDS) accumulateCounts(into[key], from[key], sign, (bin) => `${name}.${key}[${bin}]`);
  if (into.n === 0 && !isVoid(into)) throw new CellFault(`${name}.n`, "no hosts are left, but some of what they added");
}

function accumulateCounts<K>(
  into: Map<K, number>,
  from: Map<K, number>,
  sign: 1 | -1,
  field: (key: K) => string,
): void {
  for (const [key, amount] of from) {
    const sum = (into.get(key) ?? 0) + sign * amount;
    if (sum === 0) into.delete(key);
    else if (sum > 0 && Number.isSafeInteger(sum)) into.set(key, sum);
    else throw new CellFault(field(key), `must be a count, would be ${sum}`);
  }
}

function count(sum: number, owner: string, key: string): number {
  if (sum < 0) throw new CellFault(`${owner}.${key}`, `must not be negative, would be ${sum}`);
  return safe(sum, owner, key);
}

function safe(sum: number, owner: string, key: string): number {
  if (!Number.isSafeInteger(sum)) throw new CellFault(`${owner}.${key}`, `must be an exact integer, would be ${sum}`);
  return sum;
}

function isVoid(metric: MetricCell): boolean {
  return (
    metric.s1 === 0 &&
    COUNT_FIELDS.every((key) => metric[key] === 0) &&
    BIN_FIELDS.every((key) => metric[key].size === 0)
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

function mirror(bins: Bins): Bins {
  return new Map(Array.from(bins, ([bin, hosts]) => [0 - bin, hosts]));
}
