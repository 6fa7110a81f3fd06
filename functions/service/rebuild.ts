// Rebuild: computes a fleet's statistics again from its runs, as a new generation in the background, then activates it and
// deletes the old one, unless that has another form and an earlier version may still read it. Uploads, aggregation and reads continue in the meantime. Before it, reparsing may replace the runs.
//
// No run is missed. A run that was stored before the new generation was recorded is found here, because hosts and runs are
// read after that. A later run makes its host pending, and aggregation reads the generations after the pending hosts.

import { PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import { type NewRun, toSample } from "../../shared/cells/sample.ts";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import { reparse } from "../../shared/quality/assess.ts";
import type { Clock } from "../../shared/run/periods.ts";
import type { Run } from "../../shared/run/run.ts";
import { encodeRun } from "../../shared/run/run-codec.ts";
import { derivedAttributes } from "../store/runs/runs.ts";
import { entryKey } from "../store/runs/samples.ts";
import type { FleetScan, RebuildScan } from "../store/statistics/fleet-scan.ts";
import type { GenerationStore, Generations, Rebuild } from "../store/statistics/generations.ts";
import { type Item, ItemError, itemText } from "../store/table/item.ts";
import { computeShard } from "../store/table/keys.ts";
import { packedText } from "../store/table/packed.ts";
import { type AggregateDeps, aggregateFleet, HostError, updateHosts, type Work } from "./aggregate.ts";
import { auditEntry, auditRun } from "./audit-runs.ts";

/** What a rebuild reads and writes. */
export interface RebuildDeps extends AggregateDeps {
  readonly scan: RebuildScan;
  readonly generations: GenerationStore;
}

export interface RebuildOptions {
  /** How long the old generation is kept for requests that are reading it, in milliseconds. */
  readonly graceMs: number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Called after every batch of hosts. */
  readonly onProgress: (hosts: number, of: number) => void;
  /** Called for every host that is skipped because its data are damaged. */
  readonly onError: (error: unknown) => void;
  /** Whether to take over from a rebuild that seems to be running. */
  readonly isForced?: boolean;
}

/** A rebuild whose last heartbeat is this old has been killed, and so has one with a heartbeat as far in the future. */
const LOST_AFTER_MS = 60_000;
const HEARTBEAT_EVERY_MS = 5_000;
const HOSTS_AT_ONCE = 50;
const MAX_ATTEMPTS = 20;

const takenOver = (fleet: string) =>
  new AppError("slow_down", `another rebuild of fleet ${fleet} has taken over; no active statistics were changed`);

/**
 * Rebuilds a fleet; returns the number of its hosts, and of those that were skipped because their data are damaged. If it is
 * killed, the old generation stays active, and the next rebuild starts from the beginning. Throws `slow_down` while another
 * rebuild of the fleet is running, unless it is forced.
 */
export async function rebuildFleet(
  deps: RebuildDeps,
  fleet: string,
  options: RebuildOptions,
): Promise<{ readonly hosts: number; readonly failed: number }> {
  const { seen, rebuild } = await begin(deps, fleet, options.isForced === true);
  const { generations } = deps;
  let hosts: readonly string[];
  let failed: number;
  try {
    const { names, nameless } = await deps.scan.hosts(fleet);
    for (const { cause } of nameless) options.onError(cause);
    hosts = names;
    const build = {
      deps,
      of: { fleet, generation: rebuild.building, form: rebuild.form },
      beat: makeHeartbeat(deps, fleet, rebuild),
      onError: options.onError,
    };
    failed = nameless.length + (await buildHosts(build, hosts, options.onProgress));
    await aggregateOnce(build);
  } catch (error) {
    // If this fails as well, the next rebuild discards the generation.
    await generations.abort(fleet, rebuild).catch(() => false);
    throw error;
  }
  if (!(await generations.activate(fleet, seen, rebuild))) throw takenOver(fleet);
  await deleteSuperseded(deps, fleet, options);
  return { hosts: hosts.length, failed };
}

/** Deletes the generation that was kept for an earlier version, and any that are superseded. Throws as `retireKept` does. */
export async function deleteOld(
  deps: Pick<RebuildDeps, "generations">,
  fleet: string,
  options: Pick<RebuildOptions, "graceMs" | "wait">,
): Promise<void> {
  await deps.generations.retireKept(fleet);
  await deleteSuperseded(deps, fleet, options);
}

async function deleteSuperseded(
  { generations }: Pick<RebuildDeps, "generations">,
  fleet: string,
  { graceMs, wait }: Pick<RebuildOptions, "graceMs" | "wait">,
): Promise<void> {
  const { superseded } = await generations.read(fleet);
  if (superseded.length === 0) return;
  await wait(graceMs);
  await generations.delete(fleet, superseded);
}

async function begin(
  { generations, clock }: RebuildDeps,
  fleet: string,
  isForced: boolean,
): Promise<{ seen: Generations; rebuild: Rebuild }> {
  const seen = await generations.read(fleet);
  const isAlive = seen.rebuild !== null && Math.abs(clock() - Date.parse(seen.rebuild.aliveAt)) < LOST_AFTER_MS;
  const rebuild = isAlive && !isForced ? null : await generations.begin(fleet, seen, new Date(clock()).toISOString());
  if (rebuild === null) {
    throw new AppError(
      "slow_down",
      `a rebuild of fleet ${fleet} is running; if it was killed, retry in ${LOST_AFTER_MS / 1000} seconds, or use --force`,
    );
  }
  return { seen, rebuild };
}

/** A generation that is being built. */
interface Build {
  readonly deps: RebuildDeps;
  readonly of: FleetGeneration;
  /** Records a heartbeat every few seconds; throws `slow_down` when another rebuild has taken over. */
  readonly beat: () => Promise<void>;
  readonly onError: RebuildOptions["onError"];
}

function makeHeartbeat({ generations, clock }: RebuildDeps, fleet: string, rebuild: Rebuild): () => Promise<void> {
  let lastAt = clock();
  return async () => {
    // Absolute, so that a clock that was set back does not stop the heartbeats.
    if (Math.abs(clock() - lastAt) < HEARTBEAT_EVERY_MS) return;
    lastAt = clock();
    if (!(await generations.heartbeat(fleet, rebuild, new Date(lastAt).toISOString()))) throw takenOver(fleet);
  };
}

/** Builds the statistics of all hosts; returns how many hosts were skipped. */
async function buildHosts(
  build: Build,
  hosts: readonly string[],
  onProgress: RebuildOptions["onProgress"],
): Promise<number> {
  let [done, failed] = [0, 0];
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const ofShard = hosts.filter((host) => computeShard(build.of.fleet, host) === shard);
    for (let from = 0; from < ofShard.length; from += HOSTS_AT_ONCE) {
      const batch = ofShard.slice(from, from + HOSTS_AT_ONCE);
      failed += await buildBatch(build, shard, batch);
      done += batch.length;
      onProgress(done, hosts.length);
      await build.beat();
    }
  }
  return failed;
}

/** Builds hosts of one shard, without those whose data are damaged; returns how many these are. */
async function buildBatch(build: Build, shard: number, hosts: readonly string[]): Promise<number> {
  try {
    await buildTogether(build, shard, hosts);
    return 0;
  } catch (error) {
    const [host] = hosts;
    // Any other error is about the store, or a bug: a generation without these hosts must not become active.
    if (!(error instanceof ItemError) || host === undefined) throw error;
    if (hosts.length === 1) {
      build.onError(new HostError(build.of.fleet, host, error));
      return 1;
    }
  }
  let failed = 0;
  for (const host of hosts) failed += await buildBatch(build, shard, [host]);
  return failed;
}

/** Builds hosts of one shard from all their runs, as if each run had just been stored. */
async function buildTogether({ deps, of }: Build, shard: number, hosts: readonly string[]): Promise<void> {
  let left: readonly Work[] = await Promise.all(
    hosts.map(async (host) => ({ host, touched: await deps.scan.touchedPeriods(of.fleet, host) })),
  );
  for (let attempt = 0; left.length > 0; attempt += 1) {
    if (attempt === MAX_ATTEMPTS)
      throw new AppError("slow_down", "too many concurrent updates to the same hosts; retry later");
    if (attempt > 0) await deps.backOff(attempt);
    const lost = await updateHosts(deps, of, shard, left);
    left = left.filter(({ host }) => lost.has(host));
  }
}

/** Processes all pending hosts, so that the new generation has no fewer runs than the old one when it becomes active. */
async function aggregateOnce({ deps, of, beat, onError }: Build): Promise<void> {
  // Called before every batch of hosts.
  const generations: AggregateDeps["statistics"]["generations"] = async (fleet) => {
    await beat();
    return deps.statistics.generations(fleet);
  };
  try {
    await aggregateFleet({ ...deps, statistics: { ...deps.statistics, generations } }, of.fleet);
  } catch (error) {
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    for (const each of errors) {
      if (!(each instanceof HostError && each.cause instanceof ItemError)) throw each;
      onError(each);
    }
  }
}

// Reparsing: parses the raw line of every stored run again with this version of the parser and the cache rules. In: a fleet.
// Out: a run that differs now, or whose sample or index keys do, is replaced and its host becomes pending, so that aggregation
// counts it again. All other runs stay untouched, and so do damaged ones, whose bytes are not what was measured. It may be
// interrupted and repeated at any time, concurrently with uploads and aggregation.

/** The result of reparsing. */
export interface Reparsing {
  readonly runs: number;
  /** Runs that were replaced. */
  readonly changed: number;
  /** Ids of runs whose raw line is not a result to this version; they stay as they were. */
  readonly unreadable: readonly string[];
  /** Why runs are damaged, one sentence each; they stay as they are. */
  readonly damaged: readonly string[];
}

/** Scans the runs of a fleet, and replaces them. */
export interface ReparseDeps {
  readonly scan: Pick<FleetScan, "hosts" | "runItems" | "entryItems">;
  /** Replaces a run, and makes its host pending. False, and nothing changes, if it was withdrawn since it was read. */
  replaceRun(before: Run, after: NewRun, at: string): Promise<boolean>;
  readonly clock: Clock;
}

/** Reparses all runs of a fleet. `onProgress` is called after every host. */
export async function reparseFleet(
  { scan, replaceRun, clock }: ReparseDeps,
  fleet: string,
  onProgress: (hosts: number, of: number) => void,
): Promise<Reparsing> {
  const { names, nameless } = await scan.hosts(fleet);
  const unreadable: string[] = [];
  const damaged = nameless.map(({ reason }) => reason);
  let [runs, changed] = [0, 0];
  for (const [index, host] of names.entries()) {
    const entries = new Map<string, Item>();
    for await (const entry of scan.entryItems(fleet, host)) entries.set(itemText(entry, "sk"), entry);
    for await (const item of scan.runItems(fleet, host)) {
      runs += 1;
      const { run: before, isIntact, differences } = auditRun(item);
      if (before === null || !isIntact) {
        damaged.push(...differences.map(({ text = "" }) => text));
        continue;
      }
      // A later version has parsed it, and this one would lose what that version has added.
      if (before.parser_version > PARSER_VERSION) continue;
      const after = reparse(before);
      if (after === null) unreadable.push(before.id);
      else if (isOutdated(item, after) || isOutdatedEntry(after, entries.get(entryKey(after).sk))) {
        const at = new Date(clock()).toISOString();
        if (await replaceRun(before, { run: after, sample: toSample(after) }, at)) changed += 1;
      }
    }
    onProgress(index + 1, names.length);
  }
  return { runs, changed, unreadable, damaged };
}

function isOutdatedEntry(run: Run, entry: Item | undefined): boolean {
  const { differences, isOutdated: isShort } = auditEntry(run, entry);
  return isShort || differences.length > 0;
}

/** Whether the run would be stored as a different item. A missing checksum alone is no reason to replace a run. */
function isOutdated(item: Item, run: Run): boolean {
  const derived = Object.entries(derivedAttributes(run));
  return packedText(item, "run") !== encodeRun(run) || derived.some(([name, value]) => item[name]?.S !== value.S);
}
