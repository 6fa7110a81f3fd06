// Trying again when others were in the way: exponential back-off with full jitter, so that writers that met once do not
// meet again.

import { storeBusy, TransactionCancelled } from "./errors.ts";

const TRIES = 8;
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 1_000;

/** Waits a random time below the back-off of the given try (0, 1, 2 ...). */
export async function backOff(attempt: number): Promise<void> {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * ceiling));
}

/** Runs `write` until it is no longer in conflict with others; after 8 tries the caller is told to slow down. */
export async function retryingTransient(write: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof TransactionCancelled && error.transient)) throw error;
      if (attempt + 1 === TRIES) throw storeBusy(error);
      await backOff(attempt);
    }
  }
}
