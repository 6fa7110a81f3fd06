// Writes many runs to the store, with several transactions in flight.

import type { NewRunStore } from "../../functions/service/upload/ingest.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import type { Run } from "../../shared/run/run.ts";

export interface BulkWriter {
  readonly stored: number;
  readonly duplicate: number;
  /** Adds runs; resolves when more can be added. */
  add(runs: readonly Run[]): Promise<void>;
  /** Resolves when all runs are durable; throws the error of the store. */
  finish(): Promise<void>;
}

/** Runs in one call of the store: a transaction, if they belong to few hosts. */
const BATCH = 95;
const IN_FLIGHT = 4;
/** Retries of a busy store: some minutes. */
const TRIES = 200;

/** A writer to a store; calls `onStored` after each call of the store with the number of runs done, stored or duplicate. */
export function makeBulkWriter(store: NewRunStore, onStored: (done: number) => void): BulkWriter {
  const inFlight = new Set<Promise<void>>();
  let waiting: Run[] = [];
  let failure: { readonly error: unknown } | null = null;
  const counts = { stored: 0, duplicate: 0 };

  async function send(runs: readonly Run[]): Promise<void> {
    const newRuns = runs.map((run) => ({ run, sample: toSample(run) }));
    for (let attempt = 0; ; attempt += 1) {
      try {
        for (const status of await store.add(newRuns)) counts[status === "stored" ? "stored" : "duplicate"] += 1;
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
