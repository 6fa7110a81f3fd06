// The hosts of a fleet in the table. In: which hosts, and in which order. Out: a page of them. Every order but that by name
// reads the small entries of all hosts, shard by shard, and holds only the best of them, however many hosts there are.

import { computeCohort } from "../../../shared/cells/host-values.ts";
import type { CountedHost, FleetGeneration, ListedHost } from "../../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../../shared/deployment.ts";
import { COHORT_KEYS } from "../../../shared/run/cohort.ts";
import type { HostOrder, HostQuery, Page } from "../../../shared/run/listing.ts";
import { PERIOD_ALL } from "../../../shared/run/periods.ts";
import { mapConcurrent } from "../../runtime/map-concurrent.ts";
import { readPendingHost } from "../runs/pending-hosts.ts";
import { itemText } from "../table/item.ts";
import { retiredKey } from "../table/keys.ts";
import { cursorAt, getItem, positionAt, type Table } from "../table/table.ts";
import { currentGeneration } from "./generations.ts";
import { byName, isRetired, type ListedEntry, scanShard } from "./listed-hosts.ts";
import { readSummaries } from "./summaries.ts";

/** The hosts of a table, as last counted. */
export function makeHostStore(table: Table) {
  return {
    list: (fleet: string, query: HostQuery): Promise<Page<ListedHost>> => listHosts(table, fleet, query),
    get: (fleet: string, host: string): Promise<CountedHost | null> => getHost(table, fleet, host),
  };
}

async function getHost(table: Table, fleet: string, host: string): Promise<CountedHost | null> {
  const of = await currentGeneration(table, fleet);
  const [[stored], pending, mark] = await Promise.all([
    readSummaries(table, of, [{ period: PERIOD_ALL, host }]),
    readPendingHost(table, fleet, host),
    getItem(table, retiredKey(fleet, host)),
  ]);
  if (stored === undefined || (stored.summary.groups.length === 0 && pending === null)) return null;
  const { summary } = stored;
  const received = Math.max(...summary.groups.map(({ received_at }) => Date.parse(received_at)));
  const retiredAt = mark === null ? null : itemText(mark, "at");
  return {
    summary,
    cohort: computeCohort(summary),
    isPending: pending !== null,
    retiredAt: isRetired(retiredAt, received) ? retiredAt : null,
  };
}

/** What the cursors of a fleet's hosts are bound to; the position is what the hosts are ordered by, and the name. */
const listing = (fleet: string, order: HostOrder) => (order === "name" ? ["hosts", fleet] : ["hosts", fleet, order]);

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Shards that one list scans at the same time. */
const SHARDS_AT_ONCE = 4;

async function listHosts(table: Table, fleet: string, query: HostQuery): Promise<Page<ListedHost>> {
  const { order, limit, cursor } = query;
  const of = await currentGeneration(table, fleet);
  const after = cursor === undefined ? null : positionAt(listing(fleet, order), cursor);
  // One more than the page has says whether there is another page.
  const found = await (order === "name" ? findByName : findBest)(table, of, query, after, limit + 1);
  const page = found.slice(0, limit);
  const stored = await readSummaries(
    table,
    of,
    page.map(({ host }) => ({ period: PERIOD_ALL, host })),
  );
  const last = page.at(-1);
  return {
    items: stored.flatMap(({ summary }) =>
      summary.groups.length === 0 ? [] : [{ summary, cohort: computeCohort(summary) }],
    ),
    cursor:
      found.length > limit && last !== undefined ? cursorAt(listing(fleet, order), positionOf(order, last)) : null,
  };
}

/** Whether a list has a host. */
function matches({ part, before, filters }: HostQuery): (entry: ListedEntry) => boolean {
  const wanted = part?.normalize("NFC").toLowerCase();
  const newestBefore = before === undefined ? Number.POSITIVE_INFINITY : Date.parse(before);
  return ({ host, newestAt, cohort, isRetired: isGone }) =>
    !isGone &&
    newestAt < newestBefore &&
    (wanted === undefined || host.normalize("NFC").toLowerCase().includes(wanted)) &&
    COHORT_KEYS.every((key) => filters[key] === undefined || filters[key].includes(cohort[key] ?? ""));
}

/** The first `most` hosts by name after the host `after`: the shards are merged, and little more is read than is needed. */
async function findByName(
  table: Table,
  of: FleetGeneration,
  query: HostQuery,
  after: string | null,
  most: number,
): Promise<ListedEntry[]> {
  const isSelective = query.part !== undefined || query.before !== undefined || Object.keys(query.filters).length > 0;
  const range = {
    after: after ?? undefined,
    // A shard has about its share of a page.
    atOnce: isSelective ? undefined : Math.ceil(most / SHARDS) + 3,
  };
  const isMatch = matches(query);
  const found: ListedEntry[] = [];
  for await (const entry of inOrder(ALL_SHARDS.map((shard) => scanShard(table, of, shard, range)))) {
    if (!isMatch(entry)) continue;
    found.push(entry);
    if (found.length === most) break;
  }
  return found;
}

/** Merges sorted sources; of each it holds what one request has read. */
async function* inOrder(sources: readonly AsyncGenerator<ListedEntry, void>[]): AsyncGenerator<ListedEntry, void> {
  const heads = new Map(
    await Promise.all(sources.map(async (source) => [source, (await source.next()).value ?? null] as const)),
  );
  for (;;) {
    let first: { source: AsyncGenerator<ListedEntry, void>; entry: ListedEntry } | null = null;
    for (const [source, entry] of heads) {
      if (entry !== null && (first === null || byName(entry.host, first.entry.host) < 0)) first = { source, entry };
    }
    if (first === null) return;
    yield first.entry;
    heads.set(first.source, (await first.source.next()).value ?? null);
  }
}

// Orders that no key of the table has.

/** What a host is ordered by, smallest first: the longest silent host first, or the one with most runs. */
const rankOf = (order: HostOrder, { newestAt, runs }: ListedEntry): number => (order === "runs" ? -runs : newestAt);

const positionOf = (order: HostOrder, entry: ListedEntry): string =>
  order === "name" ? entry.host : `${rankOf(order, entry)}#${entry.host}`;

/** The first `most` hosts after a position, from a scan of all of them. */
async function findBest(
  table: Table,
  of: FleetGeneration,
  query: HostQuery,
  after: string | null,
  most: number,
): Promise<ListedEntry[]> {
  const { order } = query;
  const isMatch = matches(query);
  const [, rank = "", name = ""] = /^(-?\d+)#(.*)$/s.exec(after ?? "") ?? [];
  const isAfter = (entry: ListedEntry): boolean =>
    after === null || (rankOf(order, entry) - Number(rank) || byName(entry.host, name)) > 0;
  const compare = (a: ListedEntry, b: ListedEntry): number =>
    rankOf(order, a) - rankOf(order, b) || byName(a.host, b.host);
  let best: ListedEntry[] = [];
  const take = (): void => {
    best = best.sort(compare).slice(0, most);
  };
  await mapConcurrent(ALL_SHARDS, SHARDS_AT_ONCE, async (shard) => {
    for await (const entry of scanShard(table, of, shard)) {
      if (!isAfter(entry) || !isMatch(entry)) continue;
      best.push(entry);
      // Sorted rarely, and never more than ten pages held.
      if (best.length === 10 * most) take();
    }
  });
  take();
  return best;
}
