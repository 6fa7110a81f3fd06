// Committing: summaries and cells change together or not at all, each under the condition that it still is what was read.
// So a host counts exactly once however often and in whatever order aggregation runs (design, Storage).

import { randomUUID } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { addCell, type Cell, emptyCell, isEmptyCell, SCOPE_ALL, subtractCell } from "../../shared/cells/cell.ts";
import { CellError } from "../../shared/cells/cell-error.ts";
import { decodeCell, encodeCell } from "../../shared/cells/codec.ts";
import {
  type ContributionChange,
  contributions,
  diffContributions,
  FLEET_NAME,
} from "../../shared/cells/contribution.ts";
import { type HostGroup, type HostSummary, type RunSample, withGroups } from "../../shared/cells/host-values.ts";
import type { FleetGeneration, StoredSummary, SummaryStep } from "../../shared/cells/stored-summary.ts";
import { encodeSummary } from "../../shared/cells/summary-codec.ts";
import type { CountedCohort } from "../../shared/run/cohort.ts";
import type { View } from "../../shared/run/run.ts";
import { codeUnitOrder } from "../../shared/run/text.ts";
import { stampWrite } from "./cells.ts";
import { enters, leaves, listingWrite, MAX_COHORTS, placed } from "./cohorts.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { activeGenerations, readGenerations } from "./generations.ts";
import { type Item, optionalBytesOf, sizeOf, textOf } from "./item.ts";
import { cellKey, cohortHash, cohortKey, EVERY_COHORT, idOf, type Key, stampKey } from "./keys.ts";
import { makePendingHosts, pendingHostWrite } from "./pending-hosts.ts";
import { readSamples } from "./runs.ts";
import { listFleets } from "./status.ts";
import { readSummaries, summaryWrite } from "./summaries.ts";
import {
  deleteVersion,
  getItems,
  MAX_TRANSACTION_BYTES,
  putVersion,
  type Table,
  transact,
  WRITES_PER_TRANSACTION,
} from "./table.ts";

// A walk from one host summary to another in small steps. A host with very many backends or strata changes more cells at
// once than one transaction may write. Any summary is a valid state, as long as the cells hold exactly its contributions,
// so the way may lead over states that differ in one group only; being stopped half way leaves nothing wrong, only a mark.

/** A summary with the cohort it counts in. */
export interface SummaryState {
  readonly summary: HostSummary;
  readonly cohort: CountedCohort;
}

/** The states after `from`, the last of which is `to`; neighbours differ in one group, and in the cohort only if empty. */
export function walk(from: SummaryState, to: SummaryState): SummaryState[] {
  const states: SummaryState[] = [];
  const moves = cohortHash(from.cohort) !== cohortHash(to.cohort);
  let { summary } = from;
  const go = ({ backend, stratum }: HostGroup, group: HostGroup | null, cohort: CountedCohort) => {
    const next = withGroups(summary, [{ backend, stratum, group }]);
    if (encodeSummary(next) === encodeSummary(summary)) return;
    summary = next;
    states.push({ summary, cohort });
  };
  const kept = new Set(to.summary.groups.map(({ backend, stratum }) => `${backend}#${stratum}`));
  for (const group of from.summary.groups) {
    if (moves || !kept.has(`${group.backend}#${group.stratum}`)) go(group, null, from.cohort);
  }
  for (const group of to.summary.groups) go(group, group, to.cohort);
  return states;
}

// A cell as an item. Both views are in one: `all` is left out where it equals `trusted`, as it does without cached runs.

/** One view of a stored cell as it is encoded; null when there is none. */
export function encodedView(stored: Item, view: View): Uint8Array | null {
  return (view === "all" ? optionalBytesOf(stored, "all") : null) ?? optionalBytesOf(stored, "trusted");
}

/** Whether the views of a stored cell differ, as they do with cached runs. */
export function hasTwoViews(stored: Item): boolean {
  return optionalBytesOf(stored, "all") !== null;
}

/** One view of a stored cell, as a cell of its own that may be changed; empty when there is none. */
function viewOf(stored: Item | null, view: View): Cell {
  const bytes = stored && encodedView(stored, view);
  return bytes === null ? emptyCell() : decodeCell(bytes);
}

/** The item with the parts taken out and put in, written at `at`; null when nothing is left in either view. */
function changedCell(stored: Item | null, parts: readonly CellPart[], at: string): Item | null {
  const trusted = changed(stored, "trusted", parts);
  const all = areViewsAlike(stored, parts) ? trusted : changed(stored, "all", parts);
  if (isEmptyCell(trusted) && isEmptyCell(all)) return null;
  const trustedBytes = encodeCell(trusted);
  const allBytes = all === trusted ? trustedBytes : encodeCell(all);
  return {
    trusted: { B: trustedBytes },
    ...(Buffer.compare(trustedBytes, allBytes) === 0 ? {} : { all: { B: allBytes } }),
    at: { S: at },
  };
}

function changed(stored: Item | null, view: View, parts: readonly CellPart[]): Cell {
  const cell = viewOf(stored, view);
  for (const { subtract, add } of parts.filter((part) => part.view === view)) {
    // Adding first: what is taken out of a cell was put in by the same host before, so no sum is ever negative.
    if (add !== null) addCell(cell, add);
    if (subtract !== null) subtractCell(cell, subtract);
  }
  return cell;
}

/** Whether the views are one and get the very same cells, as without cached runs: then the sum is made once. */
function areViewsAlike(stored: Item | null, parts: readonly CellPart[]): boolean {
  if (stored !== null && hasTwoViews(stored)) return false;
  const trusted = parts.filter(({ view }) => view === "trusted");
  const all = parts.filter(({ view }) => view === "all");
  return (
    trusted.length === all.length &&
    trusted.every(({ subtract, add }, index) => subtract === all[index]?.subtract && add === all[index]?.add)
  );
}

// Which cells a step of a host's summary changes, and how: every diffContributions of the host's contributions goes to the cell
// of all cohorts and to the cell of the host's own cohort.

/** What one host takes out of one view of a cell and puts into it. */
interface CellPart {
  readonly view: View;
  readonly subtract: Cell | null;
  readonly add: Cell | null;
}

/** What happens to one cell, in order. */
interface CellChange {
  readonly key: Key;
  /** The hash of the cohort that the cell is of. */
  readonly cohort: string;
  readonly parts: readonly CellPart[];
}

/** The changes from one summary to another. */
type ChangesBetween = (before: HostSummary, after: HostSummary) => readonly ContributionChange[];

/** The changes of one step of a host in `bucket`: one for each cell it touches, each cell once. */
function cellChanges(
  of: FleetGeneration,
  bucket: number,
  { period, before, after }: SummaryStep,
  changesBetween: ChangesBetween,
): CellChange[] {
  const changes = new Map<string, { key: Key; cohort: string; parts: CellPart[] }>();
  const put = (cohort: string, differences: readonly ContributionChange[]) => {
    for (const { view, kind, name, scope, subtract, add } of differences) {
      const key = cellKey(of, period, { cohort, kind, name, scope, shard: bucket });
      const change = changes.get(key.sk) ?? { key, cohort, parts: [] };
      change.parts.push({ view, subtract, add });
      changes.set(key.sk, change);
    }
  };
  const from = cohortHash(before.cohort);
  const to = cohortHash(after.cohort);
  put(EVERY_COHORT, changesBetween(before.summary, after.summary));
  if (from === to) {
    put(to, changesBetween(before.summary, after.summary));
  } else {
    put(from, changesBetween(before.summary, NOTHING));
    put(to, changesBetween(NOTHING, after.summary));
  }
  return [...changes.values()];
}

/** A summary that contributes nothing, whoever's it is. */
const NOTHING: HostSummary = { host: "", groups: [] };

/**
 * Works out what lies between two summaries, and remembers it: the month, quarter, year and all of a host often hold the
 * same runs, and then share one summary. To be forgotten with the steps it was made for, for it is large.
 */
function rememberChanges(): ChangesBetween {
  const remembered = new Map<HostSummary, Map<HostSummary, readonly ContributionChange[]>>();
  return (before, after) => {
    const fromHere = remembered.get(before) ?? new Map<HostSummary, readonly ContributionChange[]>();
    remembered.set(before, fromHere);
    const changes = fromHere.get(after) ?? diffContributions(contributions(before), contributions(after));
    fromHere.set(after, changes);
    return changes;
  };
}

// What a commit writes together: steps in, groups of plans out, each of which fits into one transaction. Hosts of one cohort
// come together, because they share its cells.

/** One bucket of a generation. */
interface Bucket {
  readonly of: FleetGeneration;
  readonly bucket: number;
}

/** A step, the version it leads to, the cells it changes with their stamps, and the cohorts that it enters and leaves. */
interface Plan {
  readonly step: SummaryStep;
  readonly version: string;
  readonly changes: readonly CellChange[];
  readonly stamps: readonly Key[];
  readonly cohorts: readonly CountedCohort[];
}

/** Steps that are planned together: those of some tens of hosts, whose contributions are all in memory at once. */
const STEPS_AT_ONCE = 128;

/** A step, and the hash of the cohort it leads to. */
interface CohortStep {
  readonly step: SummaryStep;
  readonly cohort: string;
}

const withCohort = (step: SummaryStep): CohortStep => ({ step, cohort: cohortHash(step.after.cohort) });

/** Hosts of one cohort next to each other, for they share its cells; all steps of a host together, for they share work. */
const byCohort = (a: CohortStep, b: CohortStep): number =>
  codeUnitOrder(a.cohort, b.cohort) || codeUnitOrder(a.step.after.summary.host, b.step.after.summary.host);

/** Periods next to each other, within them cohorts as before. */
const byPeriod = (a: CohortStep, b: CohortStep): number => codeUnitOrder(a.step.period, b.step.period);

/** The plan of one step. */
function planOf({ of, bucket }: Bucket, step: SummaryStep, changesBetween = rememberChanges()): Plan {
  const changes = cellChanges(of, bucket, step, changesBetween);
  const cohorts = new Set(changes.map((change) => change.cohort));
  return {
    step,
    version: randomUUID(),
    changes,
    stamps: [...cohorts].map((changed) => stampKey(of, step.period, changed, bucket)),
    cohorts: [...(enters(step) ? [step.after.cohort] : []), ...(leaves(step) ? [step.before.cohort] : [])],
  };
}

/** The keys of what a plan may write beside its summary; plans of one period share most of them. */
const sharedKeys = ({ changes, stamps, cohorts }: Plan): string[] => [
  ...changes.map(({ key }) => idOf(key)),
  ...stamps.map(idOf),
  ...cohorts.map((cohort) => `listed ${cohortHash(cohort)}`),
];

/**
 * The plans of steps, as many of one period together as one transaction takes, each made when its turn comes. A plan too
 * large for one is alone.
 */
function* plansTogether(to: Bucket, steps: readonly SummaryStep[]): Generator<Plan[]> {
  const sorted = steps.map(withCohort).toSorted(byCohort);
  for (let from = 0; from < sorted.length; from += STEPS_AT_ONCE) {
    yield* batches(to, sorted.slice(from, from + STEPS_AT_ONCE).toSorted(byPeriod));
  }
}

function* batches(to: Bucket, steps: readonly CohortStep[]): Generator<Plan[]> {
  const changesBetween = rememberChanges();
  let batch: Plan[] = [];
  let shared = new Set<string>();
  let period: string | null = null;
  for (const { step } of steps) {
    const plan = planOf(to, step, changesBetween);
    const together = new Set([...shared, ...sharedKeys(plan)]);
    const fits = plan.step.period === period && together.size + batch.length + 1 <= WRITES_PER_TRANSACTION;
    if (!fits && batch.length > 0) yield batch;
    batch = fits ? [...batch, plan] : [plan];
    shared = fits ? together : new Set(sharedKeys(plan));
    period = plan.step.period;
  }
  if (batch.length > 0) yield batch;
}

/** What a commit is about: hosts of one bucket in one generation of a fleet, at a time. */
interface Commit {
  readonly table: Table;
  readonly of: FleetGeneration;
  readonly bucket: number;
  readonly at: string;
  /** Cohorts that a period has room for. */
  readonly mostCohorts: number;
}

/**
 * Commits steps, those of one period together as far as a transaction takes them, because they share cells. A step that
 * changes nothing is written too: its new version stops slower workers, whose reading of the runs may be older. Gives the
 * steps that were not committed because somebody else was faster.
 */
async function commitSteps(to: Commit, steps: readonly SummaryStep[]): Promise<SummaryStep[]> {
  const lost: SummaryStep[] = [];
  for (const batch of plansTogether(to, await placed(to.table, to.of, steps, to.mostCohorts))) {
    if (!(await commitPlans(to, batch))) lost.push(...batch.map(({ step }) => step));
  }
  return lost;
}

async function commitPlans(to: Commit, plans: readonly Plan[]): Promise<boolean> {
  const [first] = plans;
  if (first !== undefined && plans.length === 1 && sharedKeys(first).length + 1 > WRITES_PER_TRANSACTION) {
    return commitInSteps(to, first.step);
  }
  try {
    const writes = await writesOf(to, plans);
    const bytes = writes.reduce((sum, { Put }) => sum + (Put?.Item === undefined ? 0 : sizeOf(Put.Item)), 0);
    if (bytes > MAX_TRANSACTION_BYTES && plans.length > 1) {
      const half = Math.ceil(plans.length / 2);
      const isFirstDone = await commitPlans(to, plans.slice(0, half));
      return (await commitPlans(to, plans.slice(half))) && isFirstDone;
    }
    await transact(to.table, writes);
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    // What is to be taken out of a cell is not in it: somebody else took it out meanwhile, or the cell is wrong.
    if (error instanceof CellError && (await areOvertaken(to, plans))) return false;
    throw error;
  }
}

/** Whether a summary that a plan starts from is no longer the stored one. */
async function areOvertaken({ table, of }: Commit, plans: readonly Plan[]): Promise<boolean> {
  const keys = plans.map(({ step }) => ({ period: step.period, host: step.after.summary.host }));
  const stored = await readSummaries(table, of, keys);
  return plans.some(({ step }, index) => stored[index]?.version !== step.before.version);
}

/** A host that changes more cells than a transaction may write: over states that differ in one group each. */
async function commitInSteps(to: Commit, { period, before, after }: SummaryStep): Promise<boolean> {
  const { table, of, at } = to;
  // The way may lead over states without groups that are to come back. Were it to end there, the mark must know of them.
  const touched = before.summary.groups.map(({ backend, stratum }) => ({ period, backend, stratum }));
  if (touched.length > 0) {
    await retryingTransient(() =>
      transact(table, [pendingHostWrite(table, of.fleet, after.summary.host, touched, at)]),
    );
  }
  let from: StoredSummary = before;
  for (const state of walk(before, after)) {
    const plan = planOf(to, { period, before: from, after: state });
    if (!(await commitPlans(to, [plan]))) return false;
    from = { ...state, version: plan.version };
  }
  return true;
}

async function writesOf({ table, of, bucket, at }: Commit, plans: readonly Plan[]): Promise<TransactWriteItem[]> {
  const parts = new Map<string, { key: Key; parts: CellPart[] }>();
  for (const change of plans.flatMap(({ changes }) => changes)) {
    const cell = parts.get(idOf(change.key)) ?? { key: change.key, parts: [] };
    cell.parts.push(...change.parts);
    parts.set(idOf(change.key), cell);
  }
  const cells = [...parts.values()];
  const stamps = new Map(plans.flatMap((plan) => plan.stamps.map((key) => [idOf(key), key])));
  // Plans that are committed together are of one period.
  const period = plans[0]?.step.period ?? "";
  const cohorts = [...new Map(plans.flatMap((plan) => plan.cohorts.map((each) => [cohortHash(each), each]))).values()];
  const listed = (cohort: CountedCohort): Key => cohortKey(of, period, cohortHash(cohort));
  const stored = await getItems(table, [...cells.map(({ key }) => key), ...cohorts.map(listed)]);
  const changed = new Map(
    cells.map(({ key, parts }) => [idOf(key), changedCell(stored.get(idOf(key)) ?? null, parts, at)]),
  );
  return [
    ...plans.map(({ step, version }) => summaryWrite(table, of, step, version)),
    ...[...stamps.values()].map((key) => stampWrite(table, key, randomUUID())),
    ...cohorts.flatMap((cohort) => {
      // Every host of a cohort and shard is in this cell, so the shard has hosts for as long as there is one.
      const place = { cohort: cohortHash(cohort), kind: "fleet", name: FLEET_NAME, scope: SCOPE_ALL, shard: bucket };
      const cell = idOf(cellKey(of, period, place));
      const [before, after] = [stored.has(cell), (changed.get(cell) ?? null) !== null];
      const key = listed(cohort);
      return before === after ? [] : listingWrite(table, key, cohort, stored.get(idOf(key)), after ? 1 : -1);
    }),
    ...cells.flatMap((cell) => {
      const old = stored.get(idOf(cell.key)) ?? null;
      const before = old === null ? null : textOf(old, "ver");
      const item = changed.get(idOf(cell.key)) ?? null;
      if (item !== null) return putVersion(table, cell.key, item, { before, after: randomUUID() });
      return old === null ? [] : deleteVersion(table, cell.key, before);
    }),
  ];
}

/** The statistics of a table, for aggregation. A period has room for `maxCohorts`. */
export function makeStatisticsStore(table: Table, maxCohorts = MAX_COHORTS) {
  return {
    generations: async (fleet: string): Promise<readonly FleetGeneration[]> =>
      activeGenerations(fleet, await readGenerations(table, fleet)),
    samples: (
      group: Parameters<typeof readSamples>[1],
      window: Parameters<typeof readSamples>[2],
      limit: number,
    ): Promise<readonly RunSample[]> => readSamples(table, group, window, limit),
    summaries: (
      of: FleetGeneration,
      keys: readonly { readonly period: string; readonly host: string }[],
    ): Promise<readonly StoredSummary[]> => readSummaries(table, of, keys),
    commit: (
      of: FleetGeneration,
      shard: number,
      steps: readonly SummaryStep[],
      at: string,
    ): Promise<readonly SummaryStep[]> => commitSteps({ table, of, bucket: shard, at, mostCohorts: maxCohorts }, steps),
  };
}

/** Everything that aggregation needs of a table. */
export function makeAggregationStores(table: Table, maxCohorts = MAX_COHORTS) {
  return {
    pendingHosts: makePendingHosts(table),
    statistics: makeStatisticsStore(table, maxCohorts),
    fleets: (): Promise<readonly string[]> => listFleets(table),
  };
}
