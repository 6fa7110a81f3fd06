// The loader: runs to the store as fast as it takes them, several transactions in flight.

import { backOff } from "../../functions/store/errors.ts";
import type { RunWriter } from "../../functions/web/routes/results.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import type { Run } from "../../shared/run/run.ts";

export interface BulkWriter {
  readonly stored: number;
  readonly duplicate: number;
  /** Takes runs; resolves when there is room for more. */
  add(runs: readonly Run[]): Promise<void>;
  /** Resolves when all that was taken is durable; throws what the store threw. */
  finish(): Promise<void>;
}

/** Runs that go to the store in one call: a transaction, if they are of few hosts. */
const BATCH = 95;
const IN_FLIGHT = 4;
/** A store that is busy is given some minutes before we give up. */
const TRIES = 200;

/** A loader into a store; `onStored` is told after each call of the store how many runs are done, stored or duplicate. */
export function makeBulkWriter(store: Pick<RunWriter, "add">, onStored: (done: number) => void): BulkWriter {
  const inFlight = new Set<Promise<void>>();
  let waiting: Run[] = [];
  let failure: { readonly error: unknown } | null = null;
  const counts = { stored: 0, duplicate: 0 };

  async function send(runs: readonly Run[]): Promise<void> {
    const newRuns = runs.map((run) => ({ run, sample: toSample(run) }));
    for (let attempt = 0; ; attempt += 1) {
      try {
        for (const status of await store.add(newRuns)) counts[status] += 1;
        return onStored(counts.stored + counts.duplicate);
      } catch (error) {
        if (!(error instanceof AppError && error.code === "slow_down") || attempt === TRIES) throw error;
        await backOff(attempt);
      }
    }
  }

  async function launch(runs: readonly Run[]): Promise<void> {
    while (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
    if (failure !== null) throw failure.error;
    const sending = send(runs)
      .catch((error) => {
        failure ??= { error };
      })
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  }

  return {
    get stored() {
      return counts.stored;
    },
    get duplicate() {
      return counts.duplicate;
    },
    add: async (runs) => {
      waiting.push(...runs);
      while (waiting.length >= BATCH) await launch(waiting.splice(0, BATCH));
    },
    finish: async () => {
      if (waiting.length > 0) await launch(waiting);
      waiting = [];
      await Promise.all(inFlight);
      if (failure !== null) throw failure.error;
    },
  };
}
