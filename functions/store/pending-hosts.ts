// Work marks: "this host must be summarised again". A mark is written in the transaction that stores the runs, so it can
// not be lost, and deleted only if nobody has touched it since it was read (design, principle 5).

import { randomUUID } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { BUCKETS } from "../../shared/deployment.ts";
import { isBackend } from "../../shared/run/backends.ts";
import type { CountedCohort } from "../../shared/run/cohort.ts";
import type { PendingBacklog, PendingHost, TouchedPeriod } from "../../shared/run/pending-host.ts";
import { TransactionCancelled } from "./errors.ts";
import { type Item, ItemError, keyItem, optionalTextOf, textOf, textSetOf } from "./item.ts";
import { cohortHash, pendingHostKey, pendingPartition } from "./keys.ts";
import { getItem, partition, queryItems, type Table, transact, WRITES_PER_TRANSACTION } from "./table.ts";

/**
 * The write that marks a host, to be part of the transaction that changes its runs. The cohort is what the newest of them
 * says; without one the mark keeps what it knows.
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

function markOf(fleet: string, item: Item): PendingHost {
  const touched = textSetOf(item, "touched").map((entry) => {
    const [period, backend, stratum] = entry.split("#");
    if (period === undefined || backend === undefined || !isBackend(backend) || stratum === undefined) {
      throw new ItemError(`mark entry ${entry} is not period#backend#stratum`);
    }
    return { period, backend, stratum };
  });
  const cohort = optionalTextOf(item, "cohort") ?? "";
  return { fleet, host: textOf(item, "sk"), touched, cohort, version: textOf(item, "token") };
}

/** Up to `limit` open marks of a bucket, in order of host name, after the host `after`. One that is damaged says so. */
async function readPendingHosts(
  table: Table,
  fleet: string,
  bucket: number,
  limit: number,
  after?: string,
): Promise<PendingHost[]> {
  const pk = pendingPartition(fleet, bucket);
  const query = {
    ...partition(pk),
    Limit: limit,
    ConsistentRead: true,
    ...(after === undefined ? {} : { ExclusiveStartKey: keyItem({ pk, sk: after }) }),
  };
  const marks: PendingHost[] = [];
  for await (const item of queryItems(table, query)) {
    marks.push(listedMark(fleet, item));
    if (marks.length === limit) break;
  }
  return marks;
}

function listedMark(fleet: string, item: Item): PendingHost {
  try {
    return markOf(fleet, item);
  } catch (error) {
    if (!(error instanceof ItemError)) throw error;
    return { fleet, host: textOf(item, "sk"), touched: [], cohort: "", version: "", fault: error };
  }
}

/** The mark of one host, or null. Throws ItemError for one that is damaged. */
export async function readPendingHost(table: Table, fleet: string, host: string): Promise<PendingHost | null> {
  const item = await getItem(table, pendingHostKey(fleet, host));
  return item === null ? null : markOf(fleet, item);
}

/**
 * Removes marks, in one transaction as far as it takes them, except those written again since they were read: there is new
 * work for their hosts. A mark that somebody is writing right now stays as well, and is met by the next pass.
 */
async function clearPendingHosts(table: Table, marks: readonly PendingHost[]): Promise<void> {
  for (let from = 0; from < marks.length; from += WRITES_PER_TRANSACTION) {
    await clearChunk(table, marks.slice(from, from + WRITES_PER_TRANSACTION));
  }
}

async function clearChunk(table: Table, marks: readonly PendingHost[]): Promise<void> {
  let left = marks;
  while (left.length > 0) {
    try {
      return await transact(
        table,
        left.map((mark) => markDelete(table, mark)),
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

function markDelete(table: Table, mark: PendingHost): TransactWriteItem {
  return {
    Delete: {
      TableName: table.name,
      Key: keyItem(pendingHostKey(mark.fleet, mark.host)),
      ConditionExpression: "#token = :token",
      ExpressionAttributeNames: { "#token": "token" },
      ExpressionAttributeValues: { ":token": { S: mark.version } },
    },
  };
}

/** The pending hosts of a table. */
export function makePendingHosts(table: Table) {
  return {
    list: (fleet: string, shard: number, limit: number, after?: string): Promise<readonly PendingHost[]> =>
      readPendingHosts(table, fleet, shard, limit, after),
    get: (fleet: string, host: string): Promise<PendingHost | null> => readPendingHost(table, fleet, host),
    clear: (hosts: readonly PendingHost[]): Promise<void> => clearPendingHosts(table, hosts),
    count: async (fleet: string): Promise<number> => (await countPendingHosts(table, fleet)).count,
    backlog: (fleet: string): Promise<PendingBacklog> => countPendingHosts(table, fleet),
  };
}

/** How many marks of a fleet are open, exactly, and since when the oldest is. */
export async function countPendingHosts(table: Table, fleet: string): Promise<PendingBacklog> {
  let count = 0;
  let oldestAt: string | null = null;
  const countBucket = async (bucket: number): Promise<void> => {
    const query = {
      ...partition(pendingPartition(fleet, bucket)),
      ProjectionExpression: "since",
      ConsistentRead: true,
    };
    for await (const item of queryItems(table, query)) {
      count += 1;
      const since = optionalTextOf(item, "since");
      if (since !== null && (oldestAt === null || since < oldestAt)) oldestAt = since;
    }
  };
  await Promise.all(Array.from({ length: BUCKETS }, (_, bucket) => countBucket(bucket)));
  return { count, oldestAt };
}
