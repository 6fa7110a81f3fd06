// The sweep: processes all pending hosts of all fleets, and so also those whose wake-up was lost. A schedule starts it every few
// minutes.

import type { PendingBacklog } from "../../shared/run/pending-host.ts";
import { type AggregateDeps, aggregateFleet, type Outcome } from "./aggregate.ts";

/** What a sweep needs. */
export interface SweepDeps extends AggregateDeps {
  /** Every fleet. */
  fleets(): Promise<readonly string[]>;
}

/** The counts of a sweep over all fleets. */
export interface SweepOutcome extends Outcome {
  readonly fleets: number;
  /** Fleets whose sweep failed; their hosts stay pending for the next sweep. */
  readonly failed: number;
}

/** Sweeps one fleet after the other. When a fleet fails, it calls `onError` and continues with the next. */
export async function sweep(deps: SweepDeps, onError: (error: unknown) => void): Promise<SweepOutcome> {
  const fleets = await deps.fleets();
  let done = 0;
  let left = 0;
  let conflicts = 0;
  let failed = 0;
  for (const fleet of fleets) {
    try {
      const outcome = await aggregateFleet(deps, fleet);
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
