// A restore: the items of a backup, put into an empty table. All that follows from them is marked to be derived by
// aggregation. Until the last item is there the table has no format that any version knows, so that none works on half of it.

import { DeleteItemCommand, ScanCommand, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { AppError } from "../../shared/errors.ts";
import { periodTouchedBy, type TouchedPeriod } from "../../shared/run/pending-host.ts";
import type { RunPlace } from "../../shared/run/run-codec.ts";
import { backOff, retryingTransient, translated } from "./errors.ts";
import { UNFINISHED_RESTORE } from "./format.ts";
import { mapConcurrent } from "./in-lanes.ts";
import { type Item, ItemError, keyItem, sizeOf, textOf } from "./item.ts";
import { FORMAT_KEY, idOf, isOfRuns, shareOfPartition } from "./keys.ts";
import { pendingHostWrite } from "./pending-hosts.ts";
import { isWithdrawn, runPlaceOf, runsOfItems } from "./runs.ts";
import { listEntry } from "./shares.ts";
import { getItem, inChunks, type Table, transact } from "./table.ts";

/** Why a table cannot be restored into, in words for its operator. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
}

/** The digest of the backup that a table is being restored from; null when it is not. */
async function restoringOf(table: Table): Promise<string | null> {
  const item = await getItem(table, FORMAT_KEY);
  return item !== null && textOf(item, "format") === UNFINISHED_RESTORE ? textOf(item, "digest") : null;
}

/**
 * Begins a restore of the backup with that digest, or goes on with one that was broken off. Throws RestoreError for a table
 * that holds anything else.
 */
export async function beginRestore(table: Table, digest: string): Promise<void> {
  const restoring = await restoringOf(table);
  if (restoring === digest) return;
  if (restoring !== null) {
    throw new RestoreError(
      `the table ${table.name} holds a part of another backup; begin with an empty folder or table`,
    );
  }
  if (await holdsAnything(table)) {
    throw new RestoreError(`the table ${table.name} is not empty; restore into an empty folder or table`);
  }
  await put(table, [{ ...keyItem(FORMAT_KEY), format: { S: UNFINISHED_RESTORE }, digest: { S: digest } }]);
}

/** Whether there is more in a table than what a server that has just started leaves there. */
async function holdsAnything(table: Table): Promise<boolean> {
  try {
    const { Items: items = [] } = await table.client.send(
      new ScanCommand({ TableName: table.name, Limit: 3, ConsistentRead: true }),
    );
    return items.some((item) => !["PING", FORMAT_KEY.pk].includes(textOf(item, "pk")));
  } catch (error) {
    throw translated(error);
  }
}

/** Ends a restore: the table has the format of the backup from now on; null for a backup of before there were formats. */
export async function endRestore(table: Table, format: Item | null): Promise<void> {
  if (format !== null) return put(table, [format]);
  try {
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyItem(FORMAT_KEY) }));
  } catch (error) {
    throw translated(error);
  }
}

/** Whether an item of a backup is that of the format, which a restore writes last. */
export const isFormat = (item: Item): boolean =>
  idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") }) === idOf(FORMAT_KEY);

/** Transactions under way at once. */
const LANES = 4;

/** Puts items of a backup, with what must stand beside them. The same again changes nothing. */
export async function restoreItems(table: Table, items: readonly Item[]): Promise<void> {
  const listed = items.filter(isLiveShare).map(listEntry);
  const restored = [...items, ...listed].map((item) => ({ item, mark: markFor(item) }));
  const chunks = inChunks(restored, {
    bytesOf: ({ item }) => sizeOf(item),
    sharedOf: ({ mark }) => (mark === null ? null : `${mark.fleet}#${mark.host}`),
  });
  await mapConcurrent(chunks, LANES, (chunk) => {
    const marks = new Map<
      string,
      { readonly fleet: string; readonly host: string; readonly touched: TouchedPeriod[] }
    >();
    for (const { mark } of chunk) {
      if (mark === null) continue;
      const name = `${mark.fleet}#${mark.host}`;
      const known = marks.get(name);
      if (known === undefined) marks.set(name, { ...mark, touched: [mark.touched] });
      else known.touched.push(mark.touched);
    }
    const at = new Date().toISOString();
    const writes = [...marks.values()].map(({ fleet, host, touched }) =>
      pendingHostWrite(table, fleet, host, touched, at),
    );
    return put(
      table,
      chunk.map(({ item }) => item),
      writes,
    );
  });
}

const isLiveShare = (item: Item): boolean =>
  shareOfPartition(textOf(item, "pk")) !== null && item["share"] !== undefined && item["revoked_at"] === undefined;

/** What the run of an item touches; null for an item that is not a run, counts nowhere, or of which too little can be read. */
function markFor(
  item: Item,
): { readonly fleet: string; readonly host: string; readonly touched: TouchedPeriod } | null {
  if (!isOfRuns(textOf(item, "pk"))) return null;
  const { runs, unreadable } = runsOfItems([item]);
  const host = (runs[0] ?? unreadable[0])?.host ?? null;
  const place = placeOf(item);
  if (host === null || place === null || isWithdrawn(item)) return null;
  const [, fleet = ""] = textOf(item, "pk").split("#");
  return { fleet, host, touched: periodTouchedBy(place) };
}

function placeOf(item: Item): RunPlace | null {
  try {
    return runPlaceOf(item);
  } catch (error) {
    if (error instanceof ItemError) return null;
    throw error;
  }
}

/** A store that is busy is given some minutes before we give up. */
const TRIES = 200;

async function put(table: Table, items: readonly Item[], others: readonly TransactWriteItem[] = []): Promise<void> {
  const puts = items.map((item) => ({ Put: { TableName: table.name, Item: item } }));
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await retryingTransient(() => transact(table, [...puts, ...others]));
    } catch (error) {
      if (!(error instanceof AppError && error.code === "slow_down") || attempt === TRIES) throw error;
      await backOff(attempt);
    }
  }
}
