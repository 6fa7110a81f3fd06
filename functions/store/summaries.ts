// Host summaries in the table: what each host has contributed to the cells of a period, and in which cohort. A summary
// without groups stays there with its version: were it deleted, a worker that read "none" long ago could not be told from
// one that is up to date.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { computeCohort } from "../../shared/cells/host-values.ts";
import type {
  CountedHost,
  FleetGeneration,
  ListedHost,
  StoredSummary,
  SummaryStep,
} from "../../shared/cells/stored-summary.ts";
import { decodeSummary, encodeSummary } from "../../shared/cells/summary-codec.ts";
import { BUCKETS } from "../../shared/deployment.ts";
import type { Page } from "../../shared/run/listing.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import { cursorAt, placeAt } from "./cursor.ts";
import { currentGeneration } from "./generations.ts";
import { type Item, textOf } from "./item.ts";
import { idOf, summaryKey, summaryPartition } from "./keys.ts";
import { readPendingHost } from "./pending-hosts.ts";
import { getItems, putVersion, queryItems, type Table } from "./table.ts";

/** The stored summaries in the order of the keys; empty ones with version null where there are none. */
export async function readSummaries(
  table: Table,
  of: FleetGeneration,
  keys: readonly { period: string; host: string }[],
): Promise<StoredSummary[]> {
  const wanted = keys.map(({ period, host }) => ({ host, key: summaryKey(of, period, host) }));
  const items = await getItems(
    table,
    wanted.map(({ key }) => key),
  );
  return wanted.map(({ host, key }) => {
    const item = items.get(idOf(key));
    return item === undefined ? { summary: { host, groups: [] }, cohort: {}, version: null } : summaryOf(item);
  });
}

/** The summary of an item. */
export function summaryOf(item: Item): StoredSummary {
  return {
    summary: decodeSummary(textOf(item, "summary")),
    cohort: JSON.parse(textOf(item, "cohort")),
    version: textOf(item, "ver"),
  };
}

/** The write that takes a host's summary from one version to the next. */
export function summaryWrite(
  table: Table,
  of: FleetGeneration,
  { period, before, after }: SummaryStep,
  version: string,
): TransactWriteItem {
  const item = { summary: { S: encodeSummary(after.summary) }, cohort: { S: JSON.stringify(after.cohort) } };
  return putVersion(table, summaryKey(of, period, after.summary.host), item, {
    before: before.version,
    after: version,
  });
}

// Hosts as last counted: their summaries of period `all`, one by name, or listed. Each bucket holds its hosts in order of
// their names; a listing takes the smallest of all buckets again and again, so it reads little more than it lists.

/** Hosts over the table. */
export function makeHostStore(table: Table) {
  return {
    list: (fleet: string, limit: number, cursor?: string): Promise<Page<ListedHost>> =>
      listHosts(table, fleet, limit, cursor === undefined ? null : placeAt(listingOf(fleet), cursor)),
    get: (fleet: string, host: string): Promise<CountedHost | null> => getHost(table, fleet, host),
  };
}

async function getHost(table: Table, fleet: string, host: string): Promise<CountedHost | null> {
  const of = await currentGeneration(table, fleet);
  const [[stored], mark] = await Promise.all([
    readSummaries(table, of, [{ period: PERIOD_ALL, host }]),
    readPendingHost(table, fleet, host),
  ]);
  if (stored === undefined || (stored.summary.groups.length === 0 && mark === null)) return null;
  return { summary: stored.summary, cohort: computeCohort(stored.summary), isPending: mark !== null };
}

/** What the cursors of a fleet's hosts are bound to; the place is a host's name. */
const listingOf = (fleet: string) => ["hosts", fleet];

async function listHosts(table: Table, fleet: string, limit: number, after: string | null): Promise<Page<ListedHost>> {
  const of = await currentGeneration(table, fleet);
  const items: ListedHost[] = [];
  for await (const stored of inOrder(Array.from({ length: BUCKETS }, (_, bucket) => hostsOf(bucket)))) {
    const last = items.at(-1);
    if (items.length === limit && last !== undefined)
      return { items, cursor: cursorAt(listingOf(fleet), last.summary.host) };
    items.push({ summary: stored.summary, cohort: computeCohort(stored.summary) });
  }
  return { items, cursor: null };

  /** The hosts of one bucket that have results, after the host `after`. */
  async function* hostsOf(bucket: number): AsyncGenerator<StoredSummary, void> {
    const query = {
      KeyConditionExpression: `pk = :pk${after === null ? "" : " AND sk > :after"}`,
      ExpressionAttributeValues: {
        ":pk": { S: summaryPartition(of, PERIOD_ALL, bucket) },
        ...(after === null ? {} : { ":after": { S: after } }),
      },
      // A bucket has about its share of a page.
      Limit: Math.ceil(limit / BUCKETS) + 3,
    };
    for await (const item of queryItems(table, query)) {
      const stored = summaryOf(item);
      if (stored.summary.groups.length > 0) yield stored;
    }
  }
}

/** DynamoDB sorts text by its UTF-8 bytes. */
const byName = (a: StoredSummary, b: StoredSummary): number =>
  Buffer.compare(Buffer.from(a.summary.host), Buffer.from(b.summary.host));

/** Several sources in order as one in order; of each at most one item is waiting. */
async function* inOrder(sources: readonly AsyncGenerator<StoredSummary, void>[]): AsyncGenerator<StoredSummary, void> {
  const heads = new Map(
    await Promise.all(sources.map(async (source) => [source, (await source.next()).value ?? null] as const)),
  );
  for (;;) {
    let first: { source: AsyncGenerator<StoredSummary, void>; stored: StoredSummary } | null = null;
    for (const [source, stored] of heads) {
      if (stored !== null && (first === null || byName(stored, first.stored) < 0)) first = { source, stored };
    }
    if (first === null) return;
    yield first.stored;
    heads.set(first.source, (await first.source.next()).value ?? null);
  }
}
