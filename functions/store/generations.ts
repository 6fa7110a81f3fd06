// Generations: a fleet's summaries, cells and cohorts may be derived again from its runs beside those that are read, under
// keys of their own. One item for each fleet says which generation is read (`current`), which a rebuild is making
// (`building`), under which token and when that rebuild was last heard of, and which are to be deleted (`retired`). A fleet
// without the item reads generation 0.

import { randomUUID } from "node:crypto";
import type { Update } from "@aws-sdk/client-dynamodb";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { BUCKETS } from "../../shared/deployment.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { periodsOfFleet } from "./fleet-scan.ts";
import { keyItem, optionalTextOf, textOf, textSetOf } from "./item.ts";
import { cellPartition, cohortPartition, generationKey, stampPartition, summaryPartition } from "./keys.ts";
import { getItem, partition, queryPages, type Table, transact, WRITES_PER_TRANSACTION } from "./table.ts";

/** Deletes all items of a partition, or those whose sort key starts with `prefix`. */
export async function deletePartition(table: Table, pk: string, prefix?: string): Promise<void> {
  const query = {
    ...partition(pk, prefix),
    ProjectionExpression: "pk, sk",
    Limit: WRITES_PER_TRANSACTION,
    ConsistentRead: true,
  };
  for await (const { items } of queryPages(table, query)) {
    const deletes = items.map((item) => ({
      Delete: { TableName: table.name, Key: keyItem({ pk, sk: textOf(item, "sk") }) },
    }));
    if (deletes.length > 0) await retryingTransient(() => transact(table, deletes));
  }
}

/**
 * Deletes the summaries, cells, cohorts and stamps of a generation that nobody reads any more. Summaries go first: a worker that
 * still has one of them in hand then finds that it is gone, and writes no cell.
 */
async function deleteGeneration(table: Table, of: FleetGeneration): Promise<void> {
  const periods = await periodsOfFleet(table, of.fleet);
  for (const period of periods) {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      await deletePartition(table, summaryPartition(of, period, bucket));
    }
  }
  for (const period of periods) {
    await deletePartition(table, cellPartition(of, period));
    await deletePartition(table, cohortPartition(of, period));
    await deletePartition(table, stampPartition(of, period));
  }
}

const FIRST_GENERATION = "0";

export interface Generations {
  readonly current: string;
  /** The newest that was ever begun. */
  readonly last: string;
  /** The rebuild that was started last and has not ended; null when there is none. */
  readonly rebuild: Rebuild | null;
  /** Generations that nobody reads any more, whose items are still there. */
  readonly superseded: readonly string[];
}

/** A rebuild under way, or one that was killed. */
export interface Rebuild {
  readonly building: string;
  /** Names this rebuild and no other. */
  readonly token: string;
  /** When it last said that it is alive, ISO 8601 UTC. */
  readonly aliveAt: string;
}

/** The generations of a fleet as they are now. */
export async function readGenerations(table: Table, fleet: string): Promise<Generations> {
  const item = (await getItem(table, generationKey(fleet))) ?? {};
  const building = optionalTextOf(item, "building");
  const token = optionalTextOf(item, "holder");
  const aliveAt = optionalTextOf(item, "alive");
  const current = optionalTextOf(item, "current") ?? FIRST_GENERATION;
  return {
    current,
    last: optionalTextOf(item, "last") ?? current,
    rebuild: building === null || token === null || aliveAt === null ? null : { building, token, aliveAt },
    superseded: textSetOf(item, "retired"),
  };
}

/** The generations of the fleets of a table, for rebuilds. */
export function makeGenerationStore(table: Table) {
  return {
    read: (fleet: string): Promise<Generations> => readGenerations(table, fleet),
    begin: (fleet: string, seen: Generations, at: string): Promise<Rebuild | null> =>
      beginGeneration(table, fleet, seen, at),
    heartbeat: (fleet: string, rebuild: Rebuild, at: string): Promise<boolean> => heartbeat(table, fleet, rebuild, at),
    activate: (fleet: string, before: string, rebuild: Rebuild): Promise<boolean> =>
      activateGeneration(table, fleet, before, rebuild),
    abort: (fleet: string, rebuild: Rebuild): Promise<boolean> => abortGeneration(table, fleet, rebuild),
    delete: (fleet: string, superseded: readonly string[]): Promise<void> =>
      deleteGenerations(table, fleet, superseded),
  };
}

export type GenerationStore = ReturnType<typeof makeGenerationStore>;

/** The generation that answers are read from. */
export async function currentGeneration(table: Table, fleet: string): Promise<FleetGeneration> {
  return { fleet, generation: (await readGenerations(table, fleet)).current };
}

/** The generations that every change of runs goes into. */
export function activeGenerations(fleet: string, { current, rebuild }: Generations): FleetGeneration[] {
  return [current, ...(rebuild === null ? [] : [rebuild.building])].map((generation) => ({ fleet, generation }));
}

/**
 * Begins a new generation, if `seen` is still so: from now on aggregation keeps it up to date beside the current one. What
 * a rebuild that was killed has made is retired, not gone on with: a different version may have made it. Null when
 * somebody else has begun one meanwhile.
 */
async function beginGeneration(
  table: Table,
  fleet: string,
  { current, last, rebuild: killed }: Generations,
  at: string,
): Promise<Rebuild | null> {
  // Higher than any before, so that no generation ever finds what is left of another.
  const building = String(Number(last) + 1);
  const token = randomUUID();
  const isBegun = await changed(table, fleet, {
    UpdateExpression: `SET #current = :current, #last = :building, building = :building, holder = :token, alive = :at${
      killed === null ? "" : " ADD retired :killed"
    }`,
    ConditionExpression:
      killed === null
        ? "attribute_not_exists(holder) AND (attribute_not_exists(pk) OR #last = :last)"
        : "holder = :before",
    ExpressionAttributeNames: { "#current": "current", "#last": "last" },
    ExpressionAttributeValues: {
      ":current": { S: current },
      ":building": { S: building },
      ":token": { S: token },
      ":at": { S: at },
      ...(killed === null
        ? { ":last": { S: last } }
        : { ":before": { S: killed.token }, ":killed": { SS: [killed.building] } }),
    },
  });
  return isBegun ? { building, token, aliveAt: at } : null;
}

/** Says that a rebuild is alive. False when it is no longer the one that goes on. */
function heartbeat(table: Table, fleet: string, { token }: Rebuild, at: string): Promise<boolean> {
  return changed(table, fleet, {
    UpdateExpression: "SET alive = :at",
    ConditionExpression: "holder = :token",
    ExpressionAttributeValues: { ":token": { S: token }, ":at": { S: at } },
  });
}

/** Makes the generation that a rebuild has finished the one that is read. False when another rebuild took over. */
function activateGeneration(table: Table, fleet: string, current: string, rebuild: Rebuild): Promise<boolean> {
  return changed(table, fleet, {
    UpdateExpression: "SET #current = :building REMOVE building, holder, alive ADD retired :retired",
    ConditionExpression: "holder = :token",
    ExpressionAttributeNames: { "#current": "current" },
    ExpressionAttributeValues: {
      ":token": { S: rebuild.token },
      ":building": { S: rebuild.building },
      ":retired": { SS: [current] },
    },
  });
}

/** Gives a rebuild up: its generation is no longer kept up to date, and is to be deleted. */
function abortGeneration(table: Table, fleet: string, { token, building }: Rebuild): Promise<boolean> {
  return changed(table, fleet, {
    UpdateExpression: "REMOVE building, holder, alive ADD retired :building",
    ConditionExpression: "holder = :token",
    ExpressionAttributeValues: { ":token": { S: token }, ":building": { SS: [building] } },
  });
}

/** Deletes all items of superseded generations, then the note of them. */
async function deleteGenerations(table: Table, fleet: string, deleted: readonly string[]): Promise<void> {
  for (const generation of deleted) await deleteGeneration(table, { fleet, generation });
  await changed(table, fleet, {
    UpdateExpression: "DELETE retired :deleted",
    ExpressionAttributeValues: { ":deleted": { SS: [...deleted] } },
  });
}

/** Updates the item; false when the condition does not hold. */
async function changed(table: Table, fleet: string, update: Omit<Update, "TableName" | "Key">): Promise<boolean> {
  const write = { Update: { ...update, TableName: table.name, Key: keyItem(generationKey(fleet)) } };
  try {
    // A transaction of one: its faults are those that the rest of the store knows.
    await retryingTransient(() => transact(table, [write]));
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}
