// What wakes the aggregation on AWS: the table's stream and a schedule. The stream reports hosts as pending. A record only says
// in which shard something is pending: what, is read from the table, so a record that comes late, twice or out of order does no
// harm. The scheduled sweep makes up for a record that never comes.

import * as z from "zod";
import { SHARDS } from "../../shared/deployment.ts";
import type { PendingBacklog } from "../../shared/run/pending-host.ts";
import { mapConcurrent } from "../runtime/map-concurrent.ts";
import { parsePendingPartition } from "../store/table/keys.ts";
import {
  type AggregateDeps,
  combineErrors,
  drainFleet,
  drainShard,
  HostError,
  isBusy,
  type Outcome,
  sumOutcomes,
} from "./aggregate.ts";

// The events that start the aggregation on AWS. Only what is used is validated: the services that send them may add fields.

const text = z.object({ S: z.string() });

const streamRecord = z.object({
  dynamodb: z.object({ Keys: z.object({ pk: text, sk: text }), SequenceNumber: z.string() }),
});

/** One change of an item, by its key. */
type StreamRecord = z.output<typeof streamRecord>;

/** `Records` of the stream, which a filter narrows to pending hosts, or the standard event of a schedule. */
export const wakeEvent = z.union([
  z.object({ Records: z.array(streamRecord) }),
  z.object({ "detail-type": z.literal("Scheduled Event") }),
]);

/** The counts of a batch; `failed` has the sequence numbers of the records whose hosts failed. */
export interface StreamOutcome extends Outcome {
  readonly failed: readonly string[];
}

/**
 * Drains the shards that a batch of records names: each once, with all hosts that are pending in it, because hosts of one
 * cohort share writes. The records that come later for the same hosts find nothing to do. A record fails if its host is
 * damaged, or if the store cannot be used; `onError` gets the reasons. A host that is left because time is up, because of
 * other writers or because the table is busy does not fail: the sweep processes it.
 */
export async function aggregateRecords(
  deps: AggregateDeps,
  records: readonly StreamRecord[],
  onError: (error: unknown) => void,
): Promise<StreamOutcome> {
  // Shards share no item, so they do not conflict.
  const drains = await mapConcurrent(groupRecords(records), SHARDS, async (group) => {
    const { errors, ...outcome } = await drainShard(deps, group.fleet, group.shard);
    const ofStore = errors.find((error) => !(error instanceof HostError || isBusy(error)));
    // Of the other hosts of the shard the sweep reports the errors.
    const ofHosts = errors.filter(
      (error): error is HostError => error instanceof HostError && group.records.has(error.host),
    );
    for (const error of [...ofHosts, ...(ofStore === undefined ? [] : [ofStore])]) onError(error);
    const hosts = ofStore === undefined ? ofHosts.map(({ host }) => host) : [...group.records.keys()];
    return { ...outcome, failed: hosts.flatMap((host) => group.records.get(host) ?? []) };
  });
  return { ...sumOutcomes(drains), failed: drains.flatMap(({ failed }) => failed) };
}

/** Records of one fleet and shard: their sequence numbers by host. */
interface Group {
  readonly fleet: string;
  readonly shard: number;
  readonly records: ReadonlyMap<string, readonly string[]>;
}

function groupRecords(records: readonly StreamRecord[]): Group[] {
  const groups = new Map<string, { fleet: string; shard: number; records: Map<string, string[]> }>();
  for (const { Keys, SequenceNumber } of records.map(({ dynamodb }) => dynamodb)) {
    const position = parsePendingPartition(Keys.pk.S);
    if (position === null) continue;
    const group = groups.get(Keys.pk.S) ?? { ...position, records: new Map<string, string[]>() };
    groups.set(Keys.pk.S, group);
    const ofHost = group.records.get(Keys.sk.S) ?? [];
    ofHost.push(SequenceNumber);
    group.records.set(Keys.sk.S, ofHost);
  }
  return [...groups.values()];
}

// The sweep: processes all pending hosts of all fleets, and so also those whose wake-up was lost. A schedule starts it every few
// minutes.

/** What a sweep needs. */
export interface SweepDeps extends AggregateDeps {
  /** Every fleet. */
  fleets(): Promise<readonly string[]>;
  readonly hostCounts: {
    /** Counts the hosts of a fleet again, if they were not counted for a while. */
    refresh(fleet: string, now: number): Promise<void>;
  };
}

/** The counts of a sweep over all fleets. */
export interface SweepOutcome extends Outcome {
  readonly fleets: number;
  /** Fleets whose sweep failed; their hosts stay pending for the next sweep. */
  readonly failed: number;
}

/**
 * Sweeps one fleet after the other, and counts the hosts of each. When a fleet fails, it calls `onError` and continues with the
 * next. A busy table is no failure.
 */
export async function sweep(deps: SweepDeps, onError: (error: unknown) => void): Promise<SweepOutcome> {
  const fleets = await deps.fleets();
  const outcomes: Outcome[] = [];
  let failed = 0;
  for (const fleet of fleets) {
    // From the other end than the stream's workers, which process the same shards.
    const { errors, ...outcome } = await drainFleet({ ...deps, isBackward: true }, fleet);
    outcomes.push(outcome);
    const refreshed = await deps.hostCounts.refresh(fleet, deps.clock()).then(
      () => [],
      (error: unknown) => [error],
    );
    const faults = [...errors, ...refreshed].filter((error) => !isBusy(error));
    if (faults.length === 0) continue;
    onError(combineErrors(faults));
    failed += 1;
  }
  return { fleets: fleets.length, ...sumOutcomes(outcomes), failed };
}

/** The exact number of pending hosts of all fleets, and the age of the oldest in milliseconds; 0 where no host is pending. */
export async function countPendingHosts({
  pendingHosts,
  fleets,
  clock,
}: Pick<SweepDeps, "fleets" | "clock"> & {
  readonly pendingHosts: { wholeBacklog(fleet: string): Promise<PendingBacklog> };
}): Promise<{ readonly open: number; readonly oldestMilliseconds: number }> {
  let open = 0;
  let oldestMilliseconds = 0;
  for (const fleet of await fleets()) {
    const { count, oldestAt } = await pendingHosts.wholeBacklog(fleet);
    open += count;
    if (oldestAt !== null) oldestMilliseconds = Math.max(oldestMilliseconds, clock() - Date.parse(oldestAt));
  }
  return { open, oldestMilliseconds };
}
