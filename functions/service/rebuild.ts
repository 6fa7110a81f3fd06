// Rebuild: a fleet's summaries and cells derived again from its runs, beside those that are read. In: a fleet. Out: the same
// fleet, read from the new generation; the old one is deleted. Uploads, aggregation and answers go on meanwhile.
//
// No run is missed: one that is stored before the new generation is known is found here, because its host is looked up and
// its runs are read afterwards; and whoever works off the mark of a later one asks for the generations after reading it.

import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import type { RebuildScan } from "../store/fleet-scan.ts";
import type { GenerationStore, Rebuild } from "../store/generations.ts";
import { ItemError } from "../store/item.ts";
import { shardOf } from "../store/keys.ts";
import { type AggregateDeps, aggregateFleet, bringUpToDate, HostError, type Work } from "./aggregate.ts";

/** What a rebuild reads and writes. */
export interface RebuildDeps extends AggregateDeps {
  readonly scan: RebuildScan;
  readonly generations: GenerationStore;
}

export interface RebuildOptions {
  /** How long the old generation stays for those that are reading it, in milliseconds. */
  readonly graceMs: number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Told of every batch of hosts that is done. */
  readonly onProgress: (hosts: number, of: number) => void;
  /** Told of every host that is left out because something of it is damaged. */
  readonly onFault: (error: unknown) => void;
  /** Takes over from a rebuild that seems to be under way. */
  readonly isForced?: boolean;
}

/** A rebuild that has said nothing for so long was killed. So was one heard of so far in the future: a clock was wrong. */
const LOST_AFTER_MS = 60_000;
const ALIVE_EVERY_MS = 5_000;
const HOSTS_AT_ONCE = 50;
const TRIES = 20;

const takenOver = (fleet: string) =>
  new AppError("slow_down", `another rebuild of fleet ${fleet} has taken over; this one changed nothing that is read`);

/**
 * Rebuilds a fleet; gives the number of its hosts, and of those that were left out because something of them is damaged. One
 * that was killed leaves the old generation in place, and the next one starts from the beginning. Throws `slow_down` while
 * another rebuild of the fleet is under way, unless it is forced.
 */
export async function rebuildFleet(
  deps: RebuildDeps,
  fleet: string,
  options: RebuildOptions,
): Promise<{ readonly hosts: number; readonly failed: number }> {
  const { current, rebuild } = await begin(deps, fleet, options.isForced === true);
  const { generations } = deps;
  let hosts: readonly string[];
  let failed: number;
  try {
    const { names, nameless } = await deps.scan.hosts(fleet);
    for (const fault of nameless) options.onFault(fault.cause);
    hosts = names;
    const making = {
      deps,
      of: { fleet, generation: rebuild.building },
      alive: heartbeat(deps, fleet, rebuild),
      onFault: options.onFault,
    };
    failed = nameless.length + (await derive(making, hosts, options.onProgress));
    await aggregateOnce(making);
  } catch (error) {
    // Where this fails as well, the next rebuild retires the generation.
    await generations.abort(fleet, rebuild).catch(() => false);
    throw error;
  }
  if (!(await generations.activate(fleet, current, rebuild))) throw takenOver(fleet);
  const { superseded } = await generations.read(fleet);
  await options.wait(options.graceMs);
  await generations.delete(fleet, superseded);
  return { hosts: hosts.length, failed };
}

async function begin(
  { generations, clock }: RebuildDeps,
  fleet: string,
  isForced: boolean,
): Promise<{ current: string; rebuild: Rebuild }> {
  const seen = await generations.read(fleet);
  const isAlive = seen.rebuild !== null && Math.abs(clock() - Date.parse(seen.rebuild.aliveAt)) < LOST_AFTER_MS;
  const rebuild = isAlive && !isForced ? null : await generations.begin(fleet, seen, new Date(clock()).toISOString());
  if (rebuild === null) {
    throw new AppError(
      "slow_down",
      `a rebuild of fleet ${fleet} is under way; if it was killed, try again in ${LOST_AFTER_MS / 1000} seconds, or with --force`,
    );
  }
  return { current: seen.current, rebuild };
}

/** A generation that is being made. */
interface Making {
  readonly deps: RebuildDeps;
  readonly of: FleetGeneration;
  /** Says now and then that the rebuild is alive; throws when another one has taken over. */
  readonly alive: () => Promise<void>;
  readonly onFault: RebuildOptions["onFault"];
}

function heartbeat({ generations, clock }: RebuildDeps, fleet: string, rebuild: Rebuild): () => Promise<void> {
  let heardAt = clock();
  return async () => {
    // A clock that was set back must not silence it.
    if (Math.abs(clock() - heardAt) < ALIVE_EVERY_MS) return;
    heardAt = clock();
    if (!(await generations.heartbeat(fleet, rebuild, new Date(heardAt).toISOString()))) throw takenOver(fleet);
  };
}

/** Derives all hosts; gives how many were left out. */
async function derive(
  making: Making,
  hosts: readonly string[],
  onProgress: RebuildOptions["onProgress"],
): Promise<number> {
  let [done, failed] = [0, 0];
  for (let bucket = 0; bucket < SHARDS; bucket += 1) {
    const ofBucket = hosts.filter((host) => shardOf(making.of.fleet, host) === bucket);
    for (let from = 0; from < ofBucket.length; from += HOSTS_AT_ONCE) {
      const batch = ofBucket.slice(from, from + HOSTS_AT_ONCE);
      failed += await deriveHosts(making, bucket, batch);
      done += batch.length;
      onProgress(done, hosts.length);
      await making.alive();
    }
  }
  return failed;
}

/** Derives hosts of one bucket, those that are damaged left out; gives how many these are. */
async function deriveHosts(making: Making, bucket: number, hosts: readonly string[]): Promise<number> {
  try {
    await deriveTogether(making, bucket, hosts);
    return 0;
  } catch (error) {
    const [host] = hosts;
    // Anything else is about the store, or a bug: what is read must not be given up for what it leaves.
    if (!(error instanceof ItemError) || host === undefined) throw error;
    if (hosts.length === 1) {
      making.onFault(new HostError(making.of.fleet, host, error));
      return 1;
    }
  }
  let failed = 0;
  for (const host of hosts) failed += await deriveHosts(making, bucket, [host]);
  return failed;
}

/** Derives hosts of one bucket: all that their runs touch, as if everything had been marked. */
async function deriveTogether({ deps, of }: Making, bucket: number, hosts: readonly string[]): Promise<void> {
  let open: readonly Work[] = await Promise.all(
    hosts.map(async (host) => ({ host, touched: await deps.scan.touchedPeriods(of.fleet, host) })),
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
async function aggregateOnce({ deps, of, alive, onFault }: Making): Promise<void> {
  // Asked before every batch of hosts.
  const generations: AggregateDeps["statistics"]["generations"] = async (fleet) => {
    await alive();
    return deps.statistics.generations(fleet);
  };
  try {
    await aggregateFleet({ ...deps, statistics: { ...deps.statistics, generations } }, of.fleet);
  } catch (error) {
    const faults: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    for (const fault of faults) {
      if (!(fault instanceof HostError && fault.cause instanceof ItemError)) throw fault;
      onFault(fault);
    }
  }
}
