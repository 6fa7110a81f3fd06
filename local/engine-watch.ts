// An engine can be there and answer nobody: stopped, or deadlocked. It is asked every second. One that is silent but works,
// on a slow disk or on a long transaction, is waited for: /proc tells whether it does anything at all.

import { type Agent, request } from "node:http";
import { activityOf } from "./process-identity.ts";

/** How the engine is asked for a sign of life. */
export interface Pinged {
  readonly endpoint: string;
  /** An agent of its own: requests of others must not stand before it. */
  readonly agent: Agent;
}

/** Asks the engine for a sign of life, which needs no table. Rejects without an answer in time. */
export function ping({ endpoint, agent }: Pinged, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(endpoint, { agent }, (answer) => {
      answer.resume();
      answer.once("end", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs);
    asked.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    asked.end();
  });
}

const ASKED_EVERY_MS = 1_000;

/** Two such times without an answer, and in the second nothing done either: it hangs. */
const ANSWERED_WITHIN_MS = 3_000;

/** One that works and never answers is given up after so long; longest of all takes the reading of a large log after a crash. */
export const WORKS_AT_MOST_MS = 300_000;

/**
 * Asks the engine until `signal` is aborted. Calls `onHung` once for a process that hangs: it is silent and has done nothing
 * for some seconds, or is silent for minutes.
 */
export async function watchEngine(
  pinged: Pinged,
  engine: { readonly pid: number; readonly onHung: () => void },
  signal: AbortSignal,
): Promise<void> {
  let silentSince: number | null = null;
  while (!signal.aborted) {
    const before = activityOf(engine.pid);
    try {
      await ping(pinged, ANSWERED_WITHIN_MS);
      silentSince = null;
    } catch {
      const now = performance.now();
      const isFirst = silentSince === null;
      silentSince ??= now;
      const after = activityOf(engine.pid);
      // Without /proc only time tells. Waiting for the disk is work: the word is the same, and it cannot be ended anyway.
      const isIdle = after !== null && after === before && after !== "disk";
      if (!signal.aborted && ((isIdle && !isFirst) || now - silentSince > WORKS_AT_MOST_MS)) {
        engine.onHung();
        return;
      }
    }
    // Whoever stops the engine need not wait for the next time.
    await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY_MS).unref());
  }
}
