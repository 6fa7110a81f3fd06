// Rebuild: a fleet's summaries and cells derived again from its runs, beside those that are read. In: a fleet. Out: the same
// fleet, read from the new generation; the old one is deleted. Uploads, aggregation and answers go on meanwhile.
//
// No run is missed: one that is stored before the new generation is known is found here, because its host is looked up and
// its runs are read afterwards; and whoever works off the mark of a later one asks for the generations after reading it.

import { BUCKETS } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import type { FleetGeneration } from "../../shared/ports.ts";
import { hostsOfFleet, touchedByHost } from "../store/fleet-runs.ts";
import {
  beginGeneration,
  forgetGenerations,
  giveUpGeneration,
  keepAlive,
  type Rebuild,
  readGenerations,
  swapGeneration,
} from "../store/generations.ts";
import { bucketOf } from "../store/keys.ts";
import { deleteGeneration } from "../store/retired.ts";
import type { Table } from "../store/table.ts";
import { type AggregateDeps, aggregateFleet, bringUpToDate } from "./aggregate.ts";
import type { Work } from "./steps.ts";

export interface RebuildOptions {
  /** How long the old generation stays for those that are reading it, in milliseconds. */
  readonly graceMs: number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Told of every batch of hosts that is done. */
  readonly onProgress: (hosts: number, of: number) => void;
}

/** A rebuild that has said nothing for so long was killed. */
const LOST_AFTER_MS = 60_000;
const ALIVE_EVERY_MS = 5_000;
const HOSTS_AT_ONCE = 50;
const TRIES = 20;

const takenOver = (fleet: string) =>
  new AppError("slow_down", `another rebuild of fleet ${fleet} has taken over; this one changed nothing that is read`);

/**
 * Rebuilds a fleet; gives the number of its hosts. One that was killed leaves the old generation in place, and the next one
 * starts afresh. Throws `slow_down` while another rebuild of the fleet is under way.
 */
export async function rebuildFleet(
  deps: AggregateDeps,
  table: Table,
  fleet: string,
  options: RebuildOptions,
): Promise<{ readonly hosts: number }> {
  const { current, rebuild } = await begin(deps, table, fleet);
  let hosts: readonly string[];
  try {
    hosts = await hostsOfFleet(table, fleet);
    const making = {
      deps,
      table,
      of: { fleet, generation: rebuild.building },
      alive: heartbeat(deps, table, fleet, rebuild),
    };
    await derive(making, hosts, options.onProgress);
    await aggregateOnce(making);
  } catch (error) {
    // Where this fails as well, the next rebuild retires the generation.
    await giveUpGeneration(table, fleet, rebuild).catch(() => false);
    throw error;
  }
  if (!(await swapGeneration(table, fleet, current, rebuild))) throw takenOver(fleet);
  const { retired } = await readGenerations(table, fleet);
  await options.wait(options.graceMs);
  for (const generation of retired) await deleteGeneration(table, { fleet, generation });
  await forgetGenerations(table, fleet, retired);
  return { hosts: hosts.length };
}

async function begin(
  { clock }: AggregateDeps,
  table: Table,
  fleet: string,
): Promise<{ current: string; rebuild: Rebuild }> {
  const seen = await readGenerations(table, fleet);
  const quietMs = seen.rebuild === null ? Number.POSITIVE_INFINITY : clock() - Date.parse(seen.rebuild.aliveAt);
  const rebuild =
    quietMs < LOST_AFTER_MS ? null : await beginGeneration(table, fleet, seen, new Date(clock()).toISOString());
  if (rebuild === null) {
    throw new AppError(
      "slow_down",
      `a rebuild of fleet ${fleet} is under way; if it was killed, try again in ${LOST_AFTER_MS / 1000} seconds`,
    );
  }
  return { current: seen.current, rebuild };
}

/** A generation that is being made. */
interface Making {
  readonly deps: AggregateDeps;
  readonly table: Table;
  readonly of: FleetGeneration;
  /** Says now and then that the rebuild is alive; throws when another one has taken over. */
  readonly alive: () => Promise<void>;
}

function heartbeat({ clock }: AggregateDeps, table: Table, fleet: string, rebuild: Rebuild): () => Promise<void> {
  let heardAt = clock();
  return async () => {
    if (clock() - heardAt < ALIVE_EVERY_MS) return;
    heardAt = clock();
    if (!(await keepAlive(table, fleet, rebuild, new Date(heardAt).toISOString()))) throw takenOver(fleet);
  };
}

async function derive(
  making: Making,
  hosts: readonly string[],
  onProgress: RebuildOptions["onProgress"],
): Promise<void> {
  let done = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const ofBucket = hosts.filter((host) => bucketOf(making.of.fleet, host) === bucket);
    for (let from = 0; from < ofBucket.length; from += HOSTS_AT_ONCE) {
      const batch = ofBucket.slice(from, from + HOSTS_AT_ONCE);
      await deriveHosts(making, bucket, batch);
      done += batch.length;
      onProgress(done, hosts.length);
      await making.alive();
    }
  }
}

/** Derives hosts of one bucket: all that their runs touch, as if everything had been marked. */
async function deriveHosts({ deps, table, of }: Making, bucket: number, hosts: readonly string[]): Promise<void> {
  let open: readonly Work[] = await Promise.all(
    hosts.map(async (host) => ({ host, touched: await touchedByHost(table, of.fleet, host) })),
  );
  for (let attempt = 0; open.length > 0; attempt += 1) {
    if (attempt === TRIES)
      throw new AppError("slow_down", "others change the same hosts all the time; try again later");
    if (attempt > 0) await deps.backOff(attempt);
    const lost = await bringUpToDate(deps, of, bucket, open);
    open = open.filter(({ host }) => lost.has(host));
  }
}

/** Works off what is marked, so that what came meanwhile is read after the swap as it was before. */
async function aggregateOnce({ deps, of, alive }: Making): Promise<void> {
  // Asked before every batch of hosts.
  const generations: AggregateDeps["store"]["generations"] = async (fleet) => {
    await alive();
    return deps.store.generations(fleet);
  };
  await aggregateFleet({ ...deps, store: { ...deps.store, generations } }, of.fleet);
}
