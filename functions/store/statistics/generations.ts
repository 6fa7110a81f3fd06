// Generations: builds of a fleet's statistics. A rebuild computes the summaries, cells and cohorts of a fleet again from its
// runs, under keys of their own, while answers are read from the active generation. One item for each fleet contains the
// active generation (`current`), the one that a rebuild is making (`building`) with the token and the last heartbeat of that
// rebuild, and the superseded ones, which are to be deleted (`retired`). A fleet without the item reads generation 0.
//
// Each generation has the form of its statistics (`shared/cells/forms.ts`). If a rebuild changes the form, the generation
// before it is kept (`kept`): a version that does not know the new form reads it. A version counts every generation whose form
// it knows, and leaves hosts pending while there is one that it cannot count.

import { randomUUID } from "node:crypto";
import type { Update } from "@aws-sdk/client-dynamodb";
import { FIRST_FORM, isKnownForm, NEWEST_FORM } from "../../../shared/cells/forms.ts";
import type { FleetGeneration } from "../../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../../shared/deployment.ts";
import { AppError } from "../../../shared/errors.ts";
import { retryingTransient, TransactionCancelled } from "../table/errors.ts";
import { type Item, itemTextSet, keyItem, optionalText } from "../table/item.ts";
import { auditPartition, cohortPartitions, generationKey, summaryPartition, totalsPartition } from "../table/keys.ts";
import { deletePartitions, getItem, type Table, transact } from "../table/table.ts";
import { periodsOfFleet } from "./fleet-scan.ts";
import { listCellPartitions } from "./totals.ts";

const FIRST_GENERATION = "0";

export interface Generations {
  /** The active one, which answers are read from by every version that knows its form. */
  readonly current: string;
  readonly form: number;
  /** The one before it, if that has another form; null if there is none. */
  readonly kept: { readonly generation: string; readonly form: number } | null;
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
  readonly form: number;
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
  const kept = optionalText(item, "kept");
  return {
    current,
    form: formOf(item, "form"),
    kept: kept === null ? null : { generation: kept, form: formOf(item, "kept_form") },
    last: optionalText(item, "last") ?? current,
    rebuild:
      building === null || token === null || aliveAt === null
        ? null
        : { building, form: formOf(item, "building_form"), token, aliveAt },
    superseded: itemTextSet(item, "retired"),
  };
}

const formOf = (item: Item, name: string): number => Number(item[name]?.N ?? FIRST_FORM);

/** The generations of the fleets of a table, for rebuilds. */
export function makeGenerationStore(table: Table) {
  return {
    read: (fleet: string): Promise<Generations> => readGenerations(table, fleet),
    begin: (fleet: string, seen: Generations, at: string): Promise<Rebuild | null> =>
      beginGeneration(table, fleet, seen, at),
    heartbeat: (fleet: string, rebuild: Rebuild, at: string): Promise<boolean> => heartbeat(table, fleet, rebuild, at),
    activate: (fleet: string, before: Generations, rebuild: Rebuild): Promise<boolean> =>
      activateGeneration(table, fleet, before, rebuild),
    retireKept: (fleet: string): Promise<void> => retireKept(table, fleet),
    abort: (fleet: string, rebuild: Rebuild): Promise<boolean> => abortGeneration(table, fleet, rebuild),
    delete: (fleet: string, superseded: readonly string[]): Promise<void> =>
      deleteGenerations(table, fleet, superseded),
  };
}

/** The generations of the fleets of a table. */
export type GenerationStore = ReturnType<typeof makeGenerationStore>;

/**
 * The generation that this version reads answers from: the active one, or the one before it if a later version has built the
 * active one in a form that this version does not know. Throws `unavailable` if it knows the form of neither.
 */
export async function currentGeneration(table: Table, fleet: string): Promise<FleetGeneration> {
  const readable = readableGeneration(fleet, await readGenerations(table, fleet));
  if (readable !== null) return readable;
  const text = `a later version has built the statistics of fleet ${fleet}; run it, or rebuild them with this version`;
  throw new AppError("unavailable", text);
}

/** The generation that this version reads answers from; null if it can read none. */
export function readableGeneration(fleet: string, { current, form, kept }: Generations): FleetGeneration | null {
  const found = [{ generation: current, form }, ...(kept === null ? [] : [kept])].find((each) =>
    isKnownForm(each.form),
  );
  return found === undefined ? null : { fleet, ...found };
}

/**
 * The generations that aggregation keeps up to date, also in forms that this version cannot count: the active one, the one
 * that is kept and, during a rebuild, the one in the making.
 */
export function activeGenerations(fleet: string, { current, form, kept, rebuild }: Generations): FleetGeneration[] {
  return [
    { generation: current, form },
    ...(kept === null ? [] : [kept]),
    ...(rebuild === null ? [] : [{ generation: rebuild.building, form: rebuild.form }]),
  ].map((each) => ({ fleet, ...each }));
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
    UpdateExpression: `SET #current = :current, #last = :building, building = :building, building_form = :form, holder = :token, alive = :at${
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
      ":form": { N: String(NEWEST_FORM) },
      ":token": { S: token },
      ":at": { S: at },
      ...(killed === null
        ? { ":last": { S: last } }
        : { ":before": { S: killed.token }, ":killed": { SS: [killed.building] } }),
    },
  });
  return isBegun ? { building, form: NEWEST_FORM, token, aliveAt: at } : null;
}

/** Records a heartbeat of a rebuild. False if another rebuild took over. */
function heartbeat(table: Table, fleet: string, { token }: Rebuild, at: string): Promise<boolean> {
  return update(table, fleet, {
    UpdateExpression: "SET alive = :at",
    ConditionExpression: "holder = :token",
    ExpressionAttributeValues: { ":token": { S: token }, ":at": { S: at } },
  });
}

/**
 * Activates the finished generation of a rebuild. The one before it is kept if it has another form, so that the version that
 * built it can go on with it; unless this version does not know that form, which it could not keep up to date. False if
 * another rebuild took over.
 */
function activateGeneration(
  table: Table,
  fleet: string,
  { current, form, kept }: Generations,
  rebuild: Rebuild,
): Promise<boolean> {
  const isKept = form !== rebuild.form && isKnownForm(form);
  const retired = [...(isKept ? [] : [current]), ...(kept === null ? [] : [kept.generation])];
  const keep = isKept ? ", kept = :kept, kept_form = :kept_form" : "";
  const drop = isKept ? "" : ", kept, kept_form";
  return update(table, fleet, {
    UpdateExpression: `SET #current = :building, form = :form${keep} REMOVE building, building_form, holder, alive${drop}${retired.length > 0 ? " ADD retired :retired" : ""}`,
    ConditionExpression: "holder = :token",
    ExpressionAttributeNames: { "#current": "current" },
    ExpressionAttributeValues: {
      ":token": { S: rebuild.token },
      ":building": { S: rebuild.building },
      ":form": { N: String(rebuild.form) },
      ...(isKept ? { ":kept": { S: current }, ":kept_form": { N: String(form) } } : {}),
      ...(retired.length > 0 ? { ":retired": { SS: retired } } : {}),
    },
  });
}

/**
 * Makes the kept generation a superseded one, so that it is no longer counted, and versions that do not know the form of the
 * active one can no longer read statistics. Throws AppError if this version is one of them.
 */
async function retireKept(table: Table, fleet: string): Promise<void> {
  const { current, form, kept } = await readGenerations(table, fleet);
  if (!isKnownForm(form)) {
    const text = `a later version has built the statistics of fleet ${fleet}, and this one reads the old ones; run rebuild without --delete-old`;
    throw new AppError("unavailable", text);
  }
  if (kept === null) return;
  await update(table, fleet, {
    UpdateExpression: "REMOVE kept, kept_form ADD retired :kept",
    ConditionExpression: "#current = :current AND kept = :generation",
    ExpressionAttributeNames: { "#current": "current" },
    ExpressionAttributeValues: {
      ":kept": { SS: [kept.generation] },
      ":generation": { S: kept.generation },
      ":current": { S: current },
    },
  });
}

/** Aborts a rebuild: its generation becomes superseded. False if another rebuild took over. */
function abortGeneration(table: Table, fleet: string, { token, building }: Rebuild): Promise<boolean> {
  return update(table, fleet, {
    UpdateExpression: "REMOVE building, building_form, holder, alive ADD retired :building",
    ConditionExpression: "holder = :token",
    ExpressionAttributeValues: { ":token": { S: token }, ":building": { SS: [building] } },
  });
}

/** Deletes all items of superseded generations, then removes them from the record. */
async function deleteGenerations(table: Table, fleet: string, deleted: readonly string[]): Promise<void> {
  if (deleted.length === 0) return;
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
