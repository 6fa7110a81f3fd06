// Audit: is what is stored what the runs say? In: a fleet. Out: every summary and cell of the generation that is read which
// differs, byte for byte, from one made afresh of the raw runs, whichever marks, indexes, samples and summaries there are.
// Runs are read host by host; all cells of a fleet are held in memory, about 1 KB each: 1 GB for a million cells.

import type { Cell } from "../../shared/cells/cell.ts";
import { encodeCell } from "../../shared/cells/codec.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { addCell, emptyCell } from "../../shared/cells/merge.ts";
import { type CountedCohort, OTHER_COHORT } from "../../shared/model/cohort.ts";
import { monthOf, periodsOf } from "../../shared/model/period.ts";
import type { View } from "../../shared/model/view.ts";
import type { FleetGeneration, StoredSummary } from "../../shared/ports.ts";
import { sampleOf } from "../../shared/summary/sample.ts";
import { cohortOf, summarise } from "../../shared/summary/summarise.ts";
import { encodeSummary } from "../../shared/summary/summary-codec.ts";
import type { HostSummary, RunSample } from "../../shared/summary/types.ts";
import { encodedView } from "../store/cell-item.ts";
import { hostsOfFleet, periodsOfFleet, runsOf } from "../store/fleet-runs.ts";
import { currentGeneration } from "../store/generations.ts";
import { textOf } from "../store/item.ts";
import { bucketOf, cellKey, cellPartition, cohortHash, EVERY_COHORT, idOf, summaryKey } from "../store/keys.ts";
import { countMarks } from "../store/marks.ts";
import { readSummaries } from "../store/summaries.ts";
import { partition, queryItems, type Table } from "../store/table.ts";

/** Something stored that is not what the runs say, by its key. */
interface Difference {
  readonly key: string;
  readonly kind: "missing" | "unexpected" | "different";
}

export interface Audit {
  readonly hosts: number;
  readonly runs: number;
  readonly cells: number;
  /** Marks that were open before or after: hosts that may differ because they are not counted yet. */
  readonly openMarks: number;
  readonly differences: readonly Difference[];
}

/** Audits a fleet. `onProgress` is told of every host. */
export async function auditFleet(
  table: Table,
  fleet: string,
  onProgress: (hosts: number, of: number) => void = () => undefined,
): Promise<Audit> {
  const marksBefore = (await countMarks(table, fleet)).count;
  const of = await currentGeneration(table, fleet);
  const periods = await periodsOfFleet(table, fleet);
  const hosts = await hostsOfFleet(table, fleet);
  const differences: Difference[] = [];
  const expected = new Map<string, Record<View, Cell>>();
  let runs = 0;
  for (const [index, host] of hosts.entries()) {
    const { summaries, runCount } = await summariesOf(table, fleet, host);
    runs += runCount;
    const keys = [...new Set([...periods, ...summaries.keys()])].map((period) => ({ period, host }));
    const stored = new Map((await readSummaries(table, of, keys)).map((each, at) => [keys[at]?.period ?? "", each]));
    for (const [period, summary] of summaries) {
      addToCells(expected, of, period, summary, countedIn(summary, stored.get(period)));
    }
    differences.push(...wrongSummaries(of, host, summaries, stored));
    onProgress(index + 1, hosts.length);
  }
  const cells = await wrongCells(table, of, periods, expected);
  differences.push(...cells.differences);
  const openMarks = Math.max(marksBefore, (await countMarks(table, fleet)).count);
  return { hosts: hosts.length, runs, cells: cells.count, openMarks, differences };
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

/** The cohort that a host is counted in: its own, unless it came when the period was full, which only its summary knows. */
function countedIn(summary: HostSummary, stored: StoredSummary | undefined): CountedCohort {
  return stored?.cohort === OTHER_COHORT ? OTHER_COHORT : cohortOf(summary);
}

function wrongSummaries(
  of: FleetGeneration,
  host: string,
  summaries: ReadonlyMap<string, HostSummary>,
  stored: ReadonlyMap<string, StoredSummary>,
): Difference[] {
  return [...stored].flatMap(([period, found]) => {
    const summary = summaries.get(period);
    // A host whose runs are all gone keeps an empty summary.
    const foundText =
      found.summary.groups.length === 0 ? null : `${encodeSummary(found.summary)} ${cohortHash(found.cohort)}`;
    const expectedText =
      summary === undefined ? null : `${encodeSummary(summary)} ${cohortHash(countedIn(summary, found))}`;
    return differenceOf(idOf(summaryKey(of, period, host)), foundText, expectedText);
  });
}

function addToCells(
  cells: Map<string, Record<View, Cell>>,
  of: FleetGeneration,
  period: string,
  summary: HostSummary,
  counted: CountedCohort,
): void {
  const shard = bucketOf(of.fleet, summary.host);
  for (const { view, kind, name, scope, cell } of contributions(summary)) {
    for (const cohort of [EVERY_COHORT, cohortHash(counted)]) {
      const key = idOf(cellKey(of, period, { cohort, kind, name, scope, shard }));
      const views = cells.get(key) ?? { trusted: emptyCell(), all: emptyCell() };
      addCell(views[view], cell);
      cells.set(key, views);
    }
  }
}

/** Compares every stored cell with the expected ones, which it takes out of the map. */
async function wrongCells(
  table: Table,
  of: FleetGeneration,
  periods: readonly string[],
  expected: Map<string, Record<View, Cell>>,
): Promise<{ differences: Difference[]; count: number }> {
  const differences: Difference[] = [];
  let count = 0;
  for (const period of periods) {
    for await (const item of queryItems(table, { ...partition(cellPartition(of, period)), ConsistentRead: true })) {
      count += 1;
      const key = idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") });
      const found = bothViews(encodedView(item, "trusted"), encodedView(item, "all"));
      const cell = expected.get(key);
      expected.delete(key);
      differences.push(...differenceOf(key, found, cell === undefined ? null : expectedViews(cell)));
    }
  }
  for (const key of expected.keys()) differences.push({ key, kind: "missing" });
  return { differences, count };
}

const expectedViews = ({ trusted, all }: Record<View, Cell>): string => bothViews(encodeCell(trusted), encodeCell(all));

const bothViews = (...views: readonly (Uint8Array | null)[]): string =>
  views.map((bytes) => (bytes === null ? "none" : Buffer.from(bytes).toString("hex"))).join(" ");

function differenceOf(key: string, found: string | null, expected: string | null): Difference[] {
  if (found === expected) return [];
  return [{ key, kind: found === null ? "missing" : expected === null ? "unexpected" : "different" }];
}
