// What lists of hosts are ordered and filtered by, as a small attribute of the summaries of period `all`: a list reads it of
// every host, and the whole summaries only of the hosts that it shows. Also here: scans of the hosts of a shard, without the
// hosts that an admin has retired and that have sent nothing since.

import { computeCohort, type HostSummary, lastTimes } from "../../../shared/cells/host-values.ts";
import { firstStated } from "../../../shared/cells/setup.ts";
import type { FleetGeneration } from "../../../shared/cells/stored-summary.ts";
import { COHORT_KEYS, type Cohort } from "../../../shared/run/cohort.ts";
import { PERIOD_ALL } from "../../../shared/run/periods.ts";
import { type Item, ItemError, itemText, optionalText } from "../table/item.ts";
import { retiredPartition, summaryPartition } from "../table/keys.ts";
import { partition, queryItems, type Table } from "../table/table.ts";

/** A host as lists see it. Times are in milliseconds since 1970. */
export interface ListedEntry {
  readonly host: string;
  /** When its newest run finished, at most its time of receipt. */
  readonly newestAt: number;
  /** When its last run was received. */
  readonly receivedAt: number;
  /** Runs that count, at most 99 of each backend and stratum. */
  readonly runs: number;
  /** The program that sent the newest run that names one. */
  readonly agent: string | null;
  /** Its own cohort, whichever it is counted in. */
  readonly cohort: Cohort;
  readonly isRetired: boolean;
}

/** The attribute of a summary: nothing for a host without runs, which no list shows. */
export function listedAttributes(summary: HostSummary): Item {
  const times = lastTimes(summary);
  if (times === null) return {};
  const newest = Date.parse(times.newest_at);
  const cohort = computeCohort(summary);
  const byTime = summary.groups.toSorted((a, b) => Date.parse(b.newest_at) - Date.parse(a.newest_at));
  const values = [
    newest,
    Date.parse(times.received_at) - newest,
    summary.groups.reduce((sum, { runs }) => sum + runs, 0),
    firstStated(byTime.map(({ setup }) => setup))["label.agent"] ?? null,
    ...COHORT_KEYS.map((key) => cohort[key] ?? null),
  ];
  return { listed: { S: JSON.stringify(values.slice(0, values.findLastIndex((value) => value !== null) + 1)) } };
}

/** Throws ItemError for an attribute that `listedAttributes` has not written. */
function parseEntry(item: Item, text: string, retiredAt: string | null): ListedEntry {
  const host = itemText(item, "sk");
  const values: unknown = JSON.parse(text);
  const [newestAt, delay, runs, agent, ...cohort] = Array.isArray(values) ? values : [];
  if (typeof newestAt !== "number" || typeof delay !== "number" || typeof runs !== "number") {
    throw new ItemError(`the entry of host ${JSON.stringify(host)} in lists of hosts cannot be read`);
  }
  const receivedAt = newestAt + delay;
  return {
    host,
    newestAt,
    receivedAt,
    runs,
    agent: typeof agent === "string" ? agent : null,
    cohort: Object.fromEntries(
      COHORT_KEYS.flatMap((key, index) => (typeof cohort[index] === "string" ? [[key, cohort[index]]] : [])),
    ),
    isRetired: isRetired(retiredAt, receivedAt),
  };
}

/** Whether a host that was retired at a time, if it was, is so still: a result that was received later brings it back. */
export const isRetired = (retiredAt: string | null, receivedAt: number): boolean =>
  retiredAt !== null && receivedAt <= Date.parse(retiredAt);

/** DynamoDB sorts text by its UTF-8 bytes. */
export const byName = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * The hosts of a shard that have runs, in the order of their names, after the host `after`. A request reads `atOnce` of them,
 * or as many as fit; all that is in memory is what it has read.
 */
export async function* scanShard(
  table: Table,
  of: FleetGeneration,
  shard: number,
  { after, atOnce }: { readonly after?: string | undefined; readonly atOnce?: number | undefined } = {},
): AsyncGenerator<ListedEntry, void> {
  const inOrder = (pk: string) => (after === undefined ? partition(pk) : afterHost(pk, after));
  const marks = queryItems(table, { ...inOrder(retiredPartition(of.fleet, shard)), ConsistentRead: true });
  const next = async (): Promise<Item | null> => (await marks.next()).value ?? null;
  const summaries = {
    ...inOrder(summaryPartition(of, PERIOD_ALL, shard)),
    ProjectionExpression: "pk, sk, listed",
    ...(atOnce === undefined ? {} : { Limit: atOnce }),
  };
  let mark = await next();
  for await (const item of queryItems(table, summaries)) {
    const host = itemText(item, "sk");
    while (mark !== null && byName(itemText(mark, "sk"), host) < 0) mark = await next();
    const text = optionalText(item, "listed");
    const retiredAt = mark !== null && itemText(mark, "sk") === host ? itemText(mark, "at") : null;
    if (text !== null) yield parseEntry(item, text, retiredAt);
  }
}

const afterHost = (pk: string, host: string) => ({
  KeyConditionExpression: "pk = :pk AND sk > :after",
  ExpressionAttributeValues: { ":pk": { S: pk }, ":after": { S: host } },
});
