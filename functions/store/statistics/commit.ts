// Committing: the summaries of hosts and the cells that they contribute to change together or not at all, each on the
// condition that it still is what was read. So a host counts exactly once, however often and in whatever order aggregation
// runs (docs/architecture.md). In: steps, each from one summary of a host and period to the next. Out: the steps that
// were not committed, because another writer got in the way or the table is busy.
//
// Steps become plans, and plans are batched into transactions: hosts of one cohort together, because they share its cells.

import { randomUUID } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { addCell, BothViews, type Cell, emptyCell, isEmptyCell, subtractCell } from "../../../shared/cells/cell.ts";
import { type ContributionChange, contributions, diffContributions } from "../../../shared/cells/contribution.ts";
import { FIRST_FORM, summaryInForm } from "../../../shared/cells/forms.ts";
import { type HostGroup, type HostSummary, type RunSample, withGroups } from "../../../shared/cells/host-values.ts";
import type {
  CountedSummary,
  FleetGeneration,
  LossReason,
  LostStep,
  StoredSummary,
  SummaryStep,
} from "../../../shared/cells/stored-summary.ts";
import { encodeSummary } from "../../../shared/cells/stored-summary.ts";
import { decodeItemCells, encodeItemCells, isTotal } from "../../../shared/cells/totals.ts";
import { CellError } from "../../../shared/cells/varint.ts";
import type { CountedCohort } from "../../../shared/run/cohort.ts";
import type { View } from "../../../shared/run/run.ts";
import { codeUnitOrder } from "../../../shared/run/text.ts";
import { listFleets } from "../fleet/tokens.ts";
import { makePendingHosts, pendingHostWrite } from "../runs/pending-hosts.ts";
import { readSamples } from "../runs/samples.ts";
import { retryingTransient, TransactionCancelled } from "../table/errors.ts";
import { type Item, itemSize, itemText } from "../table/item.ts";
import { ALL_COHORTS, cellKey, cohortHash, cohortKey, type Key, keyText, totalsKey } from "../table/keys.ts";
import {
  deleteVersion,
  getItems,
  MAX_TRANSACTION_BYTES,
  putVersion,
  type Table,
  transact,
  WRITES_PER_TRANSACTION,
} from "../table/table.ts";
import { assignCohorts, entersCohort, leavesCohort, listingWrite, MAX_COHORTS } from "./cohorts.ts";
import { activeGenerations, readGenerations } from "./generations.ts";
import { makeHostCountStore } from "./host-counts.ts";
import { readSummaries, summaryWrite } from "./summaries.ts";
import { encodedViews } from "./totals.ts";

/** Everything that aggregation reads and writes in a table. A period has room for `maxCohorts`. */
export function makeAggregationStores(table: Table, maxCohorts = MAX_COHORTS) {
  return {
    pendingHosts: makePendingHosts(table),
    statistics: makeStatisticsStore(table, maxCohorts),
    fleets: (): Promise<readonly string[]> => listFleets(table),
    hostCounts: makeHostCountStore(table),
  };
}

/** The statistics of the fleets of a table. */
export function makeStatisticsStore(table: Table, maxCohorts = MAX_COHORTS) {
  return {
    generations: async (fleet: string): Promise<readonly FleetGeneration[]> =>
      activeGenerations(fleet, await readGenerations(table, fleet)),
    samples: (
      group: { readonly fleet: string; readonly host: string; readonly backend: string; readonly stratum: string },
      window: { readonly from: string; readonly to: string },
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
    ): Promise<readonly LostStep[]> => commitSteps({ table, of, shard, at, maxCohorts }, steps),
  };
}

/** What a commit is about: hosts of one shard in one generation of a fleet, at a time. */
interface Commit {
  readonly table: Table;
  readonly of: FleetGeneration;
  readonly shard: number;
  readonly at: string;
  /** Cohorts that a period has room for. */
  readonly maxCohorts: number;
}

/**
 * Commits steps. A step that changes nothing is written too: its new version stops slower workers, which may have read the
 * runs earlier. Gives the steps that were not committed.
 */
async function commitSteps(to: Commit, steps: readonly SummaryStep[]): Promise<LostStep[]> {
  const lost: LostStep[] = [];
  const inForm = steps.map(limitToForm(to.of));
  for (const batch of batchPlans(to, await assignCohorts(to.table, to.of, inForm, to.maxCohorts))) {
    const reason = await commitPlans(to, batch);
    if (reason !== null) lost.push(...batch.map(({ step }) => ({ step, reason })));
  }
  return lost;
}

/**
 * Limits steps to what the form of a generation has. Steps that share a summary share it afterwards, too, because work on it is
 * memoized.
 */
function limitToForm({ form = FIRST_FORM }: FleetGeneration): (step: SummaryStep) => SummaryStep {
  const limited = new Map<HostSummary, HostSummary>();
  return (step) => {
    const { summary } = step.after;
    const inForm = limited.get(summary) ?? summaryInForm(summary, form);
    limited.set(summary, inForm);
    return inForm === summary ? step : { ...step, after: { ...step.after, summary: inForm } };
  };
}

/** Commits plans of one period together. Gives why they were not committed, null if they were. */
async function commitPlans(to: Commit, plans: readonly Plan[]): Promise<LossReason | null> {
  const [first] = plans;
  if (first !== undefined && plans.length === 1 && sharedKeys(first).length + 1 > WRITES_PER_TRANSACTION) {
    return commitInSteps(to, first.step);
  }
  try {
    const writes = await prepareWrites(to, plans);
    const bytes = writes.reduce((sum, { Put }) => sum + (Put?.Item === undefined ? 0 : itemSize(Put.Item)), 0);
    if (bytes > MAX_TRANSACTION_BYTES && plans.length > 1) {
      const half = Math.ceil(plans.length / 2);
      const ofFirst = await commitPlans(to, plans.slice(0, half));
      return (await commitPlans(to, plans.slice(half))) ?? ofFirst;
    }
    await transact(to.table, writes);
    return null;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isThrottled) return "throttled";
    if (error instanceof TransactionCancelled && error.isLostRace) return "conflict";
    // A cell does not contain what is to be subtracted: another writer has subtracted it already, or the cell is wrong.
    if (error instanceof CellError && (await areOvertaken(to, plans))) return "conflict";
    throw error;
  }
}

/** Whether a summary that a plan starts from is no longer the stored one. */
async function areOvertaken({ table, of }: Commit, plans: readonly Plan[]): Promise<boolean> {
  const keys = plans.map(({ step }) => ({ period: step.period, host: step.after.summary.host }));
  const stored = await readSummaries(table, of, keys);
  return plans.some(({ step }, index) => stored[index]?.version !== step.before.version);
}

// A step that changes more cells than one transaction may write, as of a host with very many backends or strata, is
// committed as several smaller ones. Any summary is a valid state as long as the cells contain exactly its contributions, so
// the intermediate summaries may be any that differ in one group only. If this is interrupted, nothing is wrong: the host is
// still pending.

async function commitInSteps(to: Commit, { period, before, after }: SummaryStep): Promise<LossReason | null> {
  const { table, of, at } = to;
  // Intermediate summaries may lack groups that come back later. In case this ends there, the pending host must name them.
  const touched = before.summary.groups.map(({ backend, stratum }) => ({ period, backend, stratum }));
  if (touched.length > 0) {
    await retryingTransient(() =>
      transact(table, [pendingHostWrite(table, of.fleet, after.summary.host, touched, at)]),
    );
  }
  let from: StoredSummary = before;
  for (const state of stepsBetween(before, after)) {
    const plan = makePlan(to, { period, before: from, after: state });
    const reason = await commitPlans(to, [plan]);
    if (reason !== null) return reason;
    from = { ...state, version: plan.version };
  }
  return null;
}

/**
 * The intermediate summaries after `from`, the last of which is `to`. Neighbors differ in one group; the cohort changes only
 * between empty summaries.
 */
export function stepsBetween(from: CountedSummary, to: CountedSummary): CountedSummary[] {
  const states: CountedSummary[] = [];
  const isMoving = cohortHash(from.cohort) !== cohortHash(to.cohort);
  let { summary } = from;
  const replace = ({ backend, stratum }: HostGroup, group: HostGroup | null, cohort: CountedCohort) => {
    const next = withGroups(summary, [{ backend, stratum, group }]);
    if (encodeSummary(next) === encodeSummary(summary)) return;
    summary = next;
    states.push({ summary, cohort });
  };
  const remaining = new Set(to.summary.groups.map(({ backend, stratum }) => `${backend}#${stratum}`));
  for (const group of from.summary.groups) {
    if (isMoving || !remaining.has(`${group.backend}#${group.stratum}`)) replace(group, null, from.cohort);
  }
  for (const group of to.summary.groups) replace(group, group, to.cohort);
  return states;
}

// Plans and batches.

/** A step, the version it leads to, the cells it changes, and the cohorts it enters or leaves. */
interface Plan {
  readonly step: SummaryStep;
  readonly version: string;
  readonly changes: readonly CellChange[];
  readonly cohorts: readonly CountedCohort[];
}

/** Steps that are planned together: some tens of hosts, whose contributions are all in memory at once. */
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

/** Steps of one period next to each other. */
const byPeriod = (a: CohortStep, b: CohortStep): number => codeUnitOrder(a.step.period, b.step.period);

/**
 * The plans of steps in batches of one period, each as large as a transaction can be; a plan that is too large for one is
 * alone. A plan is made when its batch is asked for.
 */
function* batchPlans(to: Commit, steps: readonly SummaryStep[]): Generator<Plan[]> {
  const sorted = steps.map(withCohort).toSorted(byCohort);
  for (let from = 0; from < sorted.length; from += STEPS_AT_ONCE) {
    yield* batchSorted(to, sorted.slice(from, from + STEPS_AT_ONCE).toSorted(byPeriod));
  }
}

function* batchSorted(to: Commit, steps: readonly CohortStep[]): Generator<Plan[]> {
  const changesBetween = memoizeChanges();
  let batch: Plan[] = [];
  let shared = new Set<string>();
  let period: string | null = null;
  for (const { step } of steps) {
    const plan = makePlan(to, step, changesBetween);
    const together = new Set([...shared, ...sharedKeys(plan)]);
    const fits = plan.step.period === period && together.size + batch.length + 1 <= WRITES_PER_TRANSACTION;
    if (!fits && batch.length > 0) yield batch;
    batch = fits ? [...batch, plan] : [plan];
    shared = fits ? together : new Set(sharedKeys(plan));
    period = plan.step.period;
  }
  if (batch.length > 0) yield batch;
}

function makePlan({ of, shard }: Commit, step: SummaryStep, changesBetween = memoizeChanges()): Plan {
  return {
    step,
    version: randomUUID(),
    changes: cellChanges(of, shard, step, changesBetween),
    cohorts: [...(entersCohort(step) ? [step.after.cohort] : []), ...(leavesCohort(step) ? [step.before.cohort] : [])],
  };
}

/** The keys of what a plan may write in addition to its summary; plans of one period share most of them. */
const sharedKeys = ({ changes, cohorts }: Plan): string[] => [
  ...changes.map(({ key }) => keyText(key)),
  ...cohorts.map((cohort) => `listed ${cohortHash(cohort)}`),
];

// The cells that a step changes: every change of the host's contributions goes to the cell of all cohorts, and to the cell of
// the host's own cohort. The totals of a cohort are one item. They are written whenever any cell of the cohort is, because
// their version tells readers whether what they cached is still current.

/** What one host takes out of one view of a cell and puts into it. Only totals have cells with names. */
interface CellPart {
  readonly name: string;
  readonly view: View;
  readonly subtract: Cell | null;
  readonly add: Cell | null;
}

/** The parts of one item with cells, in order. */
interface CellChange {
  readonly key: Key;
  readonly areTotals: boolean;
  readonly parts: readonly CellPart[];
}

/** The changes from one summary to another. */
type ChangesBetween = (before: HostSummary, after: HostSummary) => readonly ContributionChange[];

/** A summary that contributes nothing, of any host. */
const EMPTY: HostSummary = { host: "", groups: [] };

/** The changes of one step of a host in a shard: one for each cell, each cell once. */
function cellChanges(
  of: FleetGeneration,
  shard: number,
  { period, before, after }: SummaryStep,
  changesBetween: ChangesBetween,
): CellChange[] {
  const changes = new Map<string, { key: Key; areTotals: boolean; parts: CellPart[] }>();
  const change = (key: Key, areTotals: boolean): CellPart[] => {
    const { parts } = changes.get(keyText(key)) ?? { parts: [] };
    changes.set(keyText(key), { key, areTotals, parts });
    return parts;
  };
  const put = (cohort: string, differences: readonly ContributionChange[]) => {
    if (differences.length === 0) return;
    const totals = change(totalsKey(of, period, cohort, shard), true);
    for (const { view, kind, name, scope, subtract, add } of differences) {
      const key = cellKey(of, period, { cohort, kind, name, scope, shard });
      if (isTotal({ kind, scope })) totals.push({ name, view, subtract, add });
      else change(key, false).push({ name: "", view, subtract, add });
    }
  };
  const from = cohortHash(before.cohort);
  const to = cohortHash(after.cohort);
  put(ALL_COHORTS, changesBetween(before.summary, after.summary));
  if (from === to) {
    put(to, changesBetween(before.summary, after.summary));
  } else {
    put(from, changesBetween(before.summary, EMPTY));
    put(to, changesBetween(EMPTY, after.summary));
  }
  return [...changes.values()];
}

/**
 * Computes the changes between two summaries, and memoizes them: the month, quarter, year and all of a host often have the
 * same runs, and then share one summary. The result is large, so it must not outlive the steps it was made for.
 */
function memoizeChanges(): ChangesBetween {
  const memoized = new Map<HostSummary, Map<HostSummary, readonly ContributionChange[]>>();
  return (before, after) => {
    const ofBefore = memoized.get(before) ?? new Map<HostSummary, readonly ContributionChange[]>();
    memoized.set(before, ofBefore);
    const changes = ofBefore.get(after) ?? diffContributions(contributions(before), contributions(after));
    ofBefore.set(after, changes);
    return changes;
  };
}

// The writes of a batch.

/** Reads what plans of one period change, and gives the writes of their transaction. Throws CellError for a wrong cell. */
async function prepareWrites({ table, of, shard, at }: Commit, plans: readonly Plan[]): Promise<TransactWriteItem[]> {
  const changes = new Map<string, { key: Key; areTotals: boolean; parts: CellPart[] }>();
  for (const { key, areTotals, parts } of plans.flatMap((plan) => plan.changes)) {
    const change = changes.get(keyText(key)) ?? { key, areTotals, parts: [] };
    change.parts.push(...parts);
    changes.set(keyText(key), change);
  }
  const period = plans[0]?.step.period ?? "";
  const cohorts = [...new Map(plans.flatMap((plan) => plan.cohorts.map((each) => [cohortHash(each), each]))).values()];
  const listedKey = (cohort: CountedCohort): Key => cohortKey(of, period, cohortHash(cohort));
  const stored = await getItems(table, [...[...changes.values()].map(({ key }) => key), ...cohorts.map(listedKey)]);
  const changed = new Map(
    [...changes].map(([id, change]) => [id, changeCells(stored.get(id) ?? null, change, at)] as const),
  );
  return [
    ...plans.map(({ step, version }) => summaryWrite(table, of, step, version)),
    ...cohorts.flatMap((cohort) => {
      // Totals exist for as long as the shard has hosts of the cohort.
      const totals = keyText(totalsKey(of, period, cohortHash(cohort), shard));
      const [before, after] = [stored.has(totals), (changed.get(totals) ?? null) !== null];
      const key = listedKey(cohort);
      return before === after ? [] : listingWrite(table, key, cohort, stored.get(keyText(key)), after ? 1 : -1);
    }),
    ...[...changes].flatMap(([id, { key }]) => {
      const old = stored.get(id) ?? null;
      const before = old === null ? null : itemText(old, "ver");
      const item = changed.get(id) ?? null;
      if (item !== null) return putVersion(table, key, item, { before, after: randomUUID() });
      return old === null ? [] : deleteVersion(table, key, before);
    }),
  ];
}

/** The item with the parts subtracted and added, written at `at`; null when its cells are then empty in both views. */
function changeCells(stored: Item | null, { areTotals, parts }: CellChange, at: string): Item | null {
  const before = stored === null ? new BothViews<Uint8Array | null>(null) : encodedViews(stored);
  const after = BothViews.zip(before, partsByView(parts)).map(([bytes, ofView]) => {
    const cells = bytes === null ? new Map<string, Cell>() : decodeItemCells(bytes, areTotals);
    applyParts(cells, ofView);
    return cells;
  });
  if ([...after.trusted.values(), ...after.all.values()].every(isEmptyCell)) return null;
  const { trusted, all } = after.map((cells) => encodeItemCells(cells, areTotals));
  return {
    trusted: { B: trusted },
    // Without `all` both views have the same cells.
    ...(Buffer.compare(trusted, all) === 0 ? {} : { all: { B: all } }),
    at: { S: at },
  };
}

/** The parts of each view, as one list where both views get the very same cells, as without cached runs. */
function partsByView(parts: readonly CellPart[]): BothViews<readonly CellPart[]> {
  const trusted = parts.filter(({ view }) => view === "trusted");
  const all = parts.filter(({ view }) => view === "all");
  const areSame =
    trusted.length === all.length &&
    trusted.every(
      ({ name, subtract, add }, index) =>
        name === all[index]?.name && subtract === all[index]?.subtract && add === all[index]?.add,
    );
  return new BothViews(trusted, areSame ? trusted : all);
}

function applyParts(cells: Map<string, Cell>, parts: readonly CellPart[]): void {
  for (const { name, subtract, add } of parts) {
    const cell = cells.get(name) ?? emptyCell();
    cells.set(name, cell);
    // Adding first: what is subtracted was added by the same host earlier, so no sum is ever negative.
    if (add !== null) addCell(cell, add);
    if (subtract !== null) subtractCell(cell, subtract);
  }
}
