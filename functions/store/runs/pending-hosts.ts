// Pending hosts: the hosts whose statistics must be computed again. The item of a pending host is written in the transaction
// that stores its runs, so it cannot be lost. It is deleted only if nobody has written it since it was read.

import { randomUUID } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { SHARDS } from "../../../shared/deployment.ts";
import { isBackend } from "../../../shared/run/backends.ts";
import type { CountedCohort } from "../../../shared/run/cohort.ts";
import {
  PENDING_COUNTED_TO,
  type PendingBacklog,
  type PendingHost,
  type TouchedPeriod,
} from "../../../shared/run/pending-host.ts";
import { TransactionCancelled } from "../table/errors.ts";
import { type Item, ItemError, itemText, itemTextSet, keyItem, optionalText } from "../table/item.ts";
import { cohortHash, keyText, pendingHostKey, pendingPartition } from "../table/keys.ts";
import {
  getItem,
  getItems,
  partition,
  queryItems,
  queryPage,
  type Table,
  transact,
  WRITES_PER_TRANSACTION,
} from "../table/table.ts";

/**
 * The write that makes a host pending, to be part of the transaction that changes its runs. The cohort is that of its newest
 * run; if omitted, the stored one stays.
 */
export function pendingHostWrite(
  table: Table,
  fleet: string,
  host: string,
  touched: readonly TouchedPeriod[],
  at: string,
  cohort?: CountedCohort,
): TransactWriteItem {
  const entries = new Set(touched.map(({ period, backend, stratum }) => `${period}#${backend}#${stratum}`));
  const set = [
    "#token = :token",
    "since = if_not_exists(since, :at)",
    ...(cohort === undefined ? [] : ["cohort = :cohort"]),
  ];
  return {
    Update: {
      TableName: table.name,
      Key: keyItem(pendingHostKey(fleet, host)),
      UpdateExpression: `ADD touched :touched SET ${set.join(", ")}`,
      ExpressionAttributeNames: { "#token": "token" },
      ExpressionAttributeValues: {
        ":touched": { SS: [...entries] },
        ":token": { S: randomUUID() },
        ":at": { S: at },
        ...(cohort === undefined ? {} : { ":cohort": { S: cohortHash(cohort) } }),
      },
    },
  };
}

/** Throws ItemError for a damaged item. */
function parsePendingHost(fleet: string, item: Item): PendingHost {
  const touched = itemTextSet(item, "touched").map((entry) => {
    const [period, backend, stratum] = entry.split("#");
    if (period === undefined || backend === undefined || !isBackend(backend) || stratum === undefined) {
      throw new ItemError(`entry ${entry} of a pending host is not period#backend#stratum`);
    }
    return { period, backend, stratum };
  });
  const cohort = optionalText(item, "cohort") ?? "";
  return { fleet, host: itemText(item, "sk"), touched, cohort, version: itemText(item, "token") };
}

/** Up to `limit` pending hosts of a shard in the order of their names, after the host `after`. A damaged one has a `fault`. */
async function readPendingHosts(
  table: Table,
  fleet: string,
  shard: number,
  limit: number,
  after?: string,
): Promise<PendingHost[]> {
  const pk = pendingPartition(fleet, shard);
  const query = {
    ...partition(pk),
    Limit: limit,
    ConsistentRead: true,
    ...(after === undefined ? {} : { ExclusiveStartKey: keyItem({ pk, sk: after }) }),
  };
  const hosts: PendingHost[] = [];
  for await (const item of queryItems(table, query)) {
    hosts.push(parseListed(fleet, item));
    if (hosts.length === limit) break;
  }
  return hosts;
}

function parseListed(fleet: string, item: Item): PendingHost {
  try {
    return parsePendingHost(fleet, item);
  } catch (error) {
    if (!(error instanceof ItemError)) throw error;
    return { fleet, host: itemText(item, "sk"), touched: [], cohort: "", version: "", fault: error };
  }
}

/** One pending host; null if it is not pending. Throws ItemError for a damaged item. */
export async function readPendingHost(table: Table, fleet: string, host: string): Promise<PendingHost | null> {
  const item = await getItem(table, pendingHostKey(fleet, host));
  return item === null ? null : parsePendingHost(fleet, item);
}

/** Those of the hosts of a fleet that are still pending, in the same order, as they are now. A damaged one has a `fault`. */
async function refreshPendingHosts(table: Table, hosts: readonly PendingHost[]): Promise<PendingHost[]> {
  const keys = hosts.map(({ fleet, host }) => pendingHostKey(fleet, host));
  const items = await getItems(table, keys);
  return hosts.flatMap(({ fleet }, index) => {
    const key = keys[index];
    const item = key === undefined ? undefined : items.get(keyText(key));
    return item === undefined ? [] : [parseListed(fleet, item)];
  });
}

/**
 * Removes pending hosts, as many in one transaction as it takes, except those that were written again since they were read:
 * they have new runs. One that is being written at this moment stays as well, and the next pass processes it.
 */
async function clearPendingHosts(table: Table, hosts: readonly PendingHost[]): Promise<void> {
  for (let from = 0; from < hosts.length; from += WRITES_PER_TRANSACTION) {
    await clearChunk(table, hosts.slice(from, from + WRITES_PER_TRANSACTION));
  }
}

async function clearChunk(table: Table, hosts: readonly PendingHost[]): Promise<void> {
  let left = hosts;
  while (left.length > 0) {
    try {
      return await transact(
        table,
        left.map((pending) => pendingHostDelete(table, pending)),
      );
    } catch (error) {
      if (!(error instanceof TransactionCancelled)) throw error;
      const { reasons } = error;
      const untouched = left.filter((_, index) => (reasons[index] ?? "None") === "None");
      if (untouched.length === left.length) throw error;
      left = untouched;
    }
  }
}

function pendingHostDelete(table: Table, { fleet, host, version }: PendingHost): TransactWriteItem {
  return {
    Delete: {
      TableName: table.name,
      Key: keyItem(pendingHostKey(fleet, host)),
      ConditionExpression: "#token = :token",
      ExpressionAttributeNames: { "#token": "token" },
      ExpressionAttributeValues: { ":token": { S: version } },
    },
  };
}

/** The numbers of pending hosts of a table, counted up to `PENDING_COUNTED_TO`. */
export function makePendingHostCounts(table: Table) {
  return {
    count: async (fleet: string): Promise<number> => (await countPendingHosts(table, fleet)).count,
    backlog: (fleet: string): Promise<PendingBacklog> => countPendingHosts(table, fleet),
  };
}

/** The pending hosts of a table. */
export function makePendingHosts(table: Table) {
  return {
    ...makePendingHostCounts(table),
    /** Exact, with every pending host read; for the sweep, which reads them all in any case. */
    wholeBacklog: (fleet: string): Promise<PendingBacklog> => countPendingHosts(table, fleet, Number.POSITIVE_INFINITY),
    list: (fleet: string, shard: number, limit: number, after?: string): Promise<readonly PendingHost[]> =>
      readPendingHosts(table, fleet, shard, limit, after),
    get: (fleet: string, host: string): Promise<PendingHost | null> => readPendingHost(table, fleet, host),
    refresh: (hosts: readonly PendingHost[]): Promise<readonly PendingHost[]> => refreshPendingHosts(table, hosts),
    clear: (hosts: readonly PendingHost[]): Promise<void> => clearPendingHosts(table, hosts),
  };
}

/**
 * Counts the pending hosts of a fleet, exactly up to `limit` and no further. If there are more, `count` is `limit`, and
 * `oldestAt` is that of the hosts that were read: a lower bound of the age of the oldest.
 */
export async function countPendingHosts(
  table: Table,
  fleet: string,
  limit = PENDING_COUNTED_TO,
): Promise<PendingBacklog> {
  let count = 0;
  let oldestAt: string | null = null;
  let open: { readonly pk: string; readonly start: Item | null }[] = Array.from({ length: SHARDS }, (_, shard) => ({
    pk: pendingPartition(fleet, shard),
    start: null,
  }));
  while (open.length > 0 && count <= limit) {
    // One more than the limit in all, to know whether there are more.
    const share = Math.ceil((limit + 1 - count) / open.length);
    const pages = await Promise.all(
      open.map(async ({ pk, start }) => ({ pk, ...(await readSince(pk, start, share)) })),
    );
    for (const item of pages.flatMap(({ items }) => items)) {
      count += 1;
      const since = optionalText(item, "since");
      if (since !== null && (oldestAt === null || since < oldestAt)) oldestAt = since;
    }
    open = pages.flatMap(({ pk, next }) => (next === null ? [] : [{ pk, start: next }]));
  }
  return { count: Math.min(count, limit), hasMore: count > limit, oldestAt };

  function readSince(pk: string, start: Item | null, most: number) {
    return queryPage(table, {
      ...partition(pk),
      ProjectionExpression: "since",
      ConsistentRead: true,
      ...(Number.isFinite(most) && { Limit: most }),
      ...(start !== null && { ExclusiveStartKey: start }),
    });
  }
}
