// The upgrade of a table to the format of this version. Every step is one transaction and the format number is written last,
// so that an interrupted upgrade is completed by running it again. No other version may use the table at the same time.
//
// Format 0 had two items for each token: one under its hash, and one in the list of its fleet. Formats 0 and 1 had the samples
// in the items of the runs, in a local index, and all cells of a period in one partition. Runs and quarantined lines are
// rewritten; the statistics are deleted, and all hosts become pending, so that aggregation computes them again.

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { toSample } from "../../shared/cells/sample.ts";
import { SHARDS, TABLE } from "../../shared/deployment.ts";
import { isBackend } from "../../shared/run/backends.ts";
import { periodTouchedBy } from "../../shared/run/pending-host.ts";
import type { QuarantinedLine, Run } from "../../shared/run/run.ts";
import { decodeRun } from "../../shared/run/run-codec.ts";
import { listFleets, parseToken, tokenWrite } from "./fleet/tokens.ts";
import { pendingHostWrite } from "./runs/pending-hosts.ts";
import { lineItems } from "./runs/quarantine.ts";
import { renewId, runItem } from "./runs/runs.ts";
import { sampleItem } from "./runs/samples.ts";
import { retryingTransient, translateError } from "./table/errors.ts";
import { FORMAT, FormatError, formatItem, isServed, packedForm, readFormat, requireFormat } from "./table/format.ts";
import { type Item, itemText, keyItem, optionalText } from "./table/item.ts";
import { type Key, timePartition, tokenKey, tokenKeyOfFormat0, tokenListOfFormat0 } from "./table/keys.ts";
import { getItem, partition, queryAll, queryPage, type Table, transact } from "./table/table.ts";

/** The result of an upgrade. */
export interface Upgraded {
  /** The format that the table had; equal to `to` if there was nothing to do. */
  readonly from: number;
  readonly to: number;
  readonly tokens: number;
  /** Ids of tokens whose two items differ: neither was upgraded. */
  readonly leftBehind: readonly string[];
  /** Runs that were rewritten. */
  readonly runs: number;
  /** Ids of runs that cannot be read: they stay as they are, and are named wherever runs are read. */
  readonly unreadable: readonly string[];
}

/**
 * Upgrades a table. A table of a format that this version works on only gets the number: its items stay as they are. Throws
 * FormatError for a table of a later version, and for one whose runs this version cannot read.
 */
export async function upgradeTable(table: Table): Promise<Upgraded> {
  const from = (await readFormat(table)) ?? FORMAT;
  if (from >= FORMAT) await requireFormat(table);
  if (isServed(from)) {
    if (from < FORMAT) await retryingTransient(() => transact(table, [putWrite(table, formatItem())]));
    return { from, to: FORMAT, tokens: 0, leftBehind: [], runs: 0, unreadable: [] };
  }
  const fleets = await listFleets(table);
  for (const fleet of fleets) await assertReadableRuns(table, fleet);
  const { tokens, leftBehind } = from === 0 ? await moveTokens(table, fleets) : { tokens: 0, leftBehind: [] };
  const { runs, unreadable } = await rewriteItems(table);
  await retryingTransient(() => transact(table, [putWrite(table, formatItem())]));
  return { from, to: FORMAT, tokens, leftBehind, runs, unreadable };
}

// From format 0: tokens. An item under a hash that is in no list was not written by the service, and is not upgraded.

async function moveTokens(table: Table, fleets: readonly string[]) {
  let tokens = 0;
  const leftBehind: string[] = [];
  for (const fleet of fleets) {
    for (const listed of await queryAll(table, { ...partition(tokenListOfFormat0(fleet)), ConsistentRead: true })) {
      if (await moveToken(table, listed)) tokens += 1;
      else leftBehind.push(itemText(listed, "sk"));
    }
  }
  return { tokens, leftBehind };
}

/** Upgrades one token; false if its item differs from its entry in the list. */
async function moveToken(table: Table, listed: Item): Promise<boolean> {
  const secretHash = optionalText(listed, "hash") ?? "";
  const text = optionalText(listed, "token");
  const token = parseToken(text);
  const [stored, upgraded] = await Promise.all([
    getItem(table, tokenKeyOfFormat0(secretHash)),
    secretHash === "" ? null : getItem(table, tokenKey(secretHash)),
  ]);
  if (token === null || stored === null || optionalText(stored, "token") !== text) return false;
  const obsolete = [tokenKeyOfFormat0(secretHash), toKey(listed)];
  const deletes = obsolete.map((key) => deleteWrite(table, key));
  await retryingTransient(() => transact(table, [tokenWrite(table, secretHash, token, null, upgraded), ...deletes]));
  return true;
}

const toKey = (item: Item): Key => ({ pk: itemText(item, "pk"), sk: itemText(item, "sk") });

const deleteWrite = (table: Table, key: Key) => ({ Delete: { TableName: table.name, Key: keyItem(key) } });

const putWrite = (table: Table, item: Item) => ({ Put: { TableName: table.name, Item: item } });

// From formats 0 and 1: runs, quarantined lines and statistics.

/** Rewrites or deletes every item that has another form in this format; leaves all others. */
async function rewriteItems(table: Table): Promise<Pick<Upgraded, "runs" | "unreadable">> {
  let runs = 0;
  const unreadable: string[] = [];
  for await (const item of scan(table)) {
    const { pk, sk } = toKey(item);
    if (pk.startsWith("RUN#") && item["ord"] !== undefined) {
      const run = parseOldRun(item);
      if (run === null) unreadable.push(sk);
      else {
        await moveRun(table, item, run);
        runs += 1;
      }
    } else if (/^REJECT#[^#]+$/.test(pk)) await moveLine(table, item);
    else if (/^(CELL|COHORT|STAMP|HOST|GENERATION)#/.test(pk)) {
      await retryingTransient(() => transact(table, [deleteWrite(table, { pk, sk })]));
    }
  }
  return { runs, unreadable };
}

/** A run whose place is in the sort key of the order index: `backend#stratum#finishedAt#id`. Null if it cannot be read. */
function parseOldRun(item: Item): Run | null {
  const [backend, stratum, finished_at, id] = itemText(item, "ord").replace(/^~/, "").split("#");
  const [host] = /(?<="host":)"(?:[^"\\]|\\.)*"/.exec(optionalText(item, "run") ?? "") ?? [];
  if (backend === undefined || !isBackend(backend) || stratum === undefined || finished_at === undefined) return null;
  if (id !== itemText(item, "sk") || host === undefined) return null;
  try {
    const place = { id, backend, stratum, finished_at, host: String(JSON.parse(host)) };
    return { ...decodeRun(itemText(item, "run"), place), withdrawn_at: optionalText(item, "withdrawn") };
  } catch {
    return null;
  }
}

/** Stores a run in its new form, and under its new id where that can be computed, so that a retry is still a duplicate. */
async function moveRun(table: Table, item: Item, old: Run): Promise<void> {
  const { fleet, host } = old;
  const moved = { ...old, id: renewId(old) };
  const form = packedForm(table);
  const writes = [runItem(moved, form), sampleItem(moved, toSample(moved), form)].map((each) => putWrite(table, each));
  const obsolete = moved.id === old.id ? [] : [deleteWrite(table, toKey(item))];
  const touched = pendingHostWrite(table, fleet, host, [periodTouchedBy(moved)], new Date().toISOString());
  await retryingTransient(() => transact(table, [...writes, ...obsolete, touched]));
}

async function moveLine(table: Table, item: Item): Promise<void> {
  // The store has written it from a QuarantinedLine.
  const moved = lineItems(JSON.parse(itemText(item, "body")) as QuarantinedLine);
  const writes = [putWrite(table, moved.line), putWrite(table, moved.order), deleteWrite(table, toKey(item))];
  await retryingTransient(() => transact(table, writes));
}

async function* scan(table: Table): AsyncGenerator<Item, void> {
  let start: Item | undefined;
  do {
    const from = start === undefined ? {} : { ExclusiveStartKey: start };
    try {
      const page = await table.client.send(new ScanCommand({ TableName: table.name, ConsistentRead: true, ...from }));
      yield* page.Items ?? [];
      start = page.LastEvaluatedKey;
    } catch (error) {
      throw translateError(error);
    }
  } while (start !== undefined);
}

/**
 * Throws FormatError if none of the oldest and newest runs of a fleet can be read: then they have a form from before format
 * 0. Single damaged runs are reported where they are read.
 */
async function assertReadableRuns(table: Table, fleet: string): Promise<void> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const ends = shards.flatMap((shard) => [true, false].map((isOldest) => readEnd(table, fleet, shard, isOldest)));
  const runs = (await Promise.all(ends)).filter((item) => item !== null);
  if (runs.length === 0 || runs.some((item) => item["ord"] === undefined || parseOldRun(item) !== null)) return;
  throw new FormatError(
    `the results of fleet ${fleet} in the table ${table.name} were stored by a vbdstat from before format 0, and cannot be read by this one. Export them with the version that stored them, and import them into a new table`,
  );
}

/** The oldest or newest run of a shard. */
async function readEnd(table: Table, fleet: string, shard: number, isOldest: boolean): Promise<Item | null> {
  const { items } = await queryPage(table, {
    IndexName: TABLE.timeIndex.name,
    KeyConditionExpression: "tpk = :tpk",
    ExpressionAttributeValues: { ":tpk": { S: timePartition(fleet, shard) } },
    ScanIndexForward: isOldest,
    Limit: 1,
  });
  const [entry] = items;
  return entry === undefined ? null : getItem(table, toKey(entry));
}
