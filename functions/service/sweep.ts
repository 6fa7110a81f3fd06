// The sweep: works off every mark of every fleet, whoever has forgotten it. The schedule starts it every few minutes.

import type { PendingBacklog } from "../../shared/run/pending-host.ts";
import { type AggregateDeps, aggregateFleet, type Outcome } from "./aggregate.ts";

/** What finds the fleets to sweep, and their pending hosts. */
export interface SweepDeps extends AggregateDeps {
  /** Every fleet. */
  fleets(): Promise<readonly string[]>;
}

/** What a sweep did over all fleets. */
export interface SweepOutcome extends Outcome {
  readonly fleets: number;
  /** Fleets whose sweep broke off; their marks stay for the next. */
  readonly failed: number;
}

/** Sweeps one fleet after the other. A fleet that fails does not keep the sweep from the next; `onFault` is told why. */
export async function sweep(deps: SweepDeps, onFault: (error: unknown) => void): Promise<SweepOutcome> {
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
      onFault(error);
      failed += 1;
    }
  }
  return { fleets: fleets.length, done, left, conflicts, failed };
}

/** Marks that are open in all fleets, and for how many milliseconds the oldest has been; 0 without any. */
export async function pendingHostCount({
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
