// The format of a table: the number of the form that its items have. The number is stored in the table, so that a version of
// the program that knows another form stops, instead of misreading the items or adding ones that others misread. A table
// without the number is new, if it lists no fleet, or was written by a version that wrote no number: that is format 0.

import { AppError } from "../../shared/errors.ts";
import { RETRY_HINT, retryingTransient, TransactionCancelled } from "./errors.ts";
import { type Item, itemText, keyItem } from "./item.ts";
import { FLEETS_PARTITION, FORMAT_KEY } from "./keys.ts";
import { getItem, partition, queryPage, type Table, transact } from "./table.ts";

/** The format that this version reads and writes. A change that other versions would misread makes it one higher. */
export const FORMAT = 2;

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

/** The item with the number of this version. */
export const formatItem = (): Item => ({ ...keyItem(FORMAT_KEY), format: { S: String(FORMAT) } });

/** Writes the number of this version, unless the table has one. */
async function writeFormat(table: Table): Promise<void> {
  const put = { TableName: table.name, Item: formatItem(), ConditionExpression: "attribute_not_exists(pk)" };
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
