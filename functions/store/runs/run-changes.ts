// Changes of stored runs by an admin: a run is withdrawn, restored, or stored again under another backend or host. Each change
// is one transaction with the entries of the runs and the pending hosts, so that statistics follow exactly.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { type NewRun, toSample } from "../../../shared/cells/sample.ts";
import { TABLE } from "../../../shared/deployment.ts";
import { periodTouchedBy, type TouchedPeriod } from "../../../shared/run/pending-host.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Run } from "../../../shared/run/run.ts";
import type { RunPlace } from "../../../shared/run/run-codec.ts";
import { retryingTransient, TransactionCancelled } from "../table/errors.ts";
import { packedForm } from "../table/format.ts";
import { absentOrExpired, expiring, type Item, isExpired, keyItem, optionalText } from "../table/item.ts";
import { runKey, sampleKey, withdrawnKey } from "../table/keys.ts";
import { getItem, type Table, transact, tryTransact } from "../table/table.ts";
import { pendingHostWrite } from "./pending-hosts.ts";
import { countedCohort, makeRunStore, parsePlace, parseRun, parseRuns, RunError, runItem } from "./runs.ts";
import { sampleItem } from "./samples.ts";

/** How a run is withdrawn. */
export interface Withdrawal {
  /** In the words of the admin. */
  readonly reason?: string | undefined;
  /** Days after which a withdrawn run is deleted; if omitted, it is kept for good. */
  readonly daysKept?: number | undefined;
}

/** What a withdrawal needs of a run. Of one that cannot be read, its item still has it. */
type Withdrawable = RunPlace & Pick<Run, "host" | "withdrawn_at" | "withdrawn_reason">;

/** How a relabeled run came to count: its line was new under its label, or was there as withdrawn, or counted already. */
export type RelabelOutcome = "stored" | "restored" | "duplicate";

/** The runs of a table, which can also be changed. */
export function makeChangeableRuns(table: Table, clock: Clock = Date.now) {
  return {
    ...makeRunStore(table, clock),
    withdraw: (fleet: string, id: string, at: string, how: Withdrawal = {}): Promise<Withdrawable | null> =>
      withdraw(table, fleet, id, at, how, clock()),
    restore: (fleet: string, id: string, at: string): Promise<{ run: Run; isChanged: boolean } | null> =>
      restore(table, fleet, id, at, clock()),
    relabel: (before: Run, after: NewRun, at: string, how: Withdrawal): Promise<RelabelOutcome | null> =>
      relabel(table, before, after, at, how, clock()),
  };
}

/** Throws RunError if not even that can be read. */
function parseWithdrawable(item: Item): Withdrawable {
  const [run] = parseRuns([item]).runs;
  if (run !== undefined) return run;
  try {
    return { ...parsePlace(item), withdrawn_at: optionalText(item, "withdrawn") };
  } catch (error) {
    throw new RunError(item, error);
  }
}

async function readRunItem(table: Table, fleet: string, id: string, now: number): Promise<Item | null> {
  const item = await getItem(table, runKey(fleet, id));
  return item === null || isExpired(item, now) ? null : item;
}

async function withdraw(
  table: Table,
  fleet: string,
  id: string,
  at: string,
  how: Withdrawal,
  now: number,
): Promise<Withdrawable | null> {
  const item = await readRunItem(table, fleet, id, now);
  if (item === null) return null;
  const run = parseWithdrawable(item);
  if (run.withdrawn_at !== null) return run;
  const writes = [
    ...withdrawalWrites(table, { ...run, fleet }, at, how),
    pendingHostWrite(table, fleet, run.host, [periodTouchedBy(run)], at),
  ];
  try {
    await retryingTransient(() => transact(table, writes));
  } catch (error) {
    if (!(error instanceof TransactionCancelled)) throw error;
    // Another request has withdrawn it since: its time is the right one.
    const again = await getItem(table, runKey(fleet, id));
    if (again === null || optionalText(again, "withdrawn") === null) throw error;
    return parseWithdrawable(again);
  }
  return { ...run, withdrawn_at: at, ...(how.reason === undefined ? {} : { withdrawn_reason: how.reason }) };
}

/** Marks a run as withdrawn, if it is not yet, and replaces its sample by the entry of a withdrawn run. */
function withdrawalWrites(
  table: Table,
  run: RunPlace & Pick<Run, "fleet" | "host">,
  at: string,
  { reason, daysKept }: Withdrawal,
): TransactWriteItem[] {
  const ttl = daysKept === undefined ? null : expiring(at, daysKept);
  const set = [
    "withdrawn = :at",
    ...(reason === undefined ? [] : ["reason = :reason"]),
    ...(ttl === null ? [] : ["#ttl = :ttl"]),
  ];
  return [
    {
      Update: {
        TableName: table.name,
        Key: keyItem(runKey(run.fleet, run.id)),
        UpdateExpression: `SET ${set.join(", ")}`,
        ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(withdrawn)",
        ...(ttl === null ? {} : { ExpressionAttributeNames: { "#ttl": TABLE.timeToLive } }),
        ExpressionAttributeValues: {
          ":at": { S: at },
          ...(reason === undefined ? {} : { ":reason": { S: reason } }),
          ...(ttl === null ? {} : { ":ttl": ttl[TABLE.timeToLive] }),
        },
      },
    },
    { Delete: { TableName: table.name, Key: keyItem(sampleKey(run.fleet, run.host, run)) } },
    { Put: { TableName: table.name, Item: { ...keyItem(withdrawnKey(run.fleet, run.host, run)), ...ttl } } },
  ];
}

async function restore(
  table: Table,
  fleet: string,
  id: string,
  at: string,
  now: number,
): Promise<{ run: Run; isChanged: boolean } | null> {
  const item = await readRunItem(table, fleet, id, now);
  if (item === null) return null;
  const run = parseRun(item);
  if (run.withdrawn_at === null) return { run, isChanged: false };
  const restored = counting(run);
  const sample = toSample(restored);
  const touched = pendingHostWrite(table, fleet, run.host, [periodTouchedBy(run)], at, countedCohort(sample));
  try {
    await retryingTransient(() => transact(table, [...restorationWrites(table, run), touched]));
  } catch (error) {
    if (!(error instanceof TransactionCancelled)) throw error;
    const again = await getItem(table, runKey(fleet, id));
    if (again === null || optionalText(again, "withdrawn") !== null) throw error;
    return { run: parseRun(again), isChanged: false };
  }
  return { run: restored, isChanged: true };
}

/** The run as it is when it counts. */
function counting({ withdrawn_reason: _, ...run }: Run): Run {
  return { ...run, withdrawn_at: null };
}

/** Lets a withdrawn run count again, if nothing has changed since it was read, and stores its sample again. */
function restorationWrites(table: Table, withdrawn: Run): TransactWriteItem[] {
  const { fleet, host, id, withdrawn_at } = withdrawn;
  const run = counting(withdrawn);
  return [
    {
      Update: {
        TableName: table.name,
        Key: keyItem(runKey(fleet, id)),
        UpdateExpression: "REMOVE withdrawn, reason, #ttl",
        ConditionExpression: "withdrawn = :at",
        ExpressionAttributeNames: { "#ttl": TABLE.timeToLive },
        ExpressionAttributeValues: { ":at": { S: withdrawn_at ?? "" } },
      },
    },
    { Delete: { TableName: table.name, Key: keyItem(withdrawnKey(fleet, host, withdrawn)) } },
    { Put: { TableName: table.name, Item: sampleItem(run, toSample(run), packedForm(table)) } },
  ];
}

/**
 * Withdraws a run and, in the same transaction, lets the run with its other label count. Null, and nothing changes, if one of
 * the two was changed since it was read: then the caller reads again.
 */
async function relabel(
  table: Table,
  before: Run,
  after: NewRun,
  at: string,
  how: Withdrawal,
  now: number,
): Promise<RelabelOutcome | null> {
  const { run, sample } = after;
  const found = await readRunItem(table, run.fleet, run.id, now);
  const there = found === null ? null : parseRun(found);
  const { writes, outcome } = writesOfLabeled(table, there, after, now);
  const touched: readonly TouchedPeriod[] = [periodTouchedBy(before), periodTouchedBy(run)];
  const cohort = countedCohort(sample);
  const pending =
    before.host === run.host
      ? [pendingHostWrite(table, run.fleet, run.host, touched, at, cohort)]
      : [
          pendingHostWrite(table, before.fleet, before.host, touched.slice(0, 1), at),
          pendingHostWrite(table, run.fleet, run.host, touched.slice(1), at, cohort),
        ];
  const done = await tryTransact(table, [...withdrawalWrites(table, before, at, how), ...writes, ...pending]);
  return done ? outcome : null;
}

function writesOfLabeled(
  table: Table,
  there: Run | null,
  { run, sample }: NewRun,
  now: number,
): { readonly writes: readonly TransactWriteItem[]; readonly outcome: RelabelOutcome } {
  if (there === null) {
    const form = packedForm(table);
    const put = { Put: { TableName: table.name, Item: runItem(run, form), ...absentOrExpired(now) } };
    const entry = { Put: { TableName: table.name, Item: sampleItem(run, sample, form) } };
    return { writes: [put, entry], outcome: "stored" };
  }
  if (there.withdrawn_at !== null) return { writes: restorationWrites(table, there), outcome: "restored" };
  return { writes: [], outcome: "duplicate" };
}
