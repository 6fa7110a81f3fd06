// The format of a table: the number of the form that its items have. The number is stored in the table, so that a version of
// the program that knows another form stops, instead of misreading the items or adding ones that others misread. A table
// without the number is new, if it lists no fleet, or was written by a version that wrote no number: that is format 0.
//
// A version may work on tables of several formats: it reads the items of all of them, and writes what the number of the table
// says. So a new version and the one before it can work on one table, until `vbdstat upgrade` raises the number.

import { AppError } from "../../../shared/errors.ts";
import { RETRY_HINT, retryingTransient, TransactionCancelled } from "./errors.ts";
import { type Item, itemText, keyItem } from "./item.ts";
import { FLEETS_PARTITION, FORMAT_KEY } from "./keys.ts";
import { getItem, partition, queryPage, type Table, transact } from "./table.ts";

/** A format, and what is written into its tables: the form of packed texts. */
interface Format {
  readonly number: number;
  readonly packed: number;
}

/**
 * The formats of the tables that this version works on, oldest first: its own, and the one before it if its items have the
 * same keys. Tables of any other format have to be converted.
 */
const FORMATS: readonly [Format, ...Format[]] = [{ number: 2, packed: 1 }];

/** The format of new and upgraded tables. A change that the version before would misread makes it one higher. */
export const FORMAT = Math.max(...FORMATS.map(({ number }) => number));

const findFormat = (number: number): Format | undefined => FORMATS.find((format) => format.number === number);

/** Whether this version works on tables of a format without converting them. */
export const isServed = (format: number): boolean => findFormat(format) !== undefined;

/** The format of each table, once it was read. */
const known = new WeakMap<Table, Format>();

/**
 * The form of packed texts that is written into a table. Before the format of the table was read, it is the oldest one, which
 * every version that works on the table can read.
 */
export const packedForm = (table: Table): number => (known.get(table) ?? FORMATS[0]).packed;

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
    `the table ${table.name} contains a part of a backup or of another table: a restore or copy into it is incomplete. Run the same vbdstat restore or copy again to complete it, or start with an empty folder or table`,
  );
}

function note(table: Table, number: number): void {
  const format = findFormat(number);
  if (format !== undefined) known.set(table, format);
}

async function formatText(table: Table): Promise<string | null> {
  const item = await getItem(table, FORMAT_KEY);
  if (item !== null) {
    const text = itemText(item, "format");
    note(table, Number(text));
    return text;
  }
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
    note(table, FORMAT);
  } catch (error) {
    if (!(error instanceof TransactionCancelled && error.isLostRace)) throw error;
  }
}

/** Whether this version works on tables of the table's format; false for a new table. Throws FormatError for any other. */
export async function requireFormat(table: Table): Promise<boolean> {
  const format = await readFormat(table);
  if (format === null) return false;
  if (isServed(format)) return true;
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
