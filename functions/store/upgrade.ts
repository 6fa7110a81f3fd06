// A table of format 0 as one of this version. Format 0 had two items for each token, one under its hash and one in the list
// of its fleet; one that somebody had written under a hash alone was in no list, and stays behind.

import { BUCKETS, TABLE } from "../../shared/deployment.ts";
import { listFleets } from "./fleets.ts";
import { FORMAT, FormatFault, formatOf, requireFormat, writeFormat } from "./format.ts";
import { type Item, keyItem, optionalTextOf, textOf } from "./item.ts";
import { timePartition, tokenKey, tokenKeyOfFormat0, tokenListOfFormat0 } from "./keys.ts";
import { retryingTransient } from "./retry.ts";
import { runOfItem } from "./run-item.ts";
import { getItem, partition, queryAll, queryPage, type Table, transact } from "./table.ts";
import { readToken, tokenWrite } from "./tokens.ts";

/** What an upgrade has done. */
export interface Upgraded {
  /** The format that the table had; that of `to` when there was nothing to do. */
  readonly from: number;
  readonly to: number;
  readonly tokens: number;
  /** Ids of tokens whose two items did not say the same: neither was taken over. */
  readonly leftBehind: readonly string[];
}

/**
 * Brings a table to the format of this version. The number is written last and every step is whole or not done, so one that
 * broke off is gone on with when it is run again. No other version may work on the table meanwhile. Throws FormatFault for
 * a table of a later version, and for one whose results this version cannot read.
 */
export async function upgradeTable(table: Table): Promise<Upgraded> {
  const from = (await formatOf(table)) ?? FORMAT;
  if (from !== 0) {
    await requireFormat(table);
    return { from, to: FORMAT, tokens: 0, leftBehind: [] };
  }
  const fleets = await listFleets(table);
  for (const fleet of fleets) await refuseUnreadableRuns(table, fleet);
  let tokens = 0;
  const leftBehind: string[] = [];
  for (const fleet of fleets) {
    for (const listed of await queryAll(table, { ...partition(tokenListOfFormat0(fleet)), ConsistentRead: true })) {
      if (await moveToken(table, listed)) tokens += 1;
      else leftBehind.push(textOf(listed, "sk"));
    }
  }
  await writeFormat(table);
  return { from, to: FORMAT, tokens, leftBehind };
}

/** Moves one token; false for one of which the item that opened doors did not say what the list says. */
async function moveToken(table: Table, listed: Item): Promise<boolean> {
  const secretHash = optionalTextOf(listed, "hash") ?? "";
  const text = optionalTextOf(listed, "token");
  const token = readToken(text);
  const [opened, there] = await Promise.all([
    getItem(table, tokenKeyOfFormat0(secretHash)),
    secretHash === "" ? null : getItem(table, tokenKey(secretHash)),
  ]);
  if (token === null || opened === null || optionalTextOf(opened, "token") !== text) return false;
  const gone = [tokenKeyOfFormat0(secretHash), { pk: textOf(listed, "pk"), sk: textOf(listed, "sk") }];
  const deletes = gone.map((key) => ({ Delete: { TableName: table.name, Key: keyItem(key) } }));
  await retryingTransient(() => transact(table, [tokenWrite(table, secretHash, token, null, there), ...deletes]));
  return true;
}

/**
 * Throws FormatFault when none of the oldest and newest runs of a fleet can be read: then they have an earlier form, of a
 * version that gave itself no number either. Single damaged ones are named where they are read.
 */
async function refuseUnreadableRuns(table: Table, fleet: string): Promise<void> {
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket);
  const ends = buckets.flatMap((bucket) => [true, false].map((isOldest) => runAtEnd(table, fleet, bucket, isOldest)));
  const runs = (await Promise.all(ends)).filter((item) => item !== null);
  if (runs.length === 0 || runs.some(isReadable)) return;
  throw new FormatFault(
    `the results of fleet ${fleet} in the table ${table.name} were stored by a vbdstat from before format 0, and cannot be read by this one. Export them with the version that stored them, and import them into a new table`,
  );
}

async function runAtEnd(table: Table, fleet: string, bucket: number, isOldest: boolean): Promise<Item | null> {
  const { items } = await queryPage(table, {
    IndexName: TABLE.timeIndex.name,
    KeyConditionExpression: "tpk = :tpk",
    ExpressionAttributeValues: { ":tpk": { S: timePartition(fleet, bucket) } },
    ScanIndexForward: isOldest,
    Limit: 1,
  });
  const [entry] = items;
  return entry === undefined ? null : getItem(table, { pk: textOf(entry, "pk"), sk: textOf(entry, "sk") });
}

function isReadable(item: Item): boolean {
  try {
    runOfItem(item);
    return true;
  } catch {
    return false;
  }
}
