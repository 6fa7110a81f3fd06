// Counts of a fleet's hosts: how many are silent, when the newest result came, and which programs send results. The sweep counts
// them from the entries of lists and stores them in one item, so that no request reads all hosts.

import { SHARDS } from "../../../shared/deployment.ts";
import type { HostCounts } from "../../../shared/run/host-counts.ts";
import { silentBefore } from "../../../shared/run/settings.ts";
import { codeUnitOrder } from "../../../shared/run/text.ts";
import { makeSettingsStore } from "../fleet/settings.ts";
import { retryingTransient } from "../table/errors.ts";
import { itemText, keyItem } from "../table/item.ts";
import { hostCountsKey } from "../table/keys.ts";
import { getItem, type Table, transact } from "../table/table.ts";
import { currentGeneration } from "./generations.ts";
import { scanShard } from "./listed-hosts.ts";

/** Programs that are listed; a fleet has a few versions of the agent. */
const MAX_AGENTS = 20;

/** Programs that are counted: names are sent by clients, and could be as many as hosts. */
const MAX_COUNTED_AGENTS = 1_000;

/** A fleet is counted again after this time for each of its hosts, so that counting takes few read units whatever its size. */
const MS_PER_HOST = 360;

const LEAST_MS = 60_000;
const MOST_MS = 3_600_000;

/** The counts of the fleets of a table. */
export function makeHostCountStore(table: Table) {
  const settings = makeSettingsStore(table, Date.now);
  const due = new Map<string, number>();
  const get = async (fleet: string): Promise<HostCounts | null> => {
    const item = await getItem(table, hostCountsKey(fleet));
    // `refresh` has written it.
    return item === null ? null : (JSON.parse(itemText(item, "counts")) as HostCounts);
  };
  return {
    /** The counts of a fleet; null before the first. */
    get,
    /** Counts the hosts of a fleet again if its counts are old enough: after a minute to an hour, depending on its size. */
    refresh: async (fleet: string, now: number): Promise<void> => {
      if (now < (due.get(fleet) ?? 0)) return;
      const stored = await get(fleet);
      let at = stored === null ? now : dueAt(stored);
      if (at <= now) {
        const counts = await countHosts(table, fleet, now, silentBefore(await settings.get(fleet), now));
        const item = { ...keyItem(hostCountsKey(fleet)), counts: { S: JSON.stringify(counts) } };
        await retryingTransient(() => transact(table, [{ Put: { TableName: table.name, Item: item } }]));
        at = dueAt(counts);
      }
      due.set(fleet, at);
    },
  };
}

const dueAt = ({ counted_at, listed_hosts }: HostCounts): number =>
  Date.parse(counted_at) + Math.min(MOST_MS, Math.max(LEAST_MS, listed_hosts * MS_PER_HOST));

/** Counts all hosts from one scan. */
async function countHosts(table: Table, fleet: string, now: number, silentSince: string): Promise<HostCounts> {
  const of = await currentGeneration(table, fleet);
  const limit = Date.parse(silentSince);
  const agents = new Map<string | null, number>();
  let [listed, retired, silent, newest] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  for (let shard = 0; shard < SHARDS; shard += 1) {
    for await (const { isRetired, newestAt, agent } of scanShard(table, of, shard)) {
      if (isRetired) {
        retired += 1;
        continue;
      }
      listed += 1;
      if (newestAt < limit) silent += 1;
      newest = Math.max(newest, newestAt);
      const known = agents.get(agent);
      if (known !== undefined || agents.size < MAX_COUNTED_AGENTS) agents.set(agent, (known ?? 0) + 1);
    }
  }
  return {
    counted_at: new Date(now).toISOString(),
    listed_hosts: listed,
    retired_hosts: retired,
    silent_hosts: silent,
    newest_result_at: listed === 0 ? null : new Date(newest).toISOString(),
    agents: [...agents]
      .map(([agent, hosts]) => ({ agent, hosts }))
      .sort((a, b) => b.hosts - a.hosts || codeUnitOrder(a.agent ?? "", b.agent ?? ""))
      .slice(0, MAX_AGENTS),
  };
}
