// Progress on a terminal: one line on standard error that is overwritten, with a rate; nothing without a terminal. Also counts stored
// results, with progress.

import { aggregateFleet, HostError } from "../../functions/service/aggregate.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { printable } from "../../shared/run/text.ts";
import type { Terminal } from "./command.ts";

export interface Progress {
  /** Shows how many are done, and of how many if that is known. */
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
 * Aggregates the pending hosts of a fleet, in parallel with a server's own worker, and prints how many. Returns the number of hosts that
 * cannot be counted, after it has printed their names.
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
  let errors: readonly HostError[] = [];
  try {
    let left: number;
    do {
      ({ left } = await aggregateFleet(deps, fleet));
    } while (left > 0);
  } catch (error) {
    errors = toHostErrors(error);
  }
  progress.end();
  for (const { message } of errors) terminal.error(printable(message).concat("\n"));
  await terminal.out(`counted ${cleared} hosts of fleet ${fleet}\n`);
  return errors.length;
}

/** The errors of single hosts in an error of the aggregation; throws any other error. */
function toHostErrors(error: unknown): readonly HostError[] {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.map((one) => {
    if (one instanceof HostError) return one;
    throw error;
  });
}
