// Audit: is what is stored what the runs say, and are the runs what their lines say? In: a fleet, whole or some of its
// buckets. Out: every run that reads otherwise than it is stored, and every summary and cell of the generation that is read
// which differs, byte for byte, from one made anew of the runs, whichever indexes and samples there are; and every cohort that
// is listed without hosts, or has hosts and is not listed. Runs are read host by host; the cells are held in memory, about 1 KB each: 1 GB for a million cells.
//
// A fleet in use changes meanwhile. A host whose runs wait to be counted, or were counted while it was looked at, is taken
// at the word of its summary; a cell that has another version than before any summary was read is left out. What remains is
// exact: summary and cells change in one transaction, so cells that did not change belong to the summaries that were read.
// A host with a run whose bytes have changed is taken at the word of its summary as well: that run is named, and what would
// follow from it is not.

import { BUCKETS } from "../../shared/deployment.ts";
import { type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";
import { monthOf, periodsOf } from "../../shared/run/periods.ts";
import type { FleetGeneration, StoredSummary } from "../../shared/ports.ts";
import { sampleOf } from "../../shared/cells/sample.ts";
import { countedCohortOf, summarise } from "../../shared/cells/host-values.ts";
import { encodeSummary } from "../../shared/cells/summary-codec.ts";
import type { HostSummary, RunSample } from "../../shared/summary/types.ts";
import { hostsOfFleet, periodsOfFleet, runItemsOf } from "../store/fleet-scan.ts";
import { currentGeneration } from "../store/generations.ts";
import { bucketOf, bucketOfHash, cohortHash, idOf, runKey, summaryKey } from "../store/keys.ts";
import { countMarks, readMark } from "../store/pending-hosts.ts";
import { summaryOf } from "../store/summaries.ts";
import { getItems, type Table } from "../store/table.ts";
import { type Difference, differenceOf } from "../aggregate/audit-difference.ts";
import { addToCells, type ExpectedCells, versionsOfCells, wrongCells } from "../aggregate/audited-cells.ts";
import { wrongListings } from "../aggregate/audited-cohorts.ts";
import { auditRun } from "../aggregate/audited-runs.ts";

/** What an audit found. */
export interface Audit {
  readonly hosts: number;
  readonly runs: number;
  readonly cells: number;
  /** Marks that were open before or after: hosts that have results which are not counted yet. */
  readonly openMarks: number;
  /** Summaries, cells and cohorts that differed and could not be judged, because they were changing. */
  readonly moving: number;
  readonly differences: readonly Difference[];
  /** Runs that this version reads or judges otherwise than the one that stored them: how many, and the first of them. */
  readonly outdated: { readonly runs: number; readonly first: readonly string[] };
}

/** So many outdated runs are told of: after an update it may be all of them. */
const OUTDATED_TOLD = 20;

export interface AuditOptions {
  /** The buckets whose hosts and cells are looked at; all of them unless given. */
  readonly buckets?: readonly number[];
  /** Told of every host. */
  readonly onProgress?: (hosts: number, of: number) => void;
}

/** Audits a fleet; once more from the start when a rebuild has ended meanwhile. */
export async function auditFleet(table: Table, fleet: string, options: AuditOptions = {}): Promise<Audit> {
  const { buckets = ALL_BUCKETS, onProgress } = options;
  const marksBefore = (await countMarks(table, fleet)).count;
  const of = await currentGeneration(table, fleet);
  const periods = await periodsOfFleet(table, fleet);
  const versions = await versionsOfCells(table, of, periods, buckets);
  const { names, nameless } = await hostsOfFleet(table, fleet);
  const hosts = names.filter((host) => buckets.includes(bucketOf(fleet, host)));
  const differences: Difference[] = nameless
    .filter(({ id }) => buckets.includes(bucketOfHash(id)))
    .map(({ id, reason }) => ({ key: idOf(runKey(fleet, id)), kind: "unreadable", text: reason }));
  const outdated: string[] = [];
  let outdatedRuns = 0;
  const expected: ExpectedCells = new Map();
  let runs = 0;
  let moving = 0;
  for (const [index, host] of hosts.entries()) {
    const { stored, unreadable } = await storedSummaries(table, of, host, periods);
    differences.push(...unreadable);
    const audited = await auditedHost(table, fleet, host);
    const { summaries } = audited;
    runs += audited.runs;
    differences.push(...audited.differences);
    outdatedRuns += audited.outdated.length;
    outdated.push(...audited.outdated.slice(0, OUTDATED_TOLD - outdated.length));
    const found = summaries === null || unreadable.length > 0 ? [] : wrongSummaries(of, host, summaries, stored);
    const isMoving = found.length > 0 && (await hasChanged(table, of, host, stored));
    if (isMoving) moving += found.length;
    else differences.push(...found);
    const counted = isMoving || summaries === null ? stored : countedOf(summaries, stored);
    for (const [period, { summary, cohort }] of counted) {
      addToCells(expected, of, period, summary, cohort);
    }
    onProgress?.(index + 1, hosts.length);
  }
  const cells = await wrongCells(table, of, periods, buckets, expected);
  for (const { key, kind, version } of cells.wrong) {
    if (versions.get(key) === version) differences.push({ key, kind });
    else moving += 1;
  }
  // A list is about all buckets: whoever audits them one after the other looks at it once.
  for (const [period, shards] of buckets.includes(0) ? cells.shards : []) {
    const listings = await wrongListings(table, of, period, shards);
    differences.push(...listings.differences);
    moving += listings.moving;
  }
  if ((await currentGeneration(table, fleet)).generation !== of.generation) return auditFleet(table, fleet, options);
  const openMarks = Math.max(marksBefore, (await countMarks(table, fleet)).count);
  const told = { runs: outdatedRuns, first: outdated };
  return { hosts: hosts.length, runs, cells: cells.count, openMarks, moving, differences, outdated: told };
}

const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

interface StoredSummaries {
  /** By period, periods without anything left out. */
  readonly stored: ReadonlyMap<string, StoredSummary>;
  /** Periods whose summaries cannot be read. */
  readonly unreadable: readonly Difference[];
}

/** What is stored of a host. */
async function storedSummaries(
  table: Table,
  of: FleetGeneration,
  host: string,
  periods: readonly string[],
): Promise<StoredSummaries> {
  const keys = new Map(periods.map((period) => [idOf(summaryKey(of, period, host)), period]));
  const items = await getItems(
    table,
    periods.map((period) => summaryKey(of, period, host)),
  );
  const stored = new Map<string, StoredSummary>();
  const unreadable: Difference[] = [];
  for (const [key, period] of keys) {
    const item = items.get(key);
    if (item === undefined) continue;
    try {
      stored.set(period, summaryOf(item));
    } catch (error) {
      unreadable.push({ key, kind: "unreadable", text: error instanceof Error ? error.message : String(error) });
    }
  }
  return { stored, unreadable };
}

/** Whether a host has results that are not counted, or was counted anew since its summaries were read. */
async function hasChanged(
  table: Table,
  of: FleetGeneration,
  host: string,
  stored: ReadonlyMap<string, StoredSummary>,
): Promise<boolean> {
  if ((await readMark(table, of.fleet, host)) !== null) return true;
  const { stored: now } = await storedSummaries(table, of, host, await periodsOfFleet(table, of.fleet));
  return now.size !== stored.size || [...now].some(([period, { version }]) => stored.get(period)?.version !== version);
}

/** The runs of a host, looked at. */
interface AuditedHost {
  readonly runs: number;
  readonly differences: readonly Difference[];
  readonly outdated: readonly string[];
  /** Its summaries by period, made of its runs; null where the bytes of one of them have changed. */
  readonly summaries: ReadonlyMap<string, HostSummary> | null;
}

async function auditedHost(table: Table, fleet: string, host: string): Promise<AuditedHost> {
  const samples = new Map<string, RunSample[]>();
  const differences: Difference[] = [];
  const outdated: string[] = [];
  let runs = 0;
  let isWhole = true;
  for await (const item of runItemsOf(table, fleet, host)) {
    const audited = auditRun(item);
    runs += 1;
    differences.push(...audited.differences);
    if (audited.outdated !== null) outdated.push(audited.outdated);
    isWhole &&= audited.isWhole;
    if (audited.run === null || audited.run.withdrawn_at !== null) continue;
    const sample = sampleOf(audited.run);
    for (const period of periodsOf(monthOf(audited.run.finished_at))) {
      const inPeriod = samples.get(period) ?? [];
      inPeriod.push(sample);
      samples.set(period, inPeriod);
    }
  }
  const summaries = isWhole
    ? new Map([...samples].map(([period, inPeriod]) => [period, summarise(host, inPeriod)]))
    : null;
  return { runs, differences, outdated, summaries };
}

/** The summaries made of the runs, each with the cohort that it is counted in. */
function countedOf(
  summaries: ReadonlyMap<string, HostSummary>,
  stored: ReadonlyMap<string, StoredSummary>,
): Map<string, Pick<StoredSummary, "summary" | "cohort">> {
  return new Map(
    [...summaries].map(([period, summary]) => [period, { summary, cohort: countedIn(summary, stored.get(period)) }]),
  );
}

/** The cohort that a host is counted in: its own, unless it came when the period was full, which only its summary knows. */
function countedIn(summary: HostSummary, stored: StoredSummary | undefined): CountedCohort {
  return stored?.cohort === OTHER_COHORT ? OTHER_COHORT : countedCohortOf(summary);
}

function wrongSummaries(
  of: FleetGeneration,
  host: string,
  summaries: ReadonlyMap<string, HostSummary>,
  stored: ReadonlyMap<string, StoredSummary>,
): Difference[] {
  return [...new Set([...stored.keys(), ...summaries.keys()])].flatMap((period) => {
    const found = stored.get(period);
    const summary = summaries.get(period);
    // A host whose runs are all gone keeps an empty summary.
    const foundText =
      found === undefined || found.summary.groups.length === 0
        ? null
        : `${encodeSummary(found.summary)} ${cohortHash(found.cohort)}`;
    const expectedText =
      summary === undefined ? null : `${encodeSummary(summary)} ${cohortHash(countedIn(summary, found))}`;
    return differenceOf(idOf(summaryKey(of, period, host)), foundText, expectedText);
  });
}
