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

import { isDeepStrictEqual } from "node:util";
import { PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import { addCell, type Cell, emptyCell, SCOPE_ALL } from "../../shared/cells/cell.ts";
import { encodeCell } from "../../shared/cells/codec.ts";
import { contributions, FLEET_NAME } from "../../shared/cells/contribution.ts";
import { computeCountedCohort, type HostSummary, type RunSample, summarize } from "../../shared/cells/host-values.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { encodeSummary } from "../../shared/cells/summary-codec.ts";
import { BUCKETS } from "../../shared/deployment.ts";
import type { FleetGeneration, StoredSummary } from "../../shared/ports.ts";
import { reparse } from "../../shared/quality/assess.ts";
import { type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";
import { enclosingPeriods, monthOf } from "../../shared/run/periods.ts";
import type { Run, View } from "../../shared/run/run.ts";
import { quoted } from "../../shared/run/text.ts";
import { encodedView } from "../store/commit.ts";
import { hostsOfFleet, periodsOfFleet, runItemsOf } from "../store/fleet-scan.ts";
import { currentGeneration } from "../store/generations.ts";
import { type Item, textOf } from "../store/item.ts";
import {
  bucketOf,
  bucketOfHash,
  cellKey,
  cellPartition,
  cohortHash,
  cohortKey,
  cohortPartition,
  EVERY_COHORT,
  idOf,
  runKey,
  runsOfHost,
  summaryKey,
} from "../store/keys.ts";
import { countPendingHosts, readPendingHost } from "../store/pending-hosts.ts";
import { derivedOf, isAsWritten, isIdOf, RunError, runOfItem } from "../store/runs.ts";
import { summaryOf } from "../store/summaries.ts";
import { getItems, partition, queryItems, type Table } from "../store/table.ts";

// The runs of an audit: whether each is still what was written, and what its line says. In: the item of a run. Out: the run,
// and every field that is not what it should be. A reading that has changed because the reader has is no damage.

/** A run as an audit found it. */
export interface AuditedRun {
  /** Null where it cannot be read. */
  readonly run: Run | null;
  /** Whether its host can be derived from it: not when its bytes have changed. */
  readonly isWhole: boolean;
  readonly differences: readonly Difference[];
  /** What this version reads or judges otherwise than the one that stored it; null for nothing. */
  readonly outdated: string | null;
}

/** Looks at one stored run. */
export function auditRun(item: Item): AuditedRun {
  const key = idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") });
  let run: Run;
  try {
    run = runOfItem(item);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return {
      run: null,
      isWhole: false,
      differences: [{ key, kind: "unreadable", text: error.reason }],
      outdated: null,
    };
  }
  const of = `run ${run.id} of host ${JSON.stringify(run.host)}`;
  const damage = damageOf(item, run);
  const fields = fieldsReadOtherwise(run);
  const entries = misplaced(item, run);
  const found = [...fields, ...entries].map(sayField).join("; ");
  if (damage !== null) {
    const text = `${of}: ${damage}${found === "" ? "" : `; ${found}`}`;
    return { run, isWhole: false, differences: [{ key, kind: "damaged", text }], outdated: null };
  }
  if (found === "") return { run, isWhole: true, differences: [], outdated: null };
  const isJudged = entries.length === 0 && fields.every(({ name }) => name === "quality" || name === "warnings");
  // The bytes are those that were written, as far as anybody can tell: it is the reader, or the rules, that have changed.
  if (run.parser_version !== PARSER_VERSION || isJudged) {
    return { run, isWhole: true, differences: [], outdated: `${of} (parser ${run.parser_version}): ${found}` };
  }
  return { run, isWhole: true, differences: [{ key, kind: "different", text: `${of}: ${found}` }], outdated: null };
}

/** Why a run is not what was written; null where nothing says so. */
function damageOf(item: Item, run: Run): string | null {
  if (runsOfHost(run.fleet, run.host) !== textOf(item, "pk")) return "its key is not that of its host";
  const isWritten = isAsWritten(item);
  if (isWritten === false) return "its text is not the one that was written";
  // Of a run that has no checksum the id says as much, where it can be made again.
  return isWritten === null && isIdOf(run) === false ? "its id is not that of its line" : null;
}

/** A field with what is stored and what it should be. */
interface FieldDifference {
  readonly name: string;
  readonly stored: unknown;
  readonly read: unknown;
}

const sayField = ({ name, stored, read }: FieldDifference): string =>
  `${name}: stored ${quoted(textOfValue(stored))}, read ${quoted(textOfValue(read))}`;

const textOfValue = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined ? "nothing" : JSON.stringify(value);

/** The fields that the line of a run says otherwise now. */
function fieldsReadOtherwise(run: Run): FieldDifference[] {
  const again = reparse(run);
  if (again === null) return [{ name: "raw", stored: run.raw, read: "no result" }];
  return [
    ...differing({ stratum: run.stratum }, { stratum: again.stratum }),
    ...differing(run.bonnie, again.bonnie),
    ...differing(run.metrics, again.metrics),
    ...differing(
      { quality: run.quality, warnings: run.warnings },
      { quality: again.quality, warnings: again.warnings },
    ),
  ];
}

function differing(stored: object, read: object): FieldDifference[] {
  const readings = new Map(Object.entries(read));
  return Object.entries(stored).flatMap(([name, value]) => {
    const again: unknown = readings.get(name);
    return isDeepStrictEqual(value, again) ? [] : [{ name, stored: value, read: again }];
  });
}

function misplaced(item: Item, run: Run): FieldDifference[] {
  return Object.entries(derivedOf(run, toSample(run))).flatMap(([name, { S: read }]) => {
    const stored = item[name]?.S;
    return stored === read ? [] : [{ name, stored, read }];
  });
}

// The lists of cohorts of an audit: each cohort that has hosts is listed, with the number of shards in which it has any, and no
// other is. What has hosts is taken from the cells, which the audit checks against the runs.

/** The number of shards in which each cohort of a period has hosts, by its hash. */
type Shards = Map<string, number>;

/** Counts a stored cell, if it is the one that a cohort has in each shard with hosts. */
function countShard(shards: Shards, cell: Item): void {
  const [cohort = "", kind, name, scope] = textOf(cell, "sk").split("#");
  if (cohort === EVERY_COHORT || kind !== "fleet" || name !== FLEET_NAME || scope !== SCOPE_ALL) return;
  shards.set(cohort, (shards.get(cohort) ?? 0) + 1);
}

/** Compares the list of a period with the cells; what changed while it was compared is counted in `moving`. */
async function wrongListings(
  table: Table,
  of: FleetGeneration,
  period: string,
  shards: Shards,
): Promise<{ differences: Difference[]; moving: number }> {
  const suspects = new Set<string>();
  const unlisted = new Set(shards.keys());
  for await (const item of queryItems(table, { ...partition(cohortPartition(of, period)), ConsistentRead: true })) {
    const cohort = textOf(item, "sk");
    unlisted.delete(cohort);
    if (metadataError(period, cohort, item, shards.get(cohort) ?? 0) !== null) suspects.add(cohort);
  }
  const differences: Difference[] = [];
  let moving = 0;
  for (const cohort of new Set([...suspects, ...unlisted])) {
    // A host may have come or gone since the cells were read: item and cells are looked at together, twice.
    const first = await listingNow(table, of, period, cohort);
    const again = await listingNow(table, of, period, cohort);
    const fault = metadataError(period, cohort, again.item, again.shards);
    if (first.text !== again.text) moving += 1;
    else if (fault !== null) differences.push({ key: idOf(cohortKey(of, period, cohort)), ...fault });
  }
  return { differences, moving };
}

/** What is listed of a cohort and the shards in which it has hosts, as of now, and a text that changes with any of them. */
async function listingNow(table: Table, of: FleetGeneration, period: string, cohort: string) {
  const listed = cohortKey(of, period, cohort);
  const cells = Array.from({ length: BUCKETS }, (_, shard) =>
    cellKey(of, period, { cohort, kind: "fleet", name: FLEET_NAME, scope: SCOPE_ALL, shard }),
  );
  const found = await getItems(table, [listed, ...cells]);
  const item = found.get(idOf(listed));
  const versions = cells.map((key) => found.get(idOf(key))?.["ver"]?.S ?? null);
  // Attributes come in any order.
  const text = JSON.stringify([item?.["cohort"], item?.["shards"], versions]);
  return { item, shards: versions.filter((version) => version !== null).length, text };
}

function metadataError(
  period: string,
  cohort: string,
  item: Item | undefined,
  shards: number,
): Pick<Difference, "kind" | "text"> | null {
  const named = `cohort ${cohort} of ${period}`;
  if (item === undefined)
    return shards === 0 ? null : { kind: "missing", text: `${named} has hosts and is not listed` };
  const hash = hashOf(item);
  if (hash === null) return { kind: "unreadable", text: `${named} is listed without saying what it is` };
  if (hash !== cohort) return { kind: "different", text: `${named} is listed as cohort ${hash}` };
  // A list that an earlier version has written says of no shards, and keeps what is in it until a rebuild.
  const counted = item["shards"]?.N;
  if (counted === undefined || Number(counted) === shards) return null;
  if (shards === 0) return { kind: "unexpected", text: `${named} is listed and has no hosts` };
  return { kind: "different", text: `${named} is listed with hosts in ${counted} shards; it has some in ${shards}` };
}

/** The hash of what a listed cohort says it is; null when that cannot be read. */
function hashOf(item: Item): string | null {
  try {
    return cohortHash(JSON.parse(textOf(item, "cohort")));
  } catch {
    return null;
  }
}

/** Something stored that is not what the runs say, or not what their lines say, by its key. */
interface Difference {
  readonly key: string;
  /** `damaged`: its bytes are not those that were written; `unreadable`: nothing can be made of them. */
  readonly kind: "missing" | "unexpected" | "different" | "damaged" | "unreadable";
  /** What it is about, for people. */
  readonly text?: string;
}

/** The difference between what was found under a key and what was expected there, each as text or null for nothing; none if equal. */
function differenceOf(key: string, found: string | null, expected: string | null): Difference[] {
  if (found === expected) return [];
  return [{ key, kind: found === null ? "missing" : expected === null ? "unexpected" : "different" }];
}

// The cells of an audit: what they must be by the summaries, and which stored ones are anything else, byte for byte.

/** Both views of each cell, by its key. */
type ExpectedCells = Map<string, Record<View, Cell>>;

/** The version of every cell, by its key, as far as it belongs to the buckets. */
async function versionsOfCells(
  table: Table,
  of: FleetGeneration,
  periods: readonly string[],
  buckets: readonly number[],
): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  for (const period of periods) {
    const query = {
      ...partition(cellPartition(of, period)),
      ProjectionExpression: "pk, sk, ver",
      ConsistentRead: true,
    };
    for await (const item of queryItems(table, query)) {
      if (isOf(buckets, item)) versions.set(keyOf(item), textOf(item, "ver"));
    }
  }
  return versions;
}

const keyOf = (item: Item): string => idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") });

/** Whether a cell belongs to one of the buckets, which its sort key ends in. */
const isOf = (buckets: readonly number[], cell: Item): boolean =>
  buckets.includes(Number(textOf(cell, "sk").split("#").at(-1)));

/** Adds what a host contributes by a summary of a period to the cells that are expected. */
function addToCells(
  cells: ExpectedCells,
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

/** A cell that is not as expected, in the version that was compared; undefined when there is none. */
interface WrongCell extends Difference {
  readonly version: string | undefined;
}

/**
 * Compares every stored cell of the buckets with the expected ones, which it takes out of the map. Gives as well in how many
 * shards, whichever the buckets, each cohort has hosts, by period.
 */
async function wrongCells(
  table: Table,
  of: FleetGeneration,
  periods: readonly string[],
  buckets: readonly number[],
  expected: ExpectedCells,
): Promise<{ wrong: WrongCell[]; count: number; shards: ReadonlyMap<string, Shards> }> {
  const wrong: WrongCell[] = [];
  const shards = new Map<string, Shards>();
  let count = 0;
  for (const period of periods) {
    const inPeriod: Shards = new Map();
    shards.set(period, inPeriod);
    for await (const item of queryItems(table, { ...partition(cellPartition(of, period)), ConsistentRead: true })) {
      countShard(inPeriod, item);
      if (!isOf(buckets, item)) continue;
      count += 1;
      const key = keyOf(item);
      const found = bothViews(encodedView(item, "trusted"), encodedView(item, "all"));
      const cell = expected.get(key);
      expected.delete(key);
      const differences = differenceOf(key, found, cell === undefined ? null : expectedViews(cell));
      wrong.push(...differences.map((difference) => ({ ...difference, version: textOf(item, "ver") })));
    }
  }
  for (const key of expected.keys()) wrong.push({ key, kind: "missing", version: undefined });
  return { wrong, count, shards };
}

const expectedViews = ({ trusted, all }: Record<View, Cell>): string => bothViews(encodeCell(trusted), encodeCell(all));

const bothViews = (...views: readonly (Uint8Array | null)[]): string =>
  views.map((bytes) => (bytes === null ? "none" : Buffer.from(bytes).toString("hex"))).join(" ");

/** What an audit found. */
export interface Audit {
  readonly hosts: number;
  readonly runs: number;
  readonly cells: number;
  /** Marks that were open before or after: hosts that have results which are not counted yet. */
  readonly pendingHostCount: number;
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
  const marksBefore = (await countPendingHosts(table, fleet)).count;
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
  const pendingHostCount = Math.max(marksBefore, (await countPendingHosts(table, fleet)).count);
  const told = { runs: outdatedRuns, first: outdated };
  return { hosts: hosts.length, runs, cells: cells.count, pendingHostCount, moving, differences, outdated: told };
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
  if ((await readPendingHost(table, of.fleet, host)) !== null) return true;
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
    const sample = toSample(audited.run);
    for (const period of enclosingPeriods(monthOf(audited.run.finished_at))) {
      const inPeriod = samples.get(period) ?? [];
      inPeriod.push(sample);
      samples.set(period, inPeriod);
    }
  }
  const summaries = isWhole
    ? new Map([...samples].map(([period, inPeriod]) => [period, summarize(host, inPeriod)]))
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
  return stored?.cohort === OTHER_COHORT ? OTHER_COHORT : computeCountedCohort(summary);
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
