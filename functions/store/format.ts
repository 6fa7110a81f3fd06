// The format number: which form the table's items have. It stands in the table, so that a version that knows another form
// refuses instead of misreading what is there, or adding what others misread. A table without the number is new, and then
// no fleet is listed in it, or of a version that wrote none, which is called format 0.

import { BUCKETS, TABLE } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { type Item, keyItem, optionalTextOf, textOf } from "./item.ts";
import {
  FLEETS_PARTITION,
  FORMAT_KEY,
  timePartition,
  tokenKey,
  tokenKeyOfFormat0,
  tokenListOfFormat0,
} from "./keys.ts";
import { runOfItem } from "./runs.ts";
import { listFleets } from "./status.ts";
import { getItem, partition, queryAll, queryPage, type Table, transact } from "./table.ts";
import { readToken, tokenWrite } from "./tokens.ts";

/** The format that this version reads and writes. A change that other versions would misread makes it one higher. */
export const FORMAT = 1;

/** What stands in place of the number until a restore has put everything. */
export const UNFINISHED_RESTORE = "unfinished restore";

/** A table that this version must leave alone, in words for its operator. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** The format of a table; null for a new one, which has none yet. Throws FormatError while a restore has not ended. */
export async function formatOf(table: Table): Promise<number | null> {
  const text = await formatText(table);
  if (text !== UNFINISHED_RESTORE) return text === null ? null : Number(text);
  throw new FormatError(
    `the table ${table.name} holds a part of a backup: a restore into it did not end. Run vbdstat restore with the same file again, which goes on, or begin with an empty folder or table`,
  );
}

async function formatText(table: Table): Promise<string | null> {
  const item = await getItem(table, FORMAT_KEY);
  if (item !== null) return textOf(item, "format");
  const { items } = await queryPage(table, { ...partition(FLEETS_PARTITION), ConsistentRead: true, Limit: 1 });
  return items.length === 0 ? null : "0";
}

/** Writes the number into a new table. Any other stays as it is. */
export async function beginFormat(table: Table): Promise<void> {
  if ((await formatText(table)) === null) await writeFormat(table);
}

/** Writes the number of this version, unless there is one. */
async function writeFormat(table: Table): Promise<void> {
  const item: Item = { ...keyItem(FORMAT_KEY), format: { S: String(FORMAT) } };
  const put = { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" };
  try {
    await retryingTransient(() => transact(table, [{ Put: put }]));
  } catch (error) {
    if (!(error instanceof TransactionCancelled && error.isLostRace)) throw error;
  }
}

/** Throws FormatError unless the table is new or has the format of this version. Gives whether it has. */
export async function requireFormat(table: Table): Promise<boolean> {
  const format = await formatOf(table);
  if (format === null || format === FORMAT) return format !== null;
  throw new FormatError(
    format < FORMAT
      ? `the table ${table.name} has format ${format}, of an earlier vbdstat; this one reads format ${FORMAT}. Back it up, then run: vbdstat upgrade`
      : `the table ${table.name} has format ${format}, of a later vbdstat; this one reads format ${FORMAT}. Run the later version, or restore a backup from before it did`,
  );
}

/**
 * The same table; before the first command it is made sure that its format is that of this version, once in the life of
 * the process, and any command to another one is refused as `unavailable`. For functions, which run beside functions of
 * another version while they are deployed. Nothing may have been sent to the table yet: the client remembers the middleware
 * that each kind of command passes.
 */
export function withFormatCheck(table: Table): Table {
  let isRight = false;
  table.client.middlewareStack.add(
    (next) => async (args) => {
      if (!isRight && !isOfTheCheck(args.input)) {
        try {
          isRight = await requireFormat(table);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          const told = "the service and its table are of different versions, which its operator can read in the log";
          throw new AppError("unavailable", `${told}; send the same again later, nothing is lost`, { cause: error });
        }
      }
      return next(args);
    },
    { step: "initialize", name: "checkFormat" },
  );
  return table;
}

/** Whether a command is one of those that find out the format. */
function isOfTheCheck(command: object): boolean {
  // Other commands have other fields, and neither of these.
  const input = command as { readonly Key?: Item; readonly ExpressionAttributeValues?: Item };
  const asked = input.Key?.["pk"]?.S ?? input.ExpressionAttributeValues?.[":pk"]?.S;
  return asked === FORMAT_KEY.pk || asked === FLEETS_PARTITION;
}

// A table of format 0 as one of this version. Format 0 had two items for each token, one under its hash and one in the list
// of its fleet; one that somebody had written under a hash alone was in no list, and stays behind.

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
 * broke off is gone on with when it is run again. No other version may work on the table meanwhile. Throws FormatError for
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
 * Throws FormatError when none of the oldest and newest runs of a fleet can be read: then they have an earlier form, of a
 * version that gave itself no number either. Single damaged ones are named where they are read.
 */
async function refuseUnreadableRuns(table: Table, fleet: string): Promise<void> {
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket);
  const ends = buckets.flatMap((bucket) => [true, false].map((isOldest) => runAtEnd(table, fleet, bucket, isOldest)));
  const runs = (await Promise.all(ends)).filter((item) => item !== null);
  if (runs.length === 0 || runs.some(isReadable)) return;
  throw new FormatError(
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
