// Progress for a person: one line on standard error that is written over, with a rate. Nothing where nobody looks.

import type { Terminal } from "./command.ts";

export interface Progress {
  /** Says how many are done, of how many if that is known. */
  at(done: number, of?: number): void;
  /** Removes the line. */
  end(): void;
}

const EVERY_MS = 200;

/** Progress of `what`, e.g. `imported results`. */
export function showProgress({ isInteractive, error }: Terminal, what: string): Progress {
  const started = performance.now();
  let shownAt = started;
  return {
    at: (done, of) => {
      const now = performance.now();
      if (!isInteractive || now - shownAt < EVERY_MS) return;
      shownAt = now;
      const rate = Math.round(done / ((now - started) / 1000));
      error(`\r\u001b[K${what}: ${done}${of === undefined ? "" : ` of ${of}`}, ${rate}/s`);
    },
    end: () => {
      if (isInteractive && shownAt > started) error("\r\u001b[K");
    },
  };
}
