// Audit: checks whether the stored statistics are what the runs give, and whether the runs are what their lines give. In: a
// fleet, or some of its shards. Out: every run that differs from its line; every summary and cell of the active generation that
// differs, byte for byte, from one computed from the runs; and every cohort that is wrongly listed. Runs are read host by host;
// the expected cells are held in memory, about 1 KB each: 1 GB for a million cells.
//
// A fleet in use changes during the audit. A host that is pending, or was counted while it was audited, is counted as its stored
// summary says; a cell whose version has changed since before any summary was read is skipped. The rest is exact: a summary and
// its cells change in one transaction, so unchanged cells belong to the summaries that were read. A host with a damaged run is
// counted as its stored summary says as well: the run is reported, and not what follows from it.

import { addCell, type Cell, emptyCell } from "../../shared/cells/cell.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { computeCountedCohort, type HostSummary } from "../../shared/cells/host-values.ts";
import { encodeSummary, type FleetGeneration, type StoredSummary } from "../../shared/cells/stored-summary.ts";
import { encodeItemCells, isTotal } from "../../shared/cells/totals.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";
import { periodWindow } from "../../shared/run/periods.ts";
import type { View } from "../../shared/run/run.ts";
import type { FleetScan } from "../store/statistics/fleet-scan.ts";
import { parseSummary } from "../store/statistics/summaries.ts";
import { encodedViews } from "../store/statistics/totals.ts";
import { type Item, itemText } from "../store/table/item.ts";
import {
  ALL_COHORTS,
  cellKey,
  cohortHash,
  cohortKey,
  computeShard,
  hostHash,
  type Key,
  keyText,
  parseCellShard,
  runKey,
  summaryKey,
  totalsKey,
} from "../store/table/keys.ts";
import { auditHost, auditHostSince } from "./audit-hosts.ts";
import type { Difference } from "./audit-runs.ts";

/** The result of an audit. */
export interface Audit {
  readonly hosts: number;
  readonly runs: number;
  readonly cells: number;
  /** Hosts that were pending before or after, counted up to `PENDING_COUNTED_TO`: they have results that are not counted yet. */
  readonly pendingHosts: number;
  /** Summaries, cells and cohorts that differed, but were changing during the audit, so that nothing follows from it. */
  readonly inFlux: number;
  readonly differences: readonly Difference[];
  /** Runs that this version parses or assesses differently from the one that stored them: their number, and the first. */
  readonly outdated: { readonly runs: number; readonly first: readonly string[] };
}

/** Outdated runs that are reported: after an update it may be all runs. */
const MAX_OUTDATED = 20;

export interface AuditOptions {
  /** The shards whose hosts and cells are audited; all unless given. */
  readonly shards?: readonly number[];
  /**
   * The first month to audit, in a generation with these periods. Runs before it, and periods that end before it, are not
   * read, except for what they contribute to longer periods. Everything is audited unless given.
   */
  readonly since?: (of: FleetGeneration, periods: readonly string[]) => Promise<string>;
  /** Called after every host. */
  readonly onProgress?: (hosts: number, of: number) => void;
}

/** Audits a fleet. Starts again when a rebuild has activated another generation in the meantime. */
export async function auditFleet(scan: FleetScan, fleet: string, options: AuditOptions = {}): Promise<Audit> {
  const { shards = ALL_SHARDS, onProgress } = options;
  const pendingBefore = (await scan.pendingBacklog(fleet)).count;
  const of = await scan.activeGeneration(fleet);
  const allPeriods = await scan.periods(fleet);
  const since = await options.since?.(of, allPeriods);
  const periods = since === undefined ? allPeriods : allPeriods.filter((period) => periodWindow(period).to > since);
  const versions = await readVersions(scan, of, periods, shards);
  const { names: hosts, nameless, runIds } = await scan.hosts(fleet, shards, since);
  const differences: Difference[] = nameless.map(({ id, reason }) => ({
    key: keyText(runKey(fleet, id)),
    kind: "unreadable",
    text: reason,
  }));
  const outdated: string[] = [];
  let outdatedRuns = 0;
  const expected: ExpectedCells = new Map();
  let runs = 0;
  let inFlux = 0;
  for (const [index, host] of hosts.entries()) {
    const { stored, unreadable } = await storedSummaries(scan, of, host, periods);
    differences.push(...unreadable);
    const audited =
      since === undefined
        ? await auditHost(scan, of, host)
        : await auditHostSince(scan, of, host, { since, periods, runIds: runIds.get(hostHash(fleet, host)) ?? [] });
    const { summaries } = audited;
    runs += audited.runs;
    differences.push(...audited.differences);
    outdatedRuns += audited.outdated.length;
    outdated.push(...audited.outdated.slice(0, MAX_OUTDATED - outdated.length));
    const found = summaries === null || unreadable.length > 0 ? [] : compareSummaries(of, host, summaries, stored);
    const isInFlux = found.length > 0 && (await hasChanged(scan, of, host, stored, periods));
    if (isInFlux) inFlux += found.length;
    else differences.push(...found);
    const counted = isInFlux || summaries === null ? stored : withCohorts(summaries, stored);
    for (const [period, { summary, cohort }] of counted) {
      addToCells(expected, of, period, summary, cohort);
    }
    onProgress?.(index + 1, hosts.length);
  }
  const cells = await auditCells(scan, of, periods, shards, expected);
  for (const { key, kind, version } of cells.differences) {
    if (versions.get(key) === version) differences.push({ key, kind });
    else inFlux += 1;
  }
  // The list of cohorts is about all shards: audits of one shard after the other check it once.
  for (const period of shards.includes(0) ? periods : []) {
    const listings = await auditCohortList(scan, of, period, await countShards(scan, of, period));
    differences.push(...listings.differences);
    inFlux += listings.inFlux;
  }
  if ((await scan.activeGeneration(fleet)).generation !== of.generation) return auditFleet(scan, fleet, options);
  const pendingHosts = Math.max(pendingBefore, (await scan.pendingBacklog(fleet)).count);
  return {
    hosts: hosts.length,
    runs,
    cells: cells.count,
    pendingHosts,
    inFlux,
    differences,
    outdated: { runs: outdatedRuns, first: outdated },
  };
}

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

interface StoredSummaries {
  /** By period, without periods that have none. */
  readonly stored: ReadonlyMap<string, StoredSummary>;
  /** Periods whose summaries cannot be read. */
  readonly unreadable: readonly Difference[];
}

/** The stored summaries of a host. */
async function storedSummaries(
  scan: FleetScan,
  of: FleetGeneration,
  host: string,
  periods: readonly string[],
): Promise<StoredSummaries> {
  const keys = new Map(periods.map((period) => [keyText(summaryKey(of, period, host)), period]));
  const items = await scan.items(periods.map((period) => summaryKey(of, period, host)));
  const stored = new Map<string, StoredSummary>();
  const unreadable: Difference[] = [];
  for (const [key, period] of keys) {
    const item = items.get(key);
    if (item === undefined) continue;
    try {
      stored.set(period, parseSummary(item));
    } catch (error) {
      unreadable.push({ key, kind: "unreadable", text: error instanceof Error ? error.message : String(error) });
    }
  }
  return { stored, unreadable };
}

/** Whether a host is pending, or was counted again since its summaries were read. */
async function hasChanged(
  scan: FleetScan,
  of: FleetGeneration,
  host: string,
  stored: ReadonlyMap<string, StoredSummary>,
  periods: readonly string[],
): Promise<boolean> {
  if ((await scan.pendingHost(of.fleet, host)) !== null) return true;
  const { stored: now } = await storedSummaries(scan, of, host, periods);
  return now.size !== stored.size || [...now].some(([period, { version }]) => stored.get(period)?.version !== version);
}

/** The summaries computed from the runs, each with the cohort it is counted in. */
function withCohorts(
  summaries: ReadonlyMap<string, HostSummary>,
  stored: ReadonlyMap<string, StoredSummary>,
): Map<string, Pick<StoredSummary, "summary" | "cohort">> {
  return new Map(
    [...summaries].map(([period, summary]) => [period, { summary, cohort: countedIn(summary, stored.get(period)) }]),
  );
}

/** The cohort of a host: its own, or `other` if the period was full when it came, which only its stored summary records. */
function countedIn(summary: HostSummary, stored: StoredSummary | undefined): CountedCohort {
  return stored?.cohort === OTHER_COHORT ? OTHER_COHORT : computeCountedCohort(summary);
}

function compareSummaries(
  of: FleetGeneration,
  host: string,
  summaries: ReadonlyMap<string, HostSummary>,
  stored: ReadonlyMap<string, StoredSummary>,
): Difference[] {
  return [...new Set([...stored.keys(), ...summaries.keys()])].flatMap((period) => {
    const found = stored.get(period);
    const summary = summaries.get(period);
    // A host keeps an empty summary when all its runs were withdrawn.
    const foundText =
      found === undefined || found.summary.groups.length === 0
        ? null
        : `${encodeSummary(found.summary)} ${cohortHash(found.cohort)}`;
    const expectedText =
      summary === undefined ? null : `${encodeSummary(summary)} ${cohortHash(countedIn(summary, found))}`;
    return compareItem(keyText(summaryKey(of, period, host)), foundText, expectedText);
  });
}

// The audit of cells: what they must be according to the summaries, and which stored cells differ from it, byte for byte. The
// lists of cohorts are checked against the cells: each cohort with hosts must be listed, with the number of shards in which it
// has hosts, and no other cohort.

/** The cells of an item by name, in both views. */
interface ItemCells {
  readonly areTotals: boolean;
  readonly views: Readonly<Record<View, Map<string, Cell>>>;
}

/** The cells of each item, by its key. */
type ExpectedCells = Map<string, ItemCells>;

/** The version of every cell of the shards, by its key. */
async function readVersions(
  scan: FleetScan,
  of: FleetGeneration,
  periods: readonly string[],
  shards: readonly number[],
): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  for (const period of periods) {
    for await (const item of scan.cellVersions(of, period, shards)) {
      if (isInShards(shards, item)) versions.set(itemKey(item), itemText(item, "ver"));
    }
  }
  return versions;
}

const toKey = (item: Item): Key => ({ pk: itemText(item, "pk"), sk: itemText(item, "sk") });

const itemKey = (item: Item): string => keyText(toKey(item));

/** Whether the cells of an item belong to one of the shards. */
const isInShards = (shards: readonly number[], item: Item): boolean => shards.includes(parseCellShard(toKey(item)));

/** Adds the contributions of a host in a period to the expected cells. */
function addToCells(
  cells: ExpectedCells,
  of: FleetGeneration,
  period: string,
  summary: HostSummary,
  counted: CountedCohort,
): void {
  const shard = computeShard(of.fleet, summary.host);
  for (const { view, kind, name, scope, cell } of contributions(summary)) {
    for (const cohort of [ALL_COHORTS, cohortHash(counted)]) {
      const key = keyText(cellKey(of, period, { cohort, kind, name, scope, shard }));
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

/** Compares every stored cell of the shards with the expected ones, and removes these from the map. */
async function auditCells(
  scan: FleetScan,
  of: FleetGeneration,
  periods: readonly string[],
  shards: readonly number[],
  expected: ExpectedCells,
): Promise<{ differences: CellDifference[]; count: number }> {
  const differences: CellDifference[] = [];
  let count = 0;
  for (const period of periods) {
    for await (const item of scan.cellItems(of, period, shards)) {
      if (!isInShards(shards, item)) continue;
      count += 1;
      const key = itemKey(item);
      const { trusted, all } = encodedViews(item);
      const cell = expected.get(key);
      expected.delete(key);
      const found = compareItem(key, toText(trusted, all), cell === undefined ? null : expectedText(cell));
      differences.push(...found.map((difference) => ({ ...difference, version: itemText(item, "ver") })));
    }
  }
  for (const key of expected.keys()) differences.push({ key, kind: "missing", version: undefined });
  return { differences, count };
}

const expectedText = ({ areTotals, views: { trusted, all } }: ItemCells): string =>
  toText(encodeItemCells(trusted, areTotals), encodeItemCells(all, areTotals));

const toText = (...views: readonly (Uint8Array | null)[]): string =>
  views.map((bytes) => (bytes === null ? "none" : Buffer.from(bytes).toString("hex"))).join(" ");

/** The difference, if any, between what was found under a key and what was expected, each as text, or null for nothing. */
function compareItem(key: string, found: string | null, expected: string | null): Difference[] {
  if (found === expected) return [];
  return [{ key, kind: found === null ? "missing" : expected === null ? "unexpected" : "different" }];
}

// The lists of cohorts.

/** The number of shards in which each cohort of a period has hosts, by the hash of the cohort. */
type Shards = Map<string, number>;

/** Counts for each cohort the shards with totals of it: it has them exactly where it has hosts. */
async function countShards(scan: FleetScan, of: FleetGeneration, period: string): Promise<Shards> {
  const shards: Shards = new Map();
  for await (const item of scan.totalsKeys(of, period)) {
    const cohort = itemText(item, "sk");
    if (cohort !== ALL_COHORTS) shards.set(cohort, (shards.get(cohort) ?? 0) + 1);
  }
  return shards;
}

/** Compares the list of a period with the cells. `inFlux` counts the cohorts that changed during the comparison. */
async function auditCohortList(
  scan: FleetScan,
  of: FleetGeneration,
  period: string,
  shards: Shards,
): Promise<{ differences: Difference[]; inFlux: number }> {
  const suspects = new Set<string>();
  const unlisted = new Set(shards.keys());
  for await (const item of scan.cohortItems(of, period)) {
    const cohort = itemText(item, "sk");
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
    else if (problem !== null) differences.push({ key: keyText(cohortKey(of, period, cohort)), ...problem });
  }
  return { differences, inFlux };
}

/** The listed item of a cohort, the number of shards in which it has hosts, and a text that changes with any of them. */
async function readListing(scan: FleetScan, of: FleetGeneration, period: string, cohort: string) {
  const listed = cohortKey(of, period, cohort);
  const totals = Array.from({ length: SHARDS }, (_, shard) => totalsKey(of, period, cohort, shard));
  const found = await scan.items([listed, ...totals]);
  const item = found.get(keyText(listed));
  const versions = totals.map((key) => found.get(keyText(key))?.["ver"]?.S ?? null);
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
  const hash = listedCohortHash(item);
  if (hash === null) return { kind: "unreadable", text: `${name} is listed with an unreadable description` };
  if (hash !== cohort) return { kind: "different", text: `${name} is listed as cohort ${hash}` };
  // An earlier version wrote no number of shards; such an entry stays until a rebuild.
  const counted = item["shards"]?.N;
  if (counted === undefined || Number(counted) === shards) return null;
  if (shards === 0) return { kind: "unexpected", text: `${name} is listed but has no hosts` };
  return { kind: "different", text: `${name} is listed with hosts in ${counted} shards; it has hosts in ${shards}` };
}

/** The hash of a listed cohort, computed from its description; null when that cannot be parsed. */
function listedCohortHash(item: Item): string | null {
  try {
    return cohortHash(JSON.parse(itemText(item, "cohort")));
  } catch {
    return null;
  }
}
