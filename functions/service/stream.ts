// Work marks that have just been written, as the table's stream tells them. A record only says where to look: the marks are
// read afresh, so a record that comes late, twice or out of order does no harm, and one that never comes is made up for by
// the sweep.

import * as z from "zod";
import { AppError } from "../../shared/errors.ts";
import type { PendingHost } from "../../shared/run/pending-host.ts";
import { parsePendingPartition } from "../store/keys.ts";
import { type AggregateDeps, aggregatePendingHosts, HostError, type Outcome, type PendingHosts } from "./aggregate.ts";

// What wakes the aggregation on AWS: records of the table's stream, which its filter narrows to written work marks, or the
// schedule. Only what is used is checked; the services that send these events add further fields at will.

const text = z.object({ S: z.string() });

const streamRecord = z.object({
  dynamodb: z.object({ Keys: z.object({ pk: text, sk: text }), SequenceNumber: z.string() }),
});

/** One change of an item, by its key. */
type StreamRecord = z.output<typeof streamRecord>;

/** An event of either kind: `Records` of the stream, or the standard event of a schedule. */
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

/** What became of a batch; `failed` are the sequence numbers of the records whose hosts failed. */
export interface StreamOutcome extends Outcome {
  readonly failed: readonly string[];
}

/** Hosts of one fleet and bucket that a batch names. */
interface Group {
  readonly fleet: string;
  readonly bucket: number;
  readonly hosts: readonly string[];
}

/** Brings the hosts of a batch up to date. A host that fails takes no other host with it; `onFault` is told why. */
export async function aggregateRecords(
  deps: StreamDeps,
  records: readonly StreamRecord[],
  onFault: (error: unknown) => void,
): Promise<StreamOutcome> {
  // Groups share no item, so they are no hindrance to each other.
  const outcomes = await Promise.all(
    groupsOf(records).map(async (group) => ({ group, ...(await aggregateGroup(deps, group, onFault)) })),
  );
  const failedPlaces = new Set(
    outcomes.flatMap(({ group, failed }) => failed.map((host) => placeOf(group.fleet, host))),
  );
  return {
    ...sumOf(outcomes),
    failed: records.flatMap(({ dynamodb: { Keys, SequenceNumber } }) => {
      const place = parsePendingPartition(Keys.pk.S);
      return place !== null && failedPlaces.has(placeOf(place.fleet, Keys.sk.S)) ? [SequenceNumber] : [];
    }),
  };
}

const sumOf = (outcomes: readonly Outcome[]): Outcome => ({
  done: outcomes.reduce((sum, { done }) => sum + done, 0),
  left: outcomes.reduce((sum, { left }) => sum + left, 0),
  conflicts: outcomes.reduce((sum, { conflicts }) => sum + conflicts, 0),
});

const placeOf = (fleet: string, host: string): string => `${fleet}#${host}`;

/** Each host once, by fleet and bucket. */
function groupsOf(records: readonly StreamRecord[]): Group[] {
  const groups = new Map<string, { fleet: string; bucket: number; hosts: Set<string> }>();
  for (const { Keys } of records.map(({ dynamodb }) => dynamodb)) {
    const place = parsePendingPartition(Keys.pk.S);
    if (place === null) continue;
    const group = groups.get(Keys.pk.S) ?? { fleet: place.fleet, bucket: place.shard, hosts: new Set<string>() };
    group.hosts.add(Keys.sk.S);
    groups.set(Keys.pk.S, group);
  }
  return [...groups.values()].map((group) => ({ ...group, hosts: [...group.hosts] }));
}

/** `failed` are hosts here. */
interface GroupOutcome extends Outcome {
  readonly failed: readonly string[];
}

async function aggregateGroup(
  deps: StreamDeps,
  { fleet, bucket, hosts }: Group,
  onFault: (error: unknown) => void,
): Promise<GroupOutcome> {
  try {
    return { ...(await aggregatePendingHosts(deps, fleet, bucket, await marksOf(deps, fleet, hosts))), failed: [] };
  } catch (error) {
    // An AppError is the store's, and would meet every host alike; anything else is the fault of one of them.
    const [host] = hosts;
    if (host === undefined || hosts.length === 1 || error instanceof AppError) {
      onFault(host === undefined || error instanceof AppError ? error : new HostError(fleet, host, error));
      return { done: 0, left: 0, conflicts: 0, failed: hosts };
    }
  }
  const alone: GroupOutcome[] = [];
  for (const host of hosts) alone.push(await aggregateGroup(deps, { fleet, bucket, hosts: [host] }, onFault));
  return { ...sumOf(alone), failed: alone.flatMap(({ failed }) => failed) };
}

/** The marks of these hosts that are open now. */
async function marksOf({ pendingHosts }: StreamDeps, fleet: string, hosts: readonly string[]): Promise<PendingHost[]> {
  const marks = await Promise.all(hosts.map((host) => pendingHosts.get(fleet, host)));
  return marks.filter((mark) => mark !== null);
}
