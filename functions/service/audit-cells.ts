// The audit of cells: what they must be according to the summaries, and which stored cells differ from it, byte for byte. The
// lists of cohorts are checked against the cells: each cohort with hosts must be listed, with the number of shards in which it
// has hosts, and no other cohort.

import { addCell, type Cell, emptyCell } from "../../shared/cells/cell.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import type { HostSummary } from "../../shared/cells/host-values.ts";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { encodeItemCells, isTotal } from "../../shared/cells/totals.ts";
import { SHARDS } from "../../shared/deployment.ts";
import type { CountedCohort } from "../../shared/run/cohort.ts";
import type { View } from "../../shared/run/run.ts";
import type { FleetScan } from "../store/fleet-scan.ts";
import { type Item, textOf } from "../store/item.ts";
import {
  ALL_COHORTS,
  cellKey,
  cohortHash,
  cohortKey,
  idOf,
  isOfTotals,
  type Key,
  parseCellShard,
  shardOf,
  totalsKey,
} from "../store/keys.ts";
import { encodedViews } from "../store/totals.ts";
import type { Difference } from "./audit-runs.ts";

/** The cells of an item by name, in both views. */
interface ItemCells {
  readonly areTotals: boolean;
  readonly views: Readonly<Record<View, Map<string, Cell>>>;
}

/** The cells of each item, by its key. */
export type ExpectedCells = Map<string, ItemCells>;

/** The version of every cell of the shards, by its key. */
export async function readVersions(
  scan: FleetScan,
  of: FleetGeneration,
  periods: readonly string[],
  shards: readonly number[],
): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  for (const period of periods) {
    for await (const item of scan.cellVersions(of, period)) {
      if (isOf(shards, item)) versions.set(keyOf(item), textOf(item, "ver"));
    }
  }
  return versions;
}

const keyIn = (item: Item): Key => ({ pk: textOf(item, "pk"), sk: textOf(item, "sk") });

const keyOf = (item: Item): string => idOf(keyIn(item));

/** Whether the cells of an item belong to one of the shards. */
const isOf = (shards: readonly number[], item: Item): boolean => shards.includes(parseCellShard(keyIn(item)));

/** Adds the contributions of a host in a period to the expected cells. */
export function addToCells(
  cells: ExpectedCells,
  of: FleetGeneration,
  period: string,
  summary: HostSummary,
  counted: CountedCohort,
): void {
  const shard = shardOf(of.fleet, summary.host);
  for (const { view, kind, name, scope, cell } of contributions(summary)) {
    for (const cohort of [ALL_COHORTS, cohortHash(counted)]) {
      const key = idOf(cellKey(of, period, { cohort, kind, name, scope, shard }));
      const areTotals = isTotal({ kind, scope });
      const item = cells.get(key) ?? { areTotals, views: { trusted: new Map(), all: new Map() } };
      cells.set(key, item);
      const ofView = item.views[view];
      const sum = ofView.get(areTotals ? name : "") ?? emptyCell();
      addCell(sum, cell);
      ofView.set(areTotals ? name : "", sum);
    }
  }
}

/** A cell that is not as expected, with the version that was compared; undefined for a missing cell. */
interface CellDifference extends Difference {
  readonly version: string | undefined;
}

/**
 * Compares every stored cell of the shards with the expected ones, and removes these from the map. Also returns by period in
 * how many of all shards each cohort has hosts.
 */
export async function auditCells(
  scan: FleetScan,
  of: FleetGeneration,
  periods: readonly string[],
  shards: readonly number[],
  expected: ExpectedCells,
): Promise<{ differences: CellDifference[]; count: number; cohortShards: ReadonlyMap<string, Shards> }> {
  const differences: CellDifference[] = [];
  const cohortShards = new Map<string, Shards>();
  let count = 0;
  for (const period of periods) {
    const inPeriod: Shards = new Map();
    cohortShards.set(period, inPeriod);
    for await (const item of scan.cellItems(of, period)) {
      countShard(inPeriod, item);
      if (!isOf(shards, item)) continue;
      count += 1;
      const key = keyOf(item);
      const { trusted, all } = encodedViews(item);
      const cell = expected.get(key);
      expected.delete(key);
      const found = compareItem(key, toText(trusted, all), cell === undefined ? null : expectedText(cell));
      differences.push(...found.map((difference) => ({ ...difference, version: textOf(item, "ver") })));
    }
  }
  for (const key of expected.keys()) differences.push({ key, kind: "missing", version: undefined });
  return { differences, count, cohortShards };
}

const expectedText = ({ areTotals, views: { trusted, all } }: ItemCells): string =>
  toText(encodeItemCells(trusted, areTotals), encodeItemCells(all, areTotals));

const toText = (...views: readonly (Uint8Array | null)[]): string =>
  views.map((bytes) => (bytes === null ? "none" : Buffer.from(bytes).toString("hex"))).join(" ");

/** The difference, if any, between what was found under a key and what was expected, each as text, or null for nothing. */
export function compareItem(key: string, found: string | null, expected: string | null): Difference[] {
  if (found === expected) return [];
  return [{ key, kind: found === null ? "missing" : expected === null ? "unexpected" : "different" }];
}

// The lists of cohorts.

/** The number of shards in which each cohort of a period has hosts, by the hash of the cohort. */
export type Shards = Map<string, number>;

/** Counts an item if it is the totals of a cohort, which it has exactly once in each shard with hosts. */
function countShard(shards: Shards, item: Item): void {
  const { pk, sk: cohort } = keyIn(item);
  if (!isOfTotals(pk) || cohort === ALL_COHORTS) return;
  shards.set(cohort, (shards.get(cohort) ?? 0) + 1);
}

/** Compares the list of a period with the cells. `inFlux` counts the cohorts that changed during the comparison. */
export async function auditCohortList(
  scan: FleetScan,
  of: FleetGeneration,
  period: string,
  shards: Shards,
): Promise<{ differences: Difference[]; inFlux: number }> {
  const suspects = new Set<string>();
  const unlisted = new Set(shards.keys());
  for await (const item of scan.cohortItems(of, period)) {
    const cohort = textOf(item, "sk");
    unlisted.delete(cohort);
    if (listingProblem(period, cohort, item, shards.get(cohort) ?? 0) !== null) suspects.add(cohort);
  }
  const differences: Difference[] = [];
  let inFlux = 0;
  for (const cohort of new Set([...suspects, ...unlisted])) {
    // Hosts may have been added or removed since the cells were read, so item and cells are read again together, twice.
    const first = await readListing(scan, of, period, cohort);
    const again = await readListing(scan, of, period, cohort);
    const problem = listingProblem(period, cohort, again.item, again.shards);
    if (first.text !== again.text) inFlux += 1;
    else if (problem !== null) differences.push({ key: idOf(cohortKey(of, period, cohort)), ...problem });
  }
  return { differences, inFlux };
}

/** The listed item of a cohort, the number of shards in which it has hosts, and a text that changes with any of them. */
async function readListing(scan: FleetScan, of: FleetGeneration, period: string, cohort: string) {
  const listed = cohortKey(of, period, cohort);
  const totals = Array.from({ length: SHARDS }, (_, shard) => totalsKey(of, period, cohort, shard));
  const found = await scan.items([listed, ...totals]);
  const item = found.get(idOf(listed));
  const versions = totals.map((key) => found.get(idOf(key))?.["ver"]?.S ?? null);
  // The attributes by name, because an item has them in any order.
  const text = JSON.stringify([item?.["cohort"], item?.["shards"], versions]);
  return { item, shards: versions.filter((version) => version !== null).length, text };
}

function listingProblem(
  period: string,
  cohort: string,
  item: Item | undefined,
  shards: number,
): Pick<Difference, "kind" | "text"> | null {
  const name = `cohort ${cohort} of ${period}`;
  if (item === undefined) return shards === 0 ? null : { kind: "missing", text: `${name} has hosts but is not listed` };
  const hash = hashOf(item);
  if (hash === null) return { kind: "unreadable", text: `${name} is listed with an unreadable description` };
  if (hash !== cohort) return { kind: "different", text: `${name} is listed as cohort ${hash}` };
  // An earlier version wrote no number of shards; such an entry stays until a rebuild.
  const counted = item["shards"]?.N;
  if (counted === undefined || Number(counted) === shards) return null;
  if (shards === 0) return { kind: "unexpected", text: `${name} is listed but has no hosts` };
  return { kind: "different", text: `${name} is listed with hosts in ${counted} shards; it has hosts in ${shards}` };
}

/** The hash of a listed cohort, computed from its description; null when that cannot be parsed. */
function hashOf(item: Item): string | null {
  try {
    return cohortHash(JSON.parse(textOf(item, "cohort")));
  } catch {
    return null;
  }
}
