// Progress for a person: one line on standard error that is written over, with a rate. Nothing where nobody looks.

import { aggregateFleet, HostError } from "../../functions/service/aggregate.ts";
import { makeAggregationStores } from "../../functions/store/commit.ts";
import { backOff } from "../../functions/store/errors.ts";
import type { Table } from "../../functions/store/table.ts";
import { printable } from "../../shared/run/text.ts";
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

/**
 * Counts what was stored for a fleet, beside the server's own worker if there is one, and says how many hosts it were. Gives
 * the number of hosts that cannot be counted, which are named.
 */
export async function countFleet(table: Table, terminal: Terminal, fleet: string): Promise<number> {
  const progress = showProgress(terminal, "counted hosts");
  const { pendingHosts, statistics } = makeAggregationStores(table);
  let cleared = 0;
  const clear: typeof pendingHosts.clear = async (hosts) => {
    await pendingHosts.clear(hosts);
    cleared += hosts.length;
    progress.at(cleared);
  };
  const deps = { statistics, pendingHosts: { ...pendingHosts, clear }, clock: Date.now, backOff };
  let faults: readonly HostError[] = [];
  try {
    let left: number;
    do {
      ({ left } = await aggregateFleet(deps, fleet));
    } while (left > 0);
  } catch (error) {
    faults = hostFaultsOf(error);
  }
  progress.end();
  for (const { message } of faults) terminal.error(printable(message).concat("\n"));
  await terminal.out(`counted ${cleared} hosts of fleet ${fleet}\n`);
  return faults.length;
}

/** The hosts that an error of aggregation is about; throws any other. */
function hostFaultsOf(error: unknown): readonly HostError[] {
  const faults: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return faults.map((fault) => {
    if (fault instanceof HostError) return fault;
    throw error;
  });
}
