// A whole fleet, walked host by host: which hosts there are, in which months they have runs, and the runs of each. For the
// tools of an operator; nothing that answers a request reads so much.

import { BUCKETS, TABLE } from "../../shared/deployment.ts";
import type { Touched } from "../../shared/ports.ts";
import { enclosingPeriods, monthOf, PERIOD_ALL } from "../../shared/run/periods.ts";
import { currentGeneration } from "./generations.ts";
import { type Item, textOf } from "./item.ts";
import { hostHash, pendingPartition, runsOfHost, summaryPartition, timePartition } from "./keys.ts";
import { touchedBy } from "./pending-hosts.ts";
import { isWithdrawn, type RunError, runPlaceOf, runsOfItems } from "./runs.ts";
import { getItem, partition, queryItems, queryPage, type Table } from "./table.ts";

const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** The hosts of a fleet. */
export interface FleetHosts {
  /** Each once, in no order. */
  readonly names: readonly string[];
  /** Runs that cannot be read, and of whose host nothing else is known either. */
  readonly nameless: readonly RunError[];
}

/**
 * Every host of a fleet that has runs or has been counted; the names are held in memory. The time index may not have a run of a moment ago yet, so hosts are also looked up where they are known at once: among the marks,
 * and, asked after these because a mark goes when its host is counted, among the summaries.
 */
export async function hostsOfFleet(table: Table, fleet: string): Promise<FleetHosts> {
  const hosts = new Map<string, string>();
  const nameless: { readonly hash: string; readonly fault: RunError }[] = [];
  const addNames = async (pk: string) => {
    const query = { ...partition(pk), ProjectionExpression: "pk, sk", ConsistentRead: true };
    for await (const item of queryItems(table, query)) {
      const host = textOf(item, "sk");
      hosts.set(hostHash(fleet, host), host);
    }
  };
  await Promise.all(buckets.map((bucket) => addNames(pendingPartition(fleet, bucket))));
  const of = await currentGeneration(table, fleet);
  await Promise.all(buckets.map((bucket) => addNames(summaryPartition(of, PERIOD_ALL, bucket))));
  await Promise.all(buckets.map((bucket) => addFromRuns(bucket)));
  // Another run of the same host may have told its name.
  const still = nameless.filter(({ hash }) => !hosts.has(hash));
  return { names: [...hosts.values()], nameless: still.map(({ fault }) => fault) };

  async function addFromRuns(bucket: number): Promise<void> {
    const query = { ...ofTime(fleet, bucket), ProjectionExpression: "pk, sk" };
    for await (const item of queryItems(table, query)) {
      const hash = textOf(item, "pk").split("#")[2] ?? "";
      if (hosts.has(hash)) continue;
      const run = await getItem(table, { pk: textOf(item, "pk"), sk: textOf(item, "sk") });
      if (run === null) continue;
      const { runs, unreadable } = runsOfItems([run]);
      for (const { host } of [...runs, ...unreadable]) if (host !== null) hosts.set(hash, host);
      for (const fault of unreadable) if (fault.host === null) nameless.push({ hash, fault });
    }
  }
}

const ofTime = (fleet: string, bucket: number) => ({
  IndexName: TABLE.timeIndex.name,
  KeyConditionExpression: "tpk = :tpk",
  ExpressionAttributeValues: { ":tpk": { S: timePartition(fleet, bucket) } },
});

/** Every period that a fleet may have summaries and cells of: those of its runs, withdrawn ones too. One read a month. */
export async function periodsOfFleet(table: Table, fleet: string): Promise<string[]> {
  const months = await Promise.all(buckets.map((bucket) => monthsOf(bucket)));
  return [...new Set([PERIOD_ALL, ...months.flat().flatMap(enclosingPeriods)])].sort();

  async function monthsOf(bucket: number): Promise<string[]> {
    const found: string[] = [];
    for (;;) {
      const { items } = await queryPage(table, {
        ...ofTime(fleet, bucket),
        KeyConditionExpression: "tpk = :tpk AND tsk > :behind",
        ExpressionAttributeValues: {
          ...ofTime(fleet, bucket).ExpressionAttributeValues,
          // `~` sorts after every day of the month.
          ":behind": { S: found.length === 0 ? "0" : `${found.at(-1)}~` },
        },
        Limit: 1,
      });
      const [next] = items;
      if (next === undefined) return found;
      found.push(monthOf(textOf(next, "tsk")));
    }
  }
}

/** All that a host's runs touch, those that are withdrawn left out. */
export async function touchedByHost(table: Table, fleet: string, host: string): Promise<Touched[]> {
  const query = {
    ...partition(runsOfHost(fleet, host)),
    IndexName: TABLE.orderIndex.name,
    ProjectionExpression: "ord",
    ConsistentRead: true,
  };
  const touched = new Map<string, Touched>();
  for await (const item of queryItems(table, query)) {
    if (isWithdrawn(item)) continue;
    const each = touchedBy(runPlaceOf(item));
    touched.set(`${each.period}#${each.backend}#${each.stratum}`, each);
  }
  return [...touched.values()];
}

/** The items of all runs of a host, withdrawn ones too. */
export function runItemsOf(table: Table, fleet: string, host: string): AsyncGenerator<Item, void> {
  return queryItems(table, { ...partition(runsOfHost(fleet, host)), ConsistentRead: true });
}
