// The format of a table: the number of the form that its items have. The number is stored in the table, so that a version of
// the program that knows another form stops, instead of misreading the items or adding ones that others misread. A table
// without the number is new, if it lists no fleet, or was written by a version that wrote no number: that is format 0.

import { SHARDS, TABLE } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import { RETRY_HINT, retryingTransient, TransactionCancelled } from "./errors.ts";
import { type Item, itemText, keyItem, optionalText } from "./item.ts";
import {
  FLEETS_PARTITION,
  FORMAT_KEY,
  timePartition,
  tokenKey,
  tokenKeyOfFormat0,
  tokenListOfFormat0,
} from "./keys.ts";
import { parseRun } from "./runs.ts";
import { getItem, partition, queryAll, queryPage, type Table, transact } from "./table.ts";
import { listFleets, parseToken, tokenWrite } from "./tokens.ts";

/** The format that this version reads and writes. A change that other versions would misread makes it one higher. */
export const FORMAT = 1;

/** Stored in place of the number until a restore is complete. */
export const UNFINISHED_RESTORE = "unfinished restore";

/** A table that this version must not use; the message is for the operator. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** The format of a table; null for a new table. Throws FormatError while a restore is incomplete. */
export async function readFormat(table: Table): Promise<number | null> {
  const text = await formatText(table);
  if (text !== UNFINISHED_RESTORE) return text === null ? null : Number(text);
  throw new FormatError(
    `the table ${table.name} contains a part of a backup: a restore into it is incomplete. Run vbdstat restore with the same file again to complete it, or start with an empty folder or table`,
  );
}

async function formatText(table: Table): Promise<string | null> {
  const item = await getItem(table, FORMAT_KEY);
  if (item !== null) return itemText(item, "format");
  const { items } = await queryPage(table, { ...partition(FLEETS_PARTITION), ConsistentRead: true, Limit: 1 });
  return items.length === 0 ? null : "0";
}

/** Writes the number into a new table. Any other table stays as it is. */
export async function beginFormat(table: Table): Promise<void> {
  if ((await formatText(table)) === null) await writeFormat(table);
}

/** Writes the number of this version, unless the table has one. */
async function writeFormat(table: Table): Promise<void> {
  const item: Item = { ...keyItem(FORMAT_KEY), format: { S: String(FORMAT) } };
  const put = { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" };
  try {
    await retryingTransient(() => transact(table, [{ Put: put }]));
  } catch (error) {
    if (!(error instanceof TransactionCancelled && error.isLostRace)) throw error;
  }
}

/** Whether the table has the format of this version; false for a new table. Throws FormatError for any other. */
export async function requireFormat(table: Table): Promise<boolean> {
  const format = await readFormat(table);
  if (format === null || format === FORMAT) return format !== null;
  throw new FormatError(
    format < FORMAT
      ? `the table ${table.name} has format ${format}, of an earlier vbdstat; this one reads format ${FORMAT}. Back it up, then run: vbdstat upgrade`
      : `the table ${table.name} has format ${format}, of a later vbdstat; this one reads format ${FORMAT}. Run the later version, or restore a backup from before it did`,
  );
}

/**
 * The same table, which checks its format before the first command, once in the life of the process. With another format
 * every command throws `unavailable`. For functions: during a deployment functions of two versions run at the same time. To
 * be called before any command is sent, because the client caches the middleware of each kind of command.
 */
export function withFormatCheck(table: Table): Table {
  let isChecked = false;
  table.client.middlewareStack.add(
    (next) => async (args) => {
      if (!isChecked && !isFormatRead(args.input)) {
        try {
          isChecked = await requireFormat(table);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          const message = "the service and its table have different versions (details are in the log)";
          throw new AppError("unavailable", `${message}; ${RETRY_HINT}`, { cause: error });
        }
      }
      return next(args);
    },
    { step: "initialize", name: "checkFormat" },
  );
  return table;
}

/** Whether a command is one of those that read the format. */
function isFormatRead(command: object): boolean {
  // Other commands have other fields, and neither of these.
  const input = command as { readonly Key?: Item; readonly ExpressionAttributeValues?: Item };
  const pk = input.Key?.["pk"]?.S ?? input.ExpressionAttributeValues?.[":pk"]?.S;
  return pk === FORMAT_KEY.pk || pk === FLEETS_PARTITION;
}

// The upgrade from format 0, which had two items for each token: one under its hash, and one in the list of its fleet. An item
// under a hash that is in no list was not written by the service, and is not upgraded.

/** The result of an upgrade. */
export interface Upgraded {
  /** The format that the table had; equal to `to` if there was nothing to do. */
  readonly from: number;
  readonly to: number;
  readonly tokens: number;
  /** Ids of tokens whose two items differ: neither was upgraded. */
  readonly leftBehind: readonly string[];
}

/**
 * Upgrades a table to the format of this version. Every step is one transaction and the number is written last, so that an
 * interrupted upgrade is completed by running it again. No other version may use the table at the same time. Throws
 * FormatError for a table of a later version, and for one whose runs this version cannot read.
 */
export async function upgradeTable(table: Table): Promise<Upgraded> {
  const from = (await readFormat(table)) ?? FORMAT;
  if (from !== 0) {
    await requireFormat(table);
    return { from, to: FORMAT, tokens: 0, leftBehind: [] };
  }
  const fleets = await listFleets(table);
  for (const fleet of fleets) await assertReadableRuns(table, fleet);
  let tokens = 0;
  const leftBehind: string[] = [];
  for (const fleet of fleets) {
    for (const listed of await queryAll(table, { ...partition(tokenListOfFormat0(fleet)), ConsistentRead: true })) {
      if (await moveToken(table, listed)) tokens += 1;
      else leftBehind.push(itemText(listed, "sk"));
    }
  }
  await writeFormat(table);
  return { from, to: FORMAT, tokens, leftBehind };
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
  const obsolete = [tokenKeyOfFormat0(secretHash), { pk: itemText(listed, "pk"), sk: itemText(listed, "sk") }];
  const deletes = obsolete.map((key) => ({ Delete: { TableName: table.name, Key: keyItem(key) } }));
  await retryingTransient(() => transact(table, [tokenWrite(table, secretHash, token, null, upgraded), ...deletes]));
  return true;
}

/**
 * Throws FormatError if none of the oldest and newest runs of a fleet can be read: then they have a form from before format
 * 0. Single damaged runs are reported where they are read.
 */
async function assertReadableRuns(table: Table, fleet: string): Promise<void> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const ends = shards.flatMap((shard) => [true, false].map((isOldest) => readEnd(table, fleet, shard, isOldest)));
  const runs = (await Promise.all(ends)).filter((item) => item !== null);
  if (runs.length === 0 || runs.some(isReadable)) return;
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
  return entry === undefined ? null : getItem(table, { pk: itemText(entry, "pk"), sk: itemText(entry, "sk") });
}

function isReadable(item: Item): boolean {
  try {
    parseRun(item);
    return true;
  } catch {
    return false;
  }
}
