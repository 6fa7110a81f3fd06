import { aggregateFleet, HostFault } from "../../functions/service/aggregate.ts";
import { makeAggregationStore } from "../../functions/store/aggregation.ts";
import { backOff } from "../../functions/store/retry.ts";
import type { Table } from "../../functions/store/table.ts";
import { printable } from "../../shared/run/text.ts";
import type { Terminal } from "./command.ts";
import { showProgress } from "./progress.ts";

/**
 * Counts what was stored for a fleet, beside the server's own worker if there is one, and says how many hosts it were. Gives
 * the number of hosts that cannot be counted, which are named.
 */
export async function countFleet(table: Table, terminal: Terminal, fleet: string): Promise<number> {
  const progress = showProgress(terminal, "counted hosts");
  const store = makeAggregationStore(table);
  let cleared = 0;
  const clear: typeof store.clear = async (marks) => {
    await store.clear(marks);
    cleared += marks.length;
    progress.at(cleared);
  };
  let faults: readonly HostFault[] = [];
  try {
    let left: number;
    do {
      ({ left } = await aggregateFleet({ store: { ...store, clear }, clock: Date.now, backOff }, fleet));
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
function hostFaultsOf(error: unknown): readonly HostFault[] {
  const faults: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return faults.map((fault) => {
    if (fault instanceof HostFault) return fault;
    throw error;
  });
}
