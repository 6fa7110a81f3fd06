// An engine can be there and answer nobody: stopped, or deadlocked. It is asked every second. One that is silent but works,
// on a slow disk or on a long transaction, is waited for: /proc tells whether it does anything at all.

import { type Agent, request } from "node:http";
import { BUSY, readActivity } from "./process-identity.ts";

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

/** Milliseconds by which an engine is judged. */
export interface WatchLimits {
  /** From an answer to the next question. */
  readonly pause: number;
  /** Two questions without an answer in such a time, and in the second nothing done either: it hangs. */
  readonly answer: number;
  /** One that works and never answers is given up after so long; longest of all takes the reading of a large log after a crash. */
  readonly work: number;
}

export const WATCH_LIMITS: WatchLimits = { pause: 1_000, answer: 2_000, work: 300_000 };

/**
 * Asks the engine until `signal` is aborted. Calls `onHung` once for a process that hangs: it is silent and has done nothing
 * for some seconds, or is silent for minutes.
 */
export async function watchEngine(
  pinged: Pinged,
  engine: { readonly pid: number; readonly onHung: () => void },
  signal: AbortSignal,
  limits: WatchLimits = WATCH_LIMITS,
): Promise<void> {
  let silentSince: number | null = null;
  while (!signal.aborted) {
    const before = readActivity(engine.pid);
    try {
      await ping(pinged, limits.answer);
      silentSince = null;
    } catch {
      const now = performance.now();
      const isFirst = silentSince === null;
      silentSince ??= now;
      const after = readActivity(engine.pid);
      // Without /proc only time tells.
      const isIdle = after !== null && after === before && after !== BUSY;
      if (!signal.aborted && ((isIdle && !isFirst) || now - silentSince > limits.work)) {
        engine.onHung();
        return;
      }
    }
    // A server that stops the engine need not wait for the next time.
    await new Promise((resolve) => setTimeout(resolve, limits.pause).unref());
  }
}
