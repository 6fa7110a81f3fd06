// Finds an engine that hangs: stopped or deadlocked. It is pinged every second. An engine that does not answer but is active, on a slow
// disk or in a long transaction, is waited for: /proc shows whether it does anything.

import { type Agent, request } from "node:http";
import { BUSY, readActivity } from "./process-identity.ts";

/** What is pinged. */
export interface Pinged {
  readonly endpoint: string;
  /** A separate agent, so that other requests do not delay the ping. */
  readonly agent: Agent;
}

/** Pings the engine, which needs no table. Rejects when it does not answer in time. */
export function ping({ endpoint, agent }: Pinged, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, { agent }, (response) => {
      response.resume();
      response.once("end", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs);
    sent.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.end();
  });
}

/** Time limits, in milliseconds. */
export interface WatchLimits {
  /** From an answer to the next ping. */
  readonly pause: number;
  /** Two pings without an answer in this time, and no activity during the second: it hangs. */
  readonly answer: number;
  /** An active engine that never answers is given up after this time; reading a large log after a crash takes longest. */
  readonly work: number;
}

export const WATCH_LIMITS: WatchLimits = { pause: 1_000, answer: 2_000, work: 300_000 };

/**
 * Pings the engine until `signal` is aborted. Calls `onHung` once when the process hangs: no answer and no activity for some seconds, or
 * no answer for minutes.
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
      // Without /proc only the time limit decides.
      const isIdle = after !== null && after === before && after !== BUSY;
      if (!signal.aborted && ((isIdle && !isFirst) || now - silentSince > limits.work)) {
        engine.onHung();
        return;
      }
    }
    // Does not keep a stopping server waiting.
    await new Promise((resolve) => setTimeout(resolve, limits.pause).unref());
  }
}
