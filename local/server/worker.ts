// The aggregation worker of one machine: woken after every upload, and by a poll that finds what a lost wake-up or a crash
// has left. One pass at a time; marks that come in during a pass are worked off by the next.

import { aggregateFleet } from "../../functions/service/aggregate.ts";
import type { SweepDeps } from "../../functions/service/sweep.ts";

export interface Worker {
  /** Called after runs of a fleet were stored or withdrawn. */
  wake(fleet: string): void;
  /** Works off everything that is open now, for tests and tools. */
  drain(): Promise<void>;
  /** Finishes the hosts it is at, starts no more; what is left stays marked. */
  stop(): Promise<void>;
}

/** Uploads one after the other that are a burst, and how many times longer it then must be quiet: a slow disk is no end of it. */
const BURST = 64;
const QUIETER = 10;

export interface WorkerOptions {
  readonly pollMs: number;
  /** How long it must have been quiet after a wake-up, ten times that in a burst, and how long quiet is waited for at most. */
  readonly quietMs: number;
  readonly patienceMs: number;
  readonly onFault: (error: unknown) => void;
}

/** Starts the worker, with a first look at what is open; it runs until `stop`. */
export function startWorker(deps: SweepDeps, { pollMs, quietMs, patienceMs, onFault }: WorkerOptions): Worker {
  const woken = new Set<string>();
  let running: Promise<void> | null = null;
  let polling: Promise<void> | null = null;
  let stopped = false;
  let soon: NodeJS.Timeout | undefined;
  let firstWoken: number | null = null;
  let wokenTimes = 0;

  async function pass(fleets: readonly string[]): Promise<void> {
    for (const fleet of fleets) {
      try {
        await aggregateFleet({ ...deps, isStopping: () => stopped }, fleet);
      } catch (error) {
        // The marks stay: the next poll tries again.
        onFault(error);
      }
    }
  }

  function run(): void {
    if (running !== null || stopped || woken.size === 0) return;
    const fleets = [...woken];
    woken.clear();
    running = pass(fleets).finally(() => {
      running = null;
      // While uploads come in, they decide when to start again.
      if (firstWoken === null) run();
    });
  }

  async function findFleets(): Promise<void> {
    try {
      for (const fleet of await deps.fleets()) woken.add(fleet);
      // While uploads come in, they decide when to start.
      if (firstWoken === null) run();
    } catch (error) {
      if (!stopped) onFault(error);
    }
  }

  /** One question at a time, however slow the store is. */
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
      // Uploads come in bursts: while one lasts the machine is theirs, and hosts that are marked together share transactions.
      firstWoken ??= performance.now();
      wokenTimes += 1;
      const quiet = wokenTimes > BURST ? QUIETER * quietMs : quietMs;
      const patience = patienceMs - (performance.now() - firstWoken);
      clearTimeout(soon);
      soon = setTimeout(
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
      clearTimeout(soon);
      await polling;
      await running;
    },
  };
}
