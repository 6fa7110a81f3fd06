// The cells of one cohort in one period, and of several together: added over shards, and remembered under the stamp they were
// read with, so that what has not changed since is not read again.

import type { Cell } from "../../shared/cells/cell.ts";
import { mergeEncoded } from "../../shared/cells/codec.ts";
import { emptyCell, mergeCell } from "../../shared/cells/merge.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import type { View } from "../../shared/model/view.ts";
import { efficiencyName, placeOf } from "../../shared/cells/quantities.ts";
import { encodedView, hasTwoViews } from "./cell-item.ts";
import { type Item, textOf } from "./item.ts";
import type { Memory } from "./memory.ts";
import { partition, queryAll, type Table } from "./table.ts";

/** The cells of one cohort by scope, added over shards; they are shared, and must not be changed. */
export interface CohortCells {
  readonly views: Readonly<Record<View, ReadonlyMap<string, Cell>>>;
  readonly writtenAt: string | null;
}

/** One map for both views: they are alike, and not added up twice. */
const NO_CELLS: ReadonlyMap<string, Cell> = new Map();
const NOTHING: CohortCells = { views: { trusted: NO_CELLS, all: NO_CELLS }, writtenAt: null };

/** A table, and what of it is kept in the process. */
export interface RememberedTable {
  readonly table: Table;
  readonly remembered: Memory<CohortCells>;
}

/** The cells of one range, read unless they are remembered. A cohort without a stamp has none. */
export async function cohortCells(
  { table, remembered }: RememberedTable,
  pk: string,
  prefix: string,
  metrics: readonly MetricName[],
  stamp: string | undefined,
): Promise<CohortCells> {
  if (stamp === undefined) return NOTHING;
  return remembered.recall(`${pk} ${prefix} ${metrics.join()}`, stamp, async () => {
    // Consistently: cells older than their stamp would be believed for as long as the stamp stands.
    const items = await queryAll(table, { ...partition(pk, prefix), ConsistentRead: true });
    const wanted = wantedPlaces(metrics);
    const trusted = addUp(items, "trusted", wanted);
    const all = items.some(hasTwoViews) ? addUp(items, "all", wanted) : trusted;
    const value = { views: { trusted, all }, writtenAt: latest(items.map((item) => textOf(item, "at"))) };
    return { value, bytes: sizeOf(trusted) + (all === trusted ? 0 : sizeOf(all)) };
  });
}

/** What cells take in memory, about: a cell itself, each quantity in it, and each count of a histogram. */
const CELL_BYTES = 500;
const QUANTITY_BYTES = 500;
const COUNT_BYTES = 8;

/** Measured on what is kept: few hosts far apart have short items and long histograms. */
function sizeOf(scopes: ReadonlyMap<string, Cell>): number {
  let bytes = 0;
  for (const { metrics } of scopes.values()) {
    bytes += CELL_BYTES;
    for (const metric of metrics) {
      if (metric === null) continue;
      const { x, l, u } = metric;
      bytes += QUANTITY_BYTES + COUNT_BYTES * (x.counts.length + l.counts.length + u.counts.length);
    }
  }
  return bytes;
}

/** The last of some times. */
export function latest(times: readonly (string | null)[]): string | null {
  return times.reduce((last, time) => (last === null || (time !== null && time > last) ? time : last), null);
}

/** Where the rates and efficiencies of metrics are in a cell; undefined for all. */
function wantedPlaces(metrics: readonly MetricName[]): ReadonlySet<number> | undefined {
  if (metrics.length === 0) return undefined;
  return new Set(metrics.flatMap((metric) => [placeOf(metric), placeOf(efficiencyName(metric))]));
}

/** Stored cells by scope, added over shards. */
function addUp(items: readonly Item[], view: View, wanted: ReadonlySet<number> | undefined): ReadonlyMap<string, Cell> {
  const scopes = new Map<string, Cell>();
  for (const item of items) {
    const scope = textOf(item, "sk").split("#")[3] ?? "";
    const cell = scopes.get(scope) ?? emptyCell();
    const bytes = encodedView(item, view);
    if (bytes !== null) mergeEncoded(cell, bytes, wanted);
    scopes.set(scope, cell);
  }
  return scopes;
}

/** A sum over cohorts of one period. */
export interface CohortSum {
  add(cells: CohortCells): void;
  /** The sum of all that was added; of one cohort its very cells. */
  total(): CohortCells;
}

/** A sum to which cohorts are added in any order, one after the other, so that a thousand of them take no more room than two. */
export function sumOverCohorts(): CohortSum {
  let total: CohortCells = NOTHING;
  let added = 0;
  let trusted = new Map<string, Cell>();
  /** The same map as long as no cohort has cached runs: then the views are one sum. */
  let all = trusted;
  return {
    add: (cells) => {
      added += 1;
      if (added === 1) {
        total = cells;
        return;
      }
      if (added === 2) {
        trusted = sumOf(total.views.trusted);
        all = areAlike(total) ? trusted : sumOf(total.views.all);
      }
      if (all === trusted && !areAlike(cells)) all = sumOf(trusted);
      addScopes(trusted, cells.views.trusted);
      if (all !== trusted) addScopes(all, cells.views.all);
      total = { views: { trusted, all }, writtenAt: latest([total.writtenAt, cells.writtenAt]) };
    },
    total: () => total,
  };
}

const areAlike = ({ views }: CohortCells): boolean => views.all === views.trusted;

function sumOf(scopes: ReadonlyMap<string, Cell>): Map<string, Cell> {
  const sum = new Map<string, Cell>();
  addScopes(sum, scopes);
  return sum;
}

function addScopes(to: Map<string, Cell>, scopes: ReadonlyMap<string, Cell>): void {
  for (const [scope, cell] of scopes) {
    const sum = to.get(scope) ?? emptyCell();
    mergeCell(sum, cell);
    to.set(scope, sum);
  }
}
