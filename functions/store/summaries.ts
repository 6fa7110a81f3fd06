// Host summaries in the table: what each host has contributed to the cells of a period, and in which cohort; and the hosts
// of a fleet, which are its summaries of period `all`.
//
// A summary without groups stays in the table with its version: if it were deleted, a worker that read "no summary" long ago
// would look like one that is up to date.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { computeCohort } from "../../shared/cells/host-values.ts";
import {
  type CountedHost,
  type CountedSummary,
  decodeSummary,
  encodeSummary,
  type FleetGeneration,
  type ListedHost,
  type StoredSummary,
  type SummaryStep,
} from "../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../shared/deployment.ts";
import type { Page } from "../../shared/run/listing.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import { packedForm } from "./format.ts";
import { currentGeneration } from "./generations.ts";
import { type Item, itemText } from "./item.ts";
import { keyText, summaryKey, summaryPartition } from "./keys.ts";
import { packedText, packText } from "./packed.ts";
import { readPendingHost } from "./pending-hosts.ts";
import { cursorAt, getItems, positionAt, putVersion, queryItems, type Table } from "./table.ts";

/** The stored summaries in the order of the keys; an empty one with version null where nothing is stored. */
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
    const item = items.get(keyText(key));
    return item === undefined ? { summary: { host, groups: [] }, cohort: {}, version: null } : parseSummary(item);
  });
}

/** The summary of an item. Throws for a damaged item. */
export function parseSummary(item: Item): StoredSummary {
  return {
    summary: decodeSummary(packedText(item, "summary")),
    cohort: JSON.parse(itemText(item, "cohort")),
    version: itemText(item, "ver"),
  };
}

/** The attributes of a summary without its key and version. */
export const summaryItem = ({ summary, cohort }: CountedSummary, form: number): Item => ({
  summary: { B: packText(form, "summary", encodeSummary(summary)) },
  cohort: { S: JSON.stringify(cohort) },
});

/** The write that takes a host's summary from one version to the next. */
export function summaryWrite(
  table: Table,
  of: FleetGeneration,
  { period, before, after }: SummaryStep,
  version: string,
): TransactWriteItem {
  return putVersion(table, summaryKey(of, period, after.summary.host), summaryItem(after, packedForm(table)), {
    before: before.version,
    after: version,
  });
}

// Hosts. Each shard has its hosts in the order of their names; a listing merges the shards, and reads little more than it
// lists.

/** The hosts of a table, as last counted. */
export function makeHostStore(table: Table) {
  return {
    list: (fleet: string, limit: number, cursor?: string): Promise<Page<ListedHost>> =>
      listHosts(table, fleet, limit, cursor === undefined ? null : positionAt(listing(fleet), cursor)),
    get: (fleet: string, host: string): Promise<CountedHost | null> => getHost(table, fleet, host),
  };
}

async function getHost(table: Table, fleet: string, host: string): Promise<CountedHost | null> {
  const of = await currentGeneration(table, fleet);
  const [[stored], pending] = await Promise.all([
    readSummaries(table, of, [{ period: PERIOD_ALL, host }]),
    readPendingHost(table, fleet, host),
  ]);
  if (stored === undefined || (stored.summary.groups.length === 0 && pending === null)) return null;
  return { summary: stored.summary, cohort: computeCohort(stored.summary), isPending: pending !== null };
}

/** What the cursors of a fleet's hosts are bound to; the position is the name of a host. */
const listing = (fleet: string) => ["hosts", fleet];

async function listHosts(table: Table, fleet: string, limit: number, after: string | null): Promise<Page<ListedHost>> {
  const of = await currentGeneration(table, fleet);
  const items: ListedHost[] = [];
  for await (const stored of inOrder(Array.from({ length: SHARDS }, (_, shard) => readShard(shard)))) {
    const last = items.at(-1);
    if (items.length === limit && last !== undefined)
      return { items, cursor: cursorAt(listing(fleet), last.summary.host) };
    items.push({ summary: stored.summary, cohort: computeCohort(stored.summary) });
  }
  return { items, cursor: null };

  /** The hosts of one shard that have runs, after the host `after`. */
  async function* readShard(shard: number): AsyncGenerator<StoredSummary, void> {
    const query = {
      KeyConditionExpression: `pk = :pk${after === null ? "" : " AND sk > :after"}`,
      ExpressionAttributeValues: {
        ":pk": { S: summaryPartition(of, PERIOD_ALL, shard) },
        ...(after === null ? {} : { ":after": { S: after } }),
      },
      // A shard has about its share of a page.
      Limit: Math.ceil(limit / SHARDS) + 3,
    };
    for await (const item of queryItems(table, query)) {
      const stored = parseSummary(item);
      if (stored.summary.groups.length > 0) yield stored;
    }
  }
}

/** DynamoDB sorts text by its UTF-8 bytes. */
const byName = (a: StoredSummary, b: StoredSummary): number =>
  Buffer.compare(Buffer.from(a.summary.host), Buffer.from(b.summary.host));

/** Merges sorted sources; of each it holds at most one item. */
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
