// The sweep: works off every mark of every fleet, whoever has forgotten it. The schedule starts it every few minutes.

import { type AggregateDeps, aggregateFleet, type Outcome } from "./aggregate.ts";

/** What a sweep did over all fleets. */
export interface SweepOutcome extends Outcome {
  readonly fleets: number;
  /** Fleets whose sweep broke off; their marks stay for the next. */
  readonly failed: number;
}

/** Sweeps one fleet after the other. A fleet that fails does not keep the sweep from the next; `onFault` is told why. */
export async function sweep(deps: AggregateDeps, onFault: (error: unknown) => void): Promise<SweepOutcome> {
  const fleets = await deps.store.fleets();
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
  store,
  clock,
}: Pick<AggregateDeps, "store" | "clock">): Promise<{ readonly open: number; readonly oldestMilliseconds: number }> {
  let open = 0;
  let oldestMilliseconds = 0;
  for (const fleet of await store.fleets()) {
    const { count, oldestAt } = await store.pendingHostCount(fleet);
    open += count;
    if (oldestAt !== null) oldestMilliseconds = Math.max(oldestMilliseconds, clock() - Date.parse(oldestAt));
  }
  return { open, oldestMilliseconds };
}
