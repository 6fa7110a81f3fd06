// Cells from explicit host values, written from statistics.md, section 3, independently of shared/cells.

import { addBins, type Bins, emptyBins } from "../../shared/cells/bins.ts";
import type { Cell, MetricCell } from "../../shared/cells/cell.ts";
import { QUANTITY_NAMES, type QuantityName } from "../../shared/cells/quantities.ts";
import type { ComparisonInput } from "../../shared/compare/compare.ts";
import type { ComparisonQuery } from "../../shared/compare/comparison.ts";
import type { Merged } from "../../shared/compare/merged-cells.ts";
import type { Backend } from "../../shared/run/backends.ts";

/** A host value in ticks: a number when exact, else [lo, hi] with infinite ends where nothing is known. */
export type Host = number | readonly [number, number];

export const UNKNOWN_HOST: Host = [-Infinity, Infinity];

/** Ticks of a ratio or rate. */
export function ticks(value: number): number {
  return Math.round(1e4 * Math.log(value)); // no test value is on a half
}

function add(bins: Bins, value: number): void {
  const bin = Math.sign(value) * Math.floor(Math.abs(value) / 50 + 0.5) + 0;
  addBins(bins, { first: bin, counts: [1] });
}

/** The metric cell of these hosts; `more` sets fields that values do not determine. */
export function metricCellOf(hosts: readonly Host[], more: Partial<MetricCell> = {}): MetricCell {
  const cell: MetricCell = {
    n: hosts.length,
    nx: 0,
    nb: 0,
    pos: 0,
    neg: 0,
    s1: 0,
    s2: 0,
    wv: 0,
    wn: 0,
    one: 0,
    runs: 6 * hosts.length,
    x: emptyBins(),
    l: emptyBins(),
    u: emptyBins(),
  };
  for (const host of hosts) {
    if (typeof host === "number") {
      cell.nx += 1;
      cell.s1 += host;
      cell.s2 += host * host;
      if (host > 0) cell.pos += 1;
      if (host < 0) cell.neg += 1;
      add(cell.x, host);
      continue;
    }
    const [lo, hi] = host;
    if (lo === -Infinity && hi === Infinity) cell.nb += 1;
    if (lo >= 0) cell.pos += 1;
    else if (hi <= 0) cell.neg += 1;
    if (lo > -Infinity) add(cell.l, lo);
    if (hi < Infinity) add(cell.u, hi);
  }
  return { ...cell, ...more };
}

/** A cell with the given metrics. */
export function cellOf(
  metrics: Partial<Record<QuantityName, MetricCell>>,
  notes: Readonly<Record<string, number>> = {},
): Cell {
  const present = Object.values(metrics);
  return {
    hosts: Math.max(0, ...present.map(({ n }) => n)),
    runs: Math.max(0, ...present.map(({ runs }) => runs)),
    notes: new Map(Object.entries(notes)),
    metrics: QUANTITY_NAMES.map((name) => metrics[name] ?? null),
  };
}

/** One period's cell as merged cells. */
export function onePeriod(cell: Cell): Merged {
  return { cell, nEff: cell.metrics.map((metric) => metric?.n ?? 0), headHosts: cell.hosts };
}

/** The cells of one metric. */
export function put(hosts: readonly Host[], more: Partial<MetricCell> = {}): Merged {
  return onePeriod(cellOf({ put_block: metricCellOf(hosts, more) }));
}

export function query(baseline: Backend, candidate: Backend, more: Partial<ComparisonQuery> = {}): ComparisonQuery {
  return { baseline, candidate, periods: ["all"], view: "trusted", filters: {}, margin: 0.03, metrics: [], ...more };
}

/** An input about blktap2 against loop from cells by scope; `loop` is the later name, so pairs are loop over blktap2. */
export function input(more: Partial<ComparisonInput> = {}): ComparisonInput {
  return {
    query: query("blktap2", "loop"),
    asOf: "2026-11-22T12:00:00.000Z",
    pendingHosts: 0,
    pair: new Map(),
    baselineValues: new Map(),
    candidateValues: new Map(),
    pairAsReported: null,
    ...more,
  };
}
