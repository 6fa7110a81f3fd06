// Copy: everything that a backup contains, from one table into another, which aggregation then counts again. An interrupted copy
// continues where it was: the destination records how far it has come. It has the format of an incomplete restore until every
// item was read back from it, and the number of items and their checksum are those that were read from the source.

import { createHash } from "node:crypto";
import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import {
  backupPages,
  beginRestore,
  endRestore,
  isFormat,
  RestoreError,
  readProgress,
  restoreItems,
  saveProgress,
} from "./backup.ts";
import { translateError } from "./table/errors.ts";
import { type Item, itemFromJson, itemText, itemToJson } from "./table/item.ts";
import { FORMAT_KEY } from "./table/keys.ts";
import { getItem, type Table } from "./table/table.ts";

interface CopyOptions {
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Called with the number of items that were copied so far. */
  readonly onCopied: (items: number) => void;
  /** Called with the number of items that were read back so far. */
  readonly onVerified: (items: number) => void;
  /** The current time: items that have expired are not copied, because DynamoDB may delete them at any time. */
  readonly now: number;
}

/**
 * Copies a table into an empty one, or one with a part of the same copy; returns the number of items. `finish` is called before
 * the destination can be used. Throws RestoreError for a destination with anything else in it, or if what is read back differs.
 */
export async function copyTable(
  from: Table,
  to: Table,
  { wait, onCopied, onVerified, now }: CopyOptions,
  finish: () => void,
): Promise<number> {
  const identity = await identify(from);
  await beginRestore(to, identity);
  const { position, sums } = parseProgress(await readProgress(to));
  for await (const { items, next } of backupPages(from, wait, position)) {
    const copied = items.filter((item) => isCopied(item, now));
    await restoreItems(to, copied);
    addTo(sums, copied);
    if (next !== null) await saveProgress(to, identity, JSON.stringify({ position: itemToJson(next), sums }));
    onCopied(countItems(sums));
  }
  const found: Sums = {};
  for await (const { items } of backupPages(to, async () => undefined)) {
    addTo(
      found,
      items.filter((item) => isCopied(item, now)),
    );
    onVerified(countItems(found));
  }
  const wrong = [...new Set([...Object.keys(sums), ...Object.keys(found)])].filter(
    (kind) => sums[kind]?.items !== found[kind]?.items || sums[kind]?.sum !== found[kind]?.sum,
  );
  if (wrong.length > 0) {
    const counts = wrong.map((kind) => `${kind}: ${sums[kind]?.items ?? 0} read, ${found[kind]?.items ?? 0} found`);
    const text = `the copy in table ${to.name} differs from what was read (${counts.join("; ")}); start with an empty one`;
    throw new RestoreError(text);
  }
  finish();
  await endRestore(to, await getItem(from, FORMAT_KEY));
  return countItems(sums);
}

/** What identifies a table for as long as it exists: tables of one name are told from each other by the time of creation. */
async function identify(table: Table): Promise<string> {
  try {
    const { Table: described } = await table.client.send(new DescribeTableCommand({ TableName: table.name }));
    const identity = `${described?.TableArn} ${described?.CreationDateTime?.toISOString()}`;
    return createHash("sha256").update(identity).digest("hex");
  } catch (error) {
    throw translateError(error);
  }
}

/** The format is written last, and an expired item may disappear at any time. */
const isCopied = (item: Item, now: number): boolean =>
  !isFormat(item) && Number(item[TABLE.timeToLive]?.N ?? Number.POSITIVE_INFINITY) * 1000 > now;

/**
 * By the kind of the partition, such as `RUN`: the number of items, and the exclusive or of their SHA-256, which does not depend
 * on their order.
 */
type Sums = Record<string, { readonly items: number; readonly sum: string }>;

function addTo(sums: Sums, items: readonly Item[]): void {
  for (const item of items) {
    const kind = itemText(item, "pk").replace(/#.*/s, "");
    const { items: count, sum } = sums[kind] ?? { items: 0, sum: "" };
    const digest = createHash("sha256").update(itemToJson(item)).digest();
    const added = Buffer.from(sum.padStart(2 * digest.length, "0"), "hex").map(
      (byte, index) => byte ^ (digest[index] ?? 0),
    );
    sums[kind] = { items: count + 1, sum: Buffer.from(added).toString("hex") };
  }
}

const countItems = (sums: Sums): number => Object.values(sums).reduce((total, { items }) => total + items, 0);

function parseProgress(text: string | null): { readonly position?: Item; readonly sums: Sums } {
  if (text === null) return { sums: {} };
  // `copyTable` has written it.
  const { position, sums } = JSON.parse(text) as { readonly position: string; readonly sums: Sums };
  return { position: itemFromJson(position), sums };
}
