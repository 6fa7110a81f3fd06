// The format number: which form the table's items have. It stands in the table, so that a version that knows another form
// refuses instead of misreading what is there, or adding what others misread. A table without the number is new, and then
// no fleet is listed in it, or of a version that wrote none, which is called format 0.

import { AppError } from "../../shared/errors.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { FLEETS_PARTITION, FORMAT_KEY } from "./keys.ts";
import { retryingTransient } from "./retry.ts";
import { TransactionCancelled } from "./errors.ts";
import { getItem, partition, queryPage, type Table, transact } from "./table.ts";

/** The format that this version reads and writes. A change that other versions would misread makes it one higher. */
export const FORMAT = 1;

/** What stands in place of the number until a restore has put everything. */
export const UNFINISHED_RESTORE = "unfinished restore";

/** A table that this version must leave alone, in words for its operator. */
export class FormatFault extends Error {
  override readonly name = "FormatFault";
}

/** The format of a table; null for a new one, which has none yet. Throws FormatFault while a restore has not ended. */
export async function formatOf(table: Table): Promise<number | null> {
  const text = await formatText(table);
  if (text !== UNFINISHED_RESTORE) return text === null ? null : Number(text);
  throw new FormatFault(
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
export async function writeFormat(table: Table): Promise<void> {
  const item: Item = { ...keyItem(FORMAT_KEY), format: { S: String(FORMAT) } };
  const put = { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" };
  try {
    await retryingTransient(() => transact(table, [{ Put: put }]));
  } catch (error) {
    if (!(error instanceof TransactionCancelled && error.isLostRace)) throw error;
  }
}

/** Throws FormatFault unless the table is new or has the format of this version. Gives whether it has. */
export async function requireFormat(table: Table): Promise<boolean> {
  const format = await formatOf(table);
  if (format === null || format === FORMAT) return format !== null;
  throw new FormatFault(
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
          if (!(error instanceof FormatFault)) throw error;
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
