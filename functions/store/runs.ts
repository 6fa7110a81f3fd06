// Runs in the table: put if absent together with the work mark of their host, read by id, withdrawn, replaced.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";
import type { Run } from "../../shared/run/run.ts";
import type { RunPlace } from "../../shared/run/run-codec.ts";
import type { NewRun, RunStore } from "../../shared/ports.ts";
import { inChunks } from "./chunks.ts";
import { type Item, keyItem, optionalTextOf, sizeOf } from "./item.ts";
import { runKey, runOrder, withdrawnOrder } from "./keys.ts";
import { markWrite, touchedBy } from "./pending-hosts.ts";
import { retryingTransient } from "./retry.ts";
import { RunFault, runItem, runOfItem, runsOfItems } from "./run-item.ts";
import { listRuns } from "./run-list.ts";
import { runPlaceOf } from "./run-place.ts";
import { TransactionCancelled } from "./errors.ts";
import { getItem, type Table, transact } from "./table.ts";

/** Runs over the table (`RunStore` says what each of them does). */
export function makeRunStore(table: Table): RunStore {
  return {
    add: (runs) => addRuns(table, runs),
    get: async (fleet, id) => {
      const item = await getItem(table, runKey(fleet, id));
      return item === null ? null : runOfItem(item);
    },
    list: (fleet, query) => listRuns(table, fleet, query),
    withdraw: (fleet, id, at) => withdraw(table, fleet, id, at),
  };
}

interface Pending {
  readonly newRun: NewRun;
  readonly item: Item;
}

async function addRuns(table: Table, runs: readonly NewRun[]): Promise<("stored" | "duplicate")[]> {
  const stored = new Set<string>();
  const pending = new Map<string, Pending>();
  for (const newRun of runs) {
    const { id } = newRun.run;
    if (!pending.has(id)) pending.set(id, { newRun, item: runItem(newRun.run, newRun.sample) });
  }
  const chunks = inChunks([...pending.values()], {
    bytesOf: ({ item }) => sizeOf(item),
    sharedOf: ({ newRun }) => hostOf(newRun.run),
  });
  for (const chunk of chunks) for (const id of await addChunk(table, chunk)) stored.add(id);
  // The first run of an id is the one that was stored; the same line again in one upload is a duplicate of it.
  return runs.map(({ run }) => (stored.delete(run.id) ? "stored" : "duplicate"));
}

/** Writes those runs of a chunk that are not there yet; the ids of what was written. */
async function addChunk(table: Table, chunk: readonly Pending[]): Promise<readonly string[]> {
  let left = chunk;
  while (left.length > 0) {
    const puts: TransactWriteItem[] = left.map(({ item }) => ({
      Put: { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" },
    }));
    try {
      await retryingTransient(() => transact(table, [...puts, ...marksOf(table, left)]));
      return left.map(({ newRun }) => newRun.run.id);
    } catch (error) {
      if (!(error instanceof TransactionCancelled)) throw error;
      const { reasons } = error;
      const absent = left.filter((_, index) => reasons[index] !== "ConditionalCheckFailed");
      if (absent.length === left.length) throw error;
      left = absent;
    }
  }
  return [];
}

/** One text for a host; an upload may hold hosts of several fleets. */
const hostOf = ({ fleet, host }: Run): string => `${fleet}#${host}`;

function marksOf(table: Table, runs: readonly Pending[]): TransactWriteItem[] {
  const byHost = new Map<string, NewRun[]>();
  for (const { newRun } of runs) {
    const ofHost = byHost.get(hostOf(newRun.run));
    if (ofHost === undefined) byHost.set(hostOf(newRun.run), [newRun]);
    else ofHost.push(newRun);
  }
  return [...byHost.values()].flatMap((ofHost) => {
    const newest = ofHost.reduce((a, b) => (b.run.finished_at > a.run.finished_at ? b : a));
    const { fleet, host, received_at: at } = newest.run;
    const touched = ofHost.map(({ run }) => touchedBy(run));
    return [markWrite(table, fleet, host, touched, at, cohortSaid(newest.sample))];
  });
}

/** The cohort that a run says its host is of, as a hint for what to count together. */
const cohortSaid = ({ cohort, capped }: NewRun["sample"]): CountedCohort => (capped === true ? OTHER_COHORT : cohort);

/** What a withdrawal needs of a run: of one that cannot be read, all that its key and its place still say. */
type Withdrawable = RunPlace & Pick<Run, "host" | "withdrawn_at">;

/** Throws RunFault where not even that can be read. */
function withdrawableOf(item: Item): Withdrawable {
  const { runs, unreadable } = runsOfItems([item]);
  const [run] = runs;
  if (run !== undefined) return run;
  const [fault] = unreadable;
  if (fault === undefined || fault.host === null || item["ord"] === undefined) throw fault ?? new RunFault(item, "");
  return { ...runPlaceOf(item), host: fault.host, withdrawn_at: optionalTextOf(item, "withdrawn") };
}

async function withdraw(table: Table, fleet: string, id: string, at: string): Promise<Withdrawable | null> {
  const key = runKey(fleet, id);
  const item = await getItem(table, key);
  if (item === null) return null;
  const run = withdrawableOf(item);
  if (run.withdrawn_at !== null) return run;
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  try {
    await retryingTransient(() =>
      transact(table, [
        {
          Update: {
            TableName: table.name,
            Key: keyItem(key),
            UpdateExpression: "SET withdrawn = :at, ord = :ord",
            ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(withdrawn)",
            ExpressionAttributeValues: { ":at": { S: at }, ":ord": { S: withdrawnOrder(order) } },
          },
        },
        markWrite(table, fleet, run.host, [touchedBy(run)], at),
      ]),
    );
  } catch (error) {
    if (!(error instanceof TransactionCancelled)) throw error;
    // Somebody else withdrew it meanwhile: their time stands.
    const again = await getItem(table, key);
    if (again === null || optionalTextOf(again, "withdrawn") === null) throw error;
    return withdrawableOf(again);
  }
  return { ...run, withdrawn_at: at };
}

/**
 * Replaces what a run was read as, and marks its host for what it was and what it is. False when it was withdrawn
 * meanwhile: it then stays as it is, for nothing counts it.
 */
export async function replaceRun(table: Table, before: Run, { run, sample }: NewRun, at: string): Promise<boolean> {
  const isWithdrawn = before.withdrawn_at !== null;
  const put: TransactWriteItem = {
    Put: {
      TableName: table.name,
      Item: runItem(run, sample),
      ConditionExpression: `attribute_exists(pk) AND ${isWithdrawn ? "attribute_exists" : "attribute_not_exists"}(withdrawn)`,
    },
  };
  try {
    await retryingTransient(() =>
      transact(table, [
        put,
        markWrite(table, run.fleet, run.host, [touchedBy(before), touchedBy(run)], at, cohortSaid(sample)),
      ]),
    );
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}
