// Audit: is what is stored what the runs say? In: a fleet, whole or some of its buckets. Out: every summary and cell of the
// generation that is read which differs, byte for byte, from one made afresh of the raw runs, whichever indexes and samples
// there are. Runs are read host by host; the cells are held in memory, about 1 KB each: 1 GB for a million cells.
//
// A fleet in use changes meanwhile. A host whose runs wait to be counted, or were counted while it was looked at, is taken
// at the word of its summary; a cell that has another version than before any summary was read is left out. What remains is
// exact: summary and cells change in one transaction, so cells that did not change belong to the summaries that were read.

import { BUCKETS } from "../../shared/deployment.ts";
import { type CountedCohort, OTHER_COHORT } from "../../shared/model/cohort.ts";
import { monthOf, periodsOf } from "../../shared/model/period.ts";
import type { FleetGeneration, StoredSummary } from "../../shared/ports.ts";
import { sampleOf } from "../../shared/summary/sample.ts";
import { countedCohortOf, summarise } from "../../shared/summary/summarise.ts";
import { encodeSummary } from "../../shared/summary/summary-codec.ts";
import type { HostSummary, RunSample } from "../../shared/summary/types.ts";
import { hostsOfFleet, periodsOfFleet, runsOf } from "../store/fleet-runs.ts";
import { currentGeneration } from "../store/generations.ts";
import { bucketOf, cohortHash, idOf, summaryKey } from "../store/keys.ts";
import { countMarks, readMark } from "../store/marks.ts";
import { readSummaries } from "../store/summaries.ts";
import type { Table } from "../store/table.ts";
import { type Difference, differenceOf } from "./audit-difference.ts";
import { addToCells, type ExpectedCells, versionsOfCells, wrongCells } from "./audited-cells.ts";

/** What an audit found. */
export interface Audit {
  readonly hosts: number;
  readonly runs: number;
  readonly cells: number;
  /** Marks that were open before or after: hosts that have results which are not counted yet. */
  readonly openMarks: number;
  /** Summaries and cells that differed and could not be judged, because they were changing. */
  readonly moving: number;
  readonly differences: readonly Difference[];
}

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
  const hosts = (await hostsOfFleet(table, fleet)).filter((host) => buckets.includes(bucketOf(fleet, host)));
  const differences: Difference[] = [];
  const expected: ExpectedCells = new Map();
  let runs = 0;
  let moving = 0;
  for (const [index, host] of hosts.entries()) {
    const stored = await storedSummaries(table, of, host, periods);
    const { summaries, runCount } = await summariesOf(table, fleet, host);
    runs += runCount;
    const found = wrongSummaries(of, host, summaries, stored);
    const isMoving = found.length > 0 && (await hasChanged(table, of, host, stored));
    if (isMoving) moving += found.length;
    else differences.push(...found);
    for (const [period, { summary, cohort }] of isMoving ? stored : countedOf(summaries, stored)) {
      addToCells(expected, of, period, summary, cohort);
    }
    onProgress?.(index + 1, hosts.length);
  }
  const cells = await wrongCells(table, of, periods, buckets, expected);
  for (const { key, kind, version } of cells.wrong) {
    if (versions.get(key) === version) differences.push({ key, kind });
    else moving += 1;
  }
  if ((await currentGeneration(table, fleet)).generation !== of.generation) return auditFleet(table, fleet, options);
  const openMarks = Math.max(marksBefore, (await countMarks(table, fleet)).count);
  return { hosts: hosts.length, runs, cells: cells.count, openMarks, moving, differences };
}

const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** What is stored of a host by period, periods without anything left out. */
async function storedSummaries(
  table: Table,
  of: FleetGeneration,
  host: string,
  periods: readonly string[],
): Promise<Map<string, StoredSummary>> {
  const found = await readSummaries(
    table,
    of,
    periods.map((period) => ({ period, host })),
  );
  return new Map(
    periods.flatMap((period, index) => {
      const summary = found[index];
      return summary === undefined || summary.version === null ? [] : [[period, summary] as const];
    }),
  );
}

/** Whether a host has results that are not counted, or was counted anew since its summaries were read. */
async function hasChanged(
  table: Table,
  of: FleetGeneration,
  host: string,
  stored: ReadonlyMap<string, StoredSummary>,
): Promise<boolean> {
  if ((await readMark(table, of.fleet, host)) !== null) return true;
  const now = await storedSummaries(table, of, host, await periodsOfFleet(table, of.fleet));
  return now.size !== stored.size || [...now].some(([period, { version }]) => stored.get(period)?.version !== version);
}

/** The summaries of a host by period, made of its runs. */
async function summariesOf(
  table: Table,
  fleet: string,
  host: string,
): Promise<{ summaries: Map<string, HostSummary>; runCount: number }> {
  const samples = new Map<string, RunSample[]>();
  let runCount = 0;
  for await (const run of runsOf(table, fleet, host)) {
    runCount += 1;
    if (run.withdrawn_at !== null) continue;
    for (const period of periodsOf(monthOf(run.finished_at))) {
      const inPeriod = samples.get(period) ?? [];
      inPeriod.push(sampleOf(run));
      samples.set(period, inPeriod);
    }
  }
  return {
    summaries: new Map([...samples].map(([period, inPeriod]) => [period, summarise(host, inPeriod)])),
    runCount,
  };
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
