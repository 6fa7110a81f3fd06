// The aggregation worker of one machine: woken after every upload, and by a poll that finds pending hosts that a lost wake-up or a crash has
// left. One pass at a time; hosts that become pending during a pass are processed in the next.

import { aggregateFleet } from "../../functions/service/aggregate.ts";
import type { SweepDeps } from "../../functions/service/wake-ups.ts";

export interface Worker {
  /** Called after runs of a fleet were stored or withdrawn. */
  wake(fleet: string): void;
  /** Processes everything that is pending now, for tests and tools. */
  drain(): Promise<void>;
  /** Finishes the hosts in progress and starts no more; the others stay pending. */
  stop(): Promise<void>;
}

/** How many uploads in a row are a burst, and how many times longer it then must be quiet: a slow disk does not end a burst. */
const BURST = 64;
const QUIETER = 10;

export interface WorkerOptions {
  readonly pollMs: number;
  /** How long it must be quiet after a wake-up (ten times that in a burst), and the maximum wait for that. */
  readonly quietMs: number;
  readonly patienceMs: number;
  readonly onError: (error: unknown) => void;
}

/** Starts the worker, with a first poll; it runs until `stop`. */
export function startWorker(deps: SweepDeps, { pollMs, quietMs, patienceMs, onError }: WorkerOptions): Worker {
  const woken = new Set<string>();
  let running: Promise<void> | null = null;
  let polling: Promise<void> | null = null;
  let stopped = false;
  let delayed: NodeJS.Timeout | undefined;
  let firstWoken: number | null = null;
  let wokenTimes = 0;

  async function pass(fleets: readonly string[]): Promise<void> {
    for (const fleet of fleets) {
      try {
        await aggregateFleet({ ...deps, isStopping: () => stopped }, fleet);
        if (!stopped) await deps.hostCounts.refresh(fleet, deps.clock());
      } catch (error) {
        // The hosts stay pending: the next poll retries.
        onError(error);
      }
    }
  }

  function run(): void {
    if (running !== null || stopped || woken.size === 0) return;
    const fleets = [...woken];
    woken.clear();
    running = pass(fleets).finally(() => {
      running = null;
      // While uploads come in, wake decides when to start.
      if (firstWoken === null) run();
    });
  }

  async function findFleets(): Promise<void> {
    try {
      for (const fleet of await deps.fleets()) woken.add(fleet);
      // While uploads come in, wake decides when to start.
      if (firstWoken === null) run();
    } catch (error) {
      if (!stopped) onError(error);
    }
  }

  /** One poll at a time, however slow the store is. */
  function poll(): Promise<void> {
    polling ??= findFleets().finally(() => {
      polling = null;
    });
    return polling;
  }

  const timer = setInterval(poll, pollMs);
  void poll();
  return {
    wake: (fleet) => {
      woken.add(fleet);
      // Uploads come in bursts: during one the machine is theirs, and hosts that become pending together share transactions.
      firstWoken ??= performance.now();
      wokenTimes += 1;
      const quiet = wokenTimes > BURST ? QUIETER * quietMs : quietMs;
      const patience = patienceMs - (performance.now() - firstWoken);
      clearTimeout(delayed);
      delayed = setTimeout(
        () => {
          firstWoken = null;
          wokenTimes = 0;
          run();
        },
        Math.max(0, Math.min(quiet, patience)),
      );
    },
    drain: async () => {
      await poll();
      do {
        run();
        await running;
      } while (woken.size > 0 && !stopped);
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      clearTimeout(delayed);
      await polling;
      await running;
    },
  };
}
