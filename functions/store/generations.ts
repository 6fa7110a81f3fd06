// Generations: builds of a fleet's statistics. A rebuild computes the summaries, cells and cohorts of a fleet again from its
// runs, under keys of their own, while answers are read from the active generation. One item for each fleet contains the
// active generation (`current`), the one that a rebuild is making (`building`) with the token and the last heartbeat of that
// rebuild, and the superseded ones, which are to be deleted (`retired`). A fleet without the item reads generation 0.

import { randomUUID } from "node:crypto";
import type { TransactWriteItem, Update } from "@aws-sdk/client-dynamodb";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { periodsOfFleet } from "./fleet-scan.ts";
import { itemText, itemTextSet, keyItem, optionalText } from "./item.ts";
import { auditPartition, cohortPartitions, generationKey, summaryPartition, totalsPartition } from "./keys.ts";
import { getItem, partition, queryItems, type Table, transact, WRITES_PER_TRANSACTION } from "./table.ts";
import { listCellPartitions } from "./totals.ts";

const FIRST_GENERATION = "0";

export interface Generations {
  /** The active one, which answers are read from. */
  readonly current: string;
  /** The newest one that was ever begun. */
  readonly last: string;
  /** The rebuild that was begun last, unless it has ended; else null. */
  readonly rebuild: Rebuild | null;
  /** Generations whose items are to be deleted. */
  readonly superseded: readonly string[];
}

/** A rebuild that is running or was killed. */
export interface Rebuild {
  readonly building: string;
  /** Identifies this rebuild. */
  readonly token: string;
  /** The time of its last heartbeat, ISO 8601 UTC. */
  readonly aliveAt: string;
}

/** The generations of a fleet. */
export async function readGenerations(table: Table, fleet: string): Promise<Generations> {
  const item = (await getItem(table, generationKey(fleet))) ?? {};
  const building = optionalText(item, "building");
  const token = optionalText(item, "holder");
  const aliveAt = optionalText(item, "alive");
  const current = optionalText(item, "current") ?? FIRST_GENERATION;
  return {
    current,
    last: optionalText(item, "last") ?? current,
    rebuild: building === null || token === null || aliveAt === null ? null : { building, token, aliveAt },
    superseded: itemTextSet(item, "retired"),
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

/** The generations of the fleets of a table. */
export type GenerationStore = ReturnType<typeof makeGenerationStore>;

/** The active generation, which answers are read from. */
export async function currentGeneration(table: Table, fleet: string): Promise<FleetGeneration> {
  return { fleet, generation: (await readGenerations(table, fleet)).current };
}

/** The generations that aggregation keeps up to date: the active one and, during a rebuild, the one in the making. */
export function activeGenerations(fleet: string, { current, rebuild }: Generations): FleetGeneration[] {
  return [current, ...(rebuild === null ? [] : [rebuild.building])].map((generation) => ({ fleet, generation }));
}

/**
 * Begins a new generation, if the stored ones are still the given ones: from now on aggregation keeps it up to date, too. The
 * generation of a rebuild that was killed becomes superseded instead of being completed, because a different version of the
 * program may have made it. Null if another rebuild has begun one since.
 */
async function beginGeneration(
  table: Table,
  fleet: string,
  { current, last, rebuild: killed }: Generations,
  at: string,
): Promise<Rebuild | null> {
  // Higher than any earlier number, so that a generation never contains what is left of another.
  const building = String(Number(last) + 1);
  const token = randomUUID();
  const isBegun = await update(table, fleet, {
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

/** Records a heartbeat of a rebuild. False if another rebuild took over. */
function heartbeat(table: Table, fleet: string, { token }: Rebuild, at: string): Promise<boolean> {
  return update(table, fleet, {
    UpdateExpression: "SET alive = :at",
    ConditionExpression: "holder = :token",
    ExpressionAttributeValues: { ":token": { S: token }, ":at": { S: at } },
  });
}

/** Activates the finished generation of a rebuild. False if another rebuild took over. */
function activateGeneration(table: Table, fleet: string, current: string, rebuild: Rebuild): Promise<boolean> {
  return update(table, fleet, {
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

/** Aborts a rebuild: its generation becomes superseded. False if another rebuild took over. */
function abortGeneration(table: Table, fleet: string, { token, building }: Rebuild): Promise<boolean> {
  return update(table, fleet, {
    UpdateExpression: "REMOVE building, holder, alive ADD retired :building",
    ConditionExpression: "holder = :token",
    ExpressionAttributeValues: { ":token": { S: token }, ":building": { SS: [building] } },
  });
}

/** Deletes all items of superseded generations, then removes them from the record. */
async function deleteGenerations(table: Table, fleet: string, deleted: readonly string[]): Promise<void> {
  for (const generation of deleted) await deleteGeneration(table, { fleet, generation });
  await update(table, fleet, {
    UpdateExpression: "DELETE retired :deleted",
    ExpressionAttributeValues: { ":deleted": { SS: [...deleted] } },
  });
}

/** Updates the item of a fleet. False if the condition does not hold. */
async function update(table: Table, fleet: string, change: Omit<Update, "TableName" | "Key">): Promise<boolean> {
  const write = { Update: { ...change, TableName: table.name, Key: keyItem(generationKey(fleet)) } };
  try {
    // A transaction of one write, because its errors are the ones that the rest of the store handles.
    await retryingTransient(() => transact(table, [write]));
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}

// Deletion.

/** Deletes all items of partitions, one partition after the other; with `prefix`, those whose sort key starts with it. */
export async function deletePartitions(table: Table, partitions: readonly string[], prefix?: string): Promise<void> {
  let deletes: TransactWriteItem[] = [];
  const flush = async (): Promise<void> => {
    const writes = deletes;
    deletes = [];
    if (writes.length > 0) await retryingTransient(() => transact(table, writes));
  };
  for (const pk of partitions) {
    const keys = { ...partition(pk, prefix), ProjectionExpression: "pk, sk", ConsistentRead: true };
    for await (const item of queryItems(table, keys)) {
      deletes.push({ Delete: { TableName: table.name, Key: keyItem({ pk, sk: itemText(item, "sk") }) } });
      if (deletes.length === WRITES_PER_TRANSACTION) await flush();
    }
  }
  await flush();
}

/**
 * Deletes the summaries, audit marks, cells, cohorts and totals of a superseded generation. Summaries first: a worker that still
 * wants to commit a change of one then finds that it is gone, and writes no cell.
 */
async function deleteGeneration(table: Table, of: FleetGeneration): Promise<void> {
  const periods = await periodsOfFleet(table, of.fleet);
  const inShards = (partitionOf: typeof summaryPartition, period: string) =>
    Array.from({ length: SHARDS }, (_, shard) => partitionOf(of, period, shard));
  await deletePartitions(
    table,
    periods.flatMap((period) => inShards(summaryPartition, period)),
  );
  await deletePartitions(
    table,
    Array.from({ length: SHARDS }, (_, shard) => auditPartition(of, shard)),
  );
  for (const period of periods) {
    await deletePartitions(table, await listCellPartitions(table, of, period));
    // Totals last, because they tell which cells there are.
    await deletePartitions(table, [...cohortPartitions(of, period), ...inShards(totalsPartition, period)]);
  }
}
