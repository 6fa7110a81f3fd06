// Committing: summaries and cells change together or not at all, each under the condition that it still is what was read.
// So a host counts exactly once however often and in whatever order aggregation runs (design, Storage).

import { randomUUID } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { SCOPE_ALL } from "../../shared/cells/cell.ts";
import { CellFault } from "../../shared/cells/cell-fault.ts";
import { FLEET_NAME } from "../../shared/cells/contribution.ts";
import type { CountedCohort } from "../../shared/run/cohort.ts";
import type { FleetGeneration, StoredSummary, SummaryStep } from "../../shared/ports.ts";
import type { CellPart } from "./cell-changes.ts";
import { changedCell } from "./cell-item.ts";
import { MAX_TRANSACTION_BYTES, WRITES_PER_TRANSACTION } from "./chunks.ts";
import { listingWrite, placed } from "./cohorts.ts";
import { type Plan, planOf, plansTogether, sharedKeys } from "./commit-plan.ts";
import { sizeOf, textOf } from "./item.ts";
import { cellKey, cohortHash, cohortKey, idOf, type Key } from "./keys.ts";
import { markWrite } from "./pending-hosts.ts";
import { retryingTransient } from "./retry.ts";
import { stampWrite } from "./stamps.ts";
import { TransactionCancelled } from "./errors.ts";
import { readSummaries, summaryWrite } from "./summaries.ts";
import { walk } from "./summary-walk.ts";
import { getItems, type Table, transact } from "./table.ts";
import { deleteVersion, putVersion } from "./versioned.ts";

/** What a commit is about: hosts of one bucket in one generation of a fleet, at a time. */
export interface Commit {
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
export async function commitSteps(to: Commit, steps: readonly SummaryStep[]): Promise<SummaryStep[]> {
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
    if (error instanceof CellFault && (await areOvertaken(to, plans))) return false;
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
    await retryingTransient(() => transact(table, [markWrite(table, of.fleet, after.summary.host, touched, at)]));
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
