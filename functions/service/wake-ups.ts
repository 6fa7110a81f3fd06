// What wakes the aggregation on AWS: the table's stream and a schedule. The stream reports hosts as pending. A record only says which
// host: its pending record is read from the table, so a record that comes late, twice or out of order does no harm. The scheduled
// sweep makes up for a record that never comes.

import * as z from "zod";
import { AppError } from "../../shared/errors.ts";
import type { PendingBacklog, PendingHost } from "../../shared/run/pending-host.ts";
import { parsePendingPartition } from "../store/keys.ts";
import {
  type AggregateDeps,
  aggregateFleet,
  aggregatePendingHosts,
  HostError,
  type Outcome,
  type PendingHosts,
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

interface StreamDeps extends AggregateDeps {
  readonly pendingHosts: PendingHosts & {
    /** Null for a host that is not pending. Throws for a damaged record. */
    get(fleet: string, host: string): Promise<PendingHost | null>;
  };
}

/** The counts of a batch; `failed` has the sequence numbers of the records whose hosts failed. */
export interface StreamOutcome extends Outcome {
  readonly failed: readonly string[];
}

/** Updates the hosts of a batch of records. A host that fails does not stop the others; `onError` gets the reason. */
export async function aggregateRecords(
  deps: StreamDeps,
  records: readonly StreamRecord[],
  onError: (error: unknown) => void,
): Promise<StreamOutcome> {
  // Groups share no item, so they do not conflict.
  const outcomes = await Promise.all(
    groupRecords(records).map(async (group) => ({ group, ...(await aggregateGroup(deps, group, onError)) })),
  );
  const failed = new Set(
    outcomes.flatMap(({ group, failed: hosts }) => hosts.map((host) => hostKey(group.fleet, host))),
  );
  return {
    ...sumOutcomes(outcomes),
    failed: records.flatMap(({ dynamodb: { Keys, SequenceNumber } }) => {
      const position = parsePendingPartition(Keys.pk.S);
      return position !== null && failed.has(hostKey(position.fleet, Keys.sk.S)) ? [SequenceNumber] : [];
    }),
  };
}

const hostKey = (fleet: string, host: string): string => `${fleet}#${host}`;

/** Hosts of one fleet and shard. */
interface Group {
  readonly fleet: string;
  readonly shard: number;
  readonly hosts: readonly string[];
}

/** The hosts of records, each once, by fleet and shard. */
function groupRecords(records: readonly StreamRecord[]): Group[] {
  const groups = new Map<string, { fleet: string; shard: number; hosts: Set<string> }>();
  for (const { Keys } of records.map(({ dynamodb }) => dynamodb)) {
    const position = parsePendingPartition(Keys.pk.S);
    if (position === null) continue;
    const group = groups.get(Keys.pk.S) ?? { ...position, hosts: new Set() };
    group.hosts.add(Keys.sk.S);
    groups.set(Keys.pk.S, group);
  }
  return [...groups.values()].map((group) => ({ ...group, hosts: [...group.hosts] }));
}

/** The counts of a group; `failed` has its hosts that failed. */
interface GroupOutcome extends Outcome {
  readonly failed: readonly string[];
}

async function aggregateGroup(
  deps: StreamDeps,
  { fleet, shard, hosts }: Group,
  onError: (error: unknown) => void,
): Promise<GroupOutcome> {
  try {
    return { ...(await aggregatePendingHosts(deps, fleet, shard, await readPending(deps, fleet, hosts))), failed: [] };
  } catch (error) {
    // An AppError is about the store, and every host would get it; any other error is about one of the hosts.
    const [host] = hosts;
    if (host === undefined || hosts.length === 1 || error instanceof AppError) {
      onError(host === undefined || error instanceof AppError ? error : new HostError(fleet, host, error));
      return { done: 0, left: 0, conflicts: 0, failed: hosts };
    }
  }
  const outcomes: GroupOutcome[] = [];
  for (const host of hosts) outcomes.push(await aggregateGroup(deps, { fleet, shard, hosts: [host] }, onError));
  return { ...sumOutcomes(outcomes), failed: outcomes.flatMap(({ failed }) => failed) };
}

/** The hosts that are still pending, with what was touched. */
async function readPending({ pendingHosts }: StreamDeps, fleet: string, hosts: readonly string[]) {
  const pending = await Promise.all(hosts.map((host) => pendingHosts.get(fleet, host)));
  return pending.filter((host) => host !== null);
}

const sumOutcomes = (outcomes: readonly Outcome[]): Outcome => ({
  done: outcomes.reduce((sum, { done }) => sum + done, 0),
  left: outcomes.reduce((sum, { left }) => sum + left, 0),
  conflicts: outcomes.reduce((sum, { conflicts }) => sum + conflicts, 0),
});

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

/** Sweeps one fleet after the other, and counts the hosts of each. When a fleet fails, it calls `onError` and continues with the next. */
export async function sweep(deps: SweepDeps, onError: (error: unknown) => void): Promise<SweepOutcome> {
  const fleets = await deps.fleets();
  let done = 0;
  let left = 0;
  let conflicts = 0;
  let failed = 0;
  for (const fleet of fleets) {
    try {
      const outcome = await aggregateFleet(deps, fleet);
      await deps.hostCounts.refresh(fleet, deps.clock());
      done += outcome.done;
      left += outcome.left;
      conflicts += outcome.conflicts;
    } catch (error) {
      onError(error);
      failed += 1;
    }
  }
  return { fleets: fleets.length, done, left, conflicts, failed };
}

/** The pending hosts of all fleets, and the age of the oldest in milliseconds; 0 where no host is pending. */
export async function countPendingHosts({
  pendingHosts,
  fleets,
  clock,
}: Pick<SweepDeps, "fleets" | "clock"> & {
  readonly pendingHosts: { backlog(fleet: string): Promise<PendingBacklog> };
}): Promise<{ readonly open: number; readonly oldestMilliseconds: number }> {
  let open = 0;
  let oldestMilliseconds = 0;
  for (const fleet of await fleets()) {
    const { count, oldestAt } = await pendingHosts.backlog(fleet);
    open += count;
    if (oldestAt !== null) oldestMilliseconds = Math.max(oldestMilliseconds, clock() - Date.parse(oldestAt));
  }
  return { open, oldestMilliseconds };
}
