// Deletes expired items every few hours, because the embedded engine does not.

import { deleteExpired } from "../../functions/store/expiry.ts";
import type { Table } from "../../functions/store/table/table.ts";

/** When passes start. */
export interface RetentionOptions {
  readonly firstAfterMs: number;
  readonly everyMs: number;
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

/** Starts the passes, one at a time; an error ends a pass, and the next one starts over. `stop` waits for the current page. */
export function startRetention(
  table: Table,
  { firstAfterMs, everyMs, clock, onError }: RetentionOptions,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  let timer = setTimeout(run, firstAfterMs);

  /** Ends early when the server stops. */
  const wait = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      if (stopping.signal.aborted) return resolve();
      const done = () => {
        clearTimeout(waiting);
        stopping.signal.removeEventListener("abort", done);
        resolve();
      };
      const waiting = setTimeout(done, milliseconds);
      stopping.signal.addEventListener("abort", done);
    });

  function run(): void {
    running = deleteExpired(table, { clock, wait, isStopping: () => stopping.signal.aborted })
      .then(() => undefined, onError)
      .finally(() => {
        running = null;
        if (!stopping.signal.aborted) timer = setTimeout(run, everyMs);
      });
  }

  return {
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
