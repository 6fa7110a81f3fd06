// The cells of one cohort in one period, and of several together: added over shards, and remembered under the stamp they were
// read with, so that what has not changed since is not read again.

import type { Cell } from "../../shared/cells/cell.ts";
import { mergeEncoded } from "../../shared/cells/codec.ts";
import { emptyCell, mergeCell } from "../../shared/cells/merge.ts";
import type { MetricName } from "../../shared/model/metrics.ts";
import type { View } from "../../shared/model/view.ts";
import { efficiencyName, placeOf } from "../../shared/summary/quantities.ts";
import { encodedView, hasTwoViews } from "./cell-item.ts";
import { type Item, textOf } from "./item.ts";
import type { Memory } from "./memory.ts";
import { partition, queryAll, type Table } from "./table.ts";

/** The cells of one cohort by scope, added over shards; they are shared, and must not be changed. */
export interface CohortCells {
  readonly views: Readonly<Record<View, ReadonlyMap<string, Cell>>>;
  readonly writtenAt: string | null;
}

const NOTHING: CohortCells = { views: { trusted: new Map(), all: new Map() }, writtenAt: null };

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

/** The cells of cohorts of one period together. Those of one cohort stay as they are. */
export function overCohorts(cohorts: readonly CohortCells[]): CohortCells {
  const [only = NOTHING] = cohorts;
  if (cohorts.length <= 1) return only;
  const trusted = sumOfScopes(cohorts.map(({ views }) => views.trusted));
  const areAlike = cohorts.every(({ views }) => views.all === views.trusted);
  return {
    views: { trusted, all: areAlike ? trusted : sumOfScopes(cohorts.map(({ views }) => views.all)) },
    writtenAt: latest(cohorts.map(({ writtenAt }) => writtenAt)),
  };
}

function sumOfScopes(cohorts: readonly ReadonlyMap<string, Cell>[]): ReadonlyMap<string, Cell> {
  const scopes = new Map<string, Cell>();
  for (const [scope, cell] of cohorts.flatMap((cohort) => [...cohort])) {
    const sum = scopes.get(scope) ?? emptyCell();
    mergeCell(sum, cell);
    scopes.set(scope, sum);
  }
  return scopes;
}
