// Backup and restore. A backup has every item of the table that cannot be derived from others, read while the service goes
// on. It contains everything that was acknowledged before it began. What is stored during it may or may not be in it, but
// never in part: an item is read as a whole, and of a share and its documents, which are several items, only those that were
// complete before.
//
// A restore puts the items of a backup into an empty table, and makes the hosts of their runs pending, so that aggregation
// derives the rest. Until the last item is stored the table has a format that no version knows, so that no server works on
// half of it.

import { DeleteItemCommand, ScanCommand, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { toSample } from "../../shared/cells/sample.ts";
import { TABLE } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import { periodTouchedBy, type TouchedPeriod } from "../../shared/run/pending-host.ts";
import { mapConcurrent } from "../runtime/map-concurrent.ts";
import { listEntry, shareIds } from "./fleet/shares.ts";
import { listFleets } from "./fleet/tokens.ts";
import { pendingHostWrite } from "./runs/pending-hosts.ts";
import { parseRuns } from "./runs/runs.ts";
import { sampleItem } from "./runs/samples.ts";
import { backOff, retryingTransient, translateError } from "./table/errors.ts";
import { packedForm, UNFINISHED_RESTORE } from "./table/format.ts";
import { type Item, itemSize, itemText, keyItem, optionalText } from "./table/item.ts";
import { DERIVED_PARTITIONS, FORMAT_KEY, isOfRuns, keyText, shareOfPartition } from "./table/keys.ts";
import { getItem, inChunks, type Table, transact } from "./table/table.ts";

/** Items that one request scans: requests of others wait no longer than for these. */
const ITEMS_AT_ONCE = 500;

/** The items of a backup, page by page, as `backupPages` reads them. */
export async function* backupItems(
  table: Table,
  wait: (milliseconds: number) => Promise<void>,
): AsyncGenerator<readonly Item[], void> {
  for await (const { items } of backupPages(table, wait)) yield items;
}

/** Some items of a backup. */
interface BackupPage {
  readonly items: readonly Item[];
  /** Where the next page starts; null for the last page, and where none can start, between the items of one share. */
  readonly next: Item | null;
}

/**
 * The items of a backup, page by page, from a position on. After each page it waits for as long as the page took, so that it
 * uses at most half of the time of the store.
 */
export async function* backupPages(
  table: Table,
  wait: (milliseconds: number) => Promise<void>,
  position?: Item,
): AsyncGenerator<BackupPage, void> {
  const completeShares = filterShares(await readShareIds(table));
  let start = position;
  do {
    const started = performance.now();
    const page = await scan(table, start);
    start = page.LastEvaluatedKey;
    const items = (page.Items ?? []).flatMap((item) => {
      const share = shareOfPartition(itemText(item, "pk"));
      return share === null ? [item] : completeShares(share, item);
    });
    const isBetweenShares = start !== undefined && shareOfPartition(itemText(start, "pk")) === null;
    yield { items, next: isBetweenShares ? (start ?? null) : null };
    if (start !== undefined) await wait(performance.now() - started);
  } while (start !== undefined);
}

async function scan(table: Table, start: Item | undefined) {
  const values = DERIVED_PARTITIONS.map((prefix, index) => [`:p${index}`, { S: prefix }] as const);
  try {
    return await table.client.send(
      new ScanCommand({
        TableName: table.name,
        FilterExpression: values.map(([name]) => `NOT begins_with(pk, ${name})`).join(" AND "),
        ExpressionAttributeValues: Object.fromEntries(values),
        ConsistentRead: true,
        Limit: ITEMS_AT_ONCE,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
  } catch (error) {
    throw translateError(error);
  }
}

/** The ids of all shares that are not revoked. */
async function readShareIds(table: Table): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const fleet of await listFleets(table)) for await (const id of shareIds(table, fleet)) ids.add(id);
  return ids;
}

/**
 * Takes the items of shares in the order of their keys, and gives the ones that belong into the backup. It omits a share that
 * was created during the backup, because some of its documents may have been missed, and a document of which a chunk was
 * missed. A revoked share is a single item.
 */
function filterShares(known: ReadonlySet<string>): (id: string, item: Item) => readonly Item[] {
  let document = "";
  let chunks: Item[] = [];
  return (id, item) => {
    const count = optionalText(item, "pieces");
    if (count === null) return known.has(id) || item["revoked_at"] !== undefined ? [item] : [];
    if (!known.has(id)) return [];
    const name = `${id}#${itemText(item, "sk").replace(/#[^#]*$/, "")}`;
    chunks = name === document ? [...chunks, item] : [item];
    document = name;
    return chunks.length === Number(count) ? chunks : [];
  };
}

/**
 * Reads every item of the table and of its index: the check of a machine without a tool that checks the file itself. False
 * if the time was too short; throws if a page cannot be read.
 */
export async function readEverything(table: Table, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (const index of [{}, { IndexName: TABLE.timeIndex.name }]) {
    let start: Item | undefined;
    do {
      if (performance.now() > until) return false;
      const from = start === undefined ? {} : { ExclusiveStartKey: start };
      try {
        const page = await table.client.send(
          new ScanCommand({ TableName: table.name, ...index, ...from, Select: "COUNT" }),
        );
        start = page.LastEvaluatedKey;
      } catch (error) {
        throw translateError(error);
      }
    } while (start !== undefined);
  }
  return true;
}

// Restore.

/** Why a table cannot be restored into; the message is for the operator. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
}

/** The digest of the backup that is being restored into a table; null if there is none. */
async function readDigest(table: Table): Promise<string | null> {
  const item = await getItem(table, FORMAT_KEY);
  return item !== null && itemText(item, "format") === UNFINISHED_RESTORE ? itemText(item, "digest") : null;
}

/**
 * Begins a restore of the backup with this digest, or continues an interrupted one. Throws RestoreError for a table that
 * contains anything else.
 */
export async function beginRestore(table: Table, digest: string): Promise<void> {
  const restoring = await readDigest(table);
  if (restoring === digest) return;
  if (restoring !== null) {
    throw new RestoreError(
      `the table ${table.name} contains a part of another backup or copy; start with an empty folder or table`,
    );
  }
  if (await hasItems(table)) {
    throw new RestoreError(`the table ${table.name} is not empty; restore into an empty folder or table`);
  }
  await put(table, [unfinished(digest)]);
}

const unfinished = (digest: string): Item => ({
  ...keyItem(FORMAT_KEY),
  format: { S: UNFINISHED_RESTORE },
  digest: { S: digest },
});

/** Records how far a restore has come. */
export const saveProgress = (table: Table, digest: string, progress: string): Promise<void> =>
  put(table, [{ ...unfinished(digest), progress: { S: progress } }]);

/** What was recorded of an interrupted restore; null for nothing. */
export async function readProgress(table: Table): Promise<string | null> {
  const item = await getItem(table, FORMAT_KEY);
  return item === null ? null : optionalText(item, "progress");
}

/** Whether a table contains more than the items that a server writes when it starts. */
async function hasItems(table: Table): Promise<boolean> {
  try {
    const { Items: items = [] } = await table.client.send(
      new ScanCommand({ TableName: table.name, Limit: 3, ConsistentRead: true }),
    );
    return items.some((item) => !["PING", FORMAT_KEY.pk].includes(itemText(item, "pk")));
  } catch (error) {
    throw translateError(error);
  }
}

/** Ends a restore: the table gets the format of the backup; null for a backup of a version that wrote no format. */
export async function endRestore(table: Table, format: Item | null): Promise<void> {
  if (format !== null) return put(table, [format]);
  try {
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyItem(FORMAT_KEY) }));
  } catch (error) {
    throw translateError(error);
  }
}

/** Whether an item of a backup is the one with the format, which a restore writes last. */
export const isFormat = (item: Item): boolean =>
  keyText({ pk: itemText(item, "pk"), sk: itemText(item, "sk") }) === keyText(FORMAT_KEY);

/** Transactions that run at the same time. */
const CONCURRENCY = 4;

/** Stores items of a backup, with the items that must exist for them: pending hosts and entries in the lists of shares. Repeating it changes nothing. */
export async function restoreItems(table: Table, items: readonly Item[]): Promise<void> {
  const listed = items.filter(isLiveShare).map(listEntry);
  const restored = [...items, ...listed].map((item) => ({ item, ...findDerived(item, packedForm(table)) }));
  const chunks = inChunks(restored, {
    measure: ({ item, entry }) => itemSize(item) + (entry === null ? 0 : itemSize(entry)),
    writes: 2,
    sharedBy: ({ pending }) => (pending === null ? null : `${pending.fleet}#${pending.host}`),
  });
  await mapConcurrent(chunks, CONCURRENCY, (chunk) => {
    const hosts = new Map<
      string,
      { readonly fleet: string; readonly host: string; readonly touched: TouchedPeriod[] }
    >();
    for (const { pending } of chunk) {
      if (pending === null) continue;
      const name = `${pending.fleet}#${pending.host}`;
      const host = hosts.get(name);
      if (host === undefined) hosts.set(name, { ...pending, touched: [pending.touched] });
      else host.touched.push(pending.touched);
    }
    const at = new Date().toISOString();
    const writes = [...hosts.values()].map(({ fleet, host, touched }) =>
      pendingHostWrite(table, fleet, host, touched, at),
    );
    return put(
      table,
      chunk.flatMap(({ item, entry }) => (entry === null ? [item] : [item, entry])),
      writes,
    );
  });
}

const isLiveShare = (item: Item): boolean =>
  shareOfPartition(itemText(item, "pk")) !== null && item["share"] !== undefined && item["revoked_at"] === undefined;

/** What must exist for a restored item: for a run its entry with the sample and, if it counts, its host as pending. */
interface Derived {
  readonly entry: Item | null;
  readonly pending: { readonly fleet: string; readonly host: string; readonly touched: TouchedPeriod } | null;
}

/** Nothing for an item that is not a run, or for a run that cannot be read: it has no sample, and does not count. */
function findDerived(item: Item, form: number): Derived {
  const [run] = isOfRuns(itemText(item, "pk")) ? parseRuns([item]).runs : [];
  if (run === undefined) return { entry: null, pending: null };
  const { fleet, host } = run;
  return {
    entry: sampleItem(run, toSample(run), form),
    pending: run.withdrawn_at === null ? { fleet, host, touched: periodTouchedBy(run) } : null,
  };
}

/** With the waits in between, a busy store has some minutes. */
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
