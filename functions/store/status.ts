// What an operator wants to know of the store at a glance: does it work, and how much is waiting.

import type { StatusStore } from "../../shared/ports.ts";
import { countMarks } from "./pending-hosts.ts";
import { countQuarantined } from "./quarantine.ts";
import type { StoreHealth } from "./health.ts";
import { getItem, type Table } from "./table.ts";

/** Counting stops here: more quarantined lines than this say nothing more. */
const MOST_QUARANTINED = 10_000;

/**
 * What is to be known of the store, over the table. With `health`, on one machine, the ping writes an item, and what other
 * requests met counts; without, as on AWS where the functions that are asked may not write, it reads one.
 */
export function makeStatusStore(table: Table, health?: StoreHealth): StatusStore {
  return {
    openMarks: (fleet) => countMarks(table, fleet),
    pendingHosts: async (fleet) => (await countMarks(table, fleet)).count,
    quarantined: (fleet) => countQuarantined(table, fleet, MOST_QUARANTINED),
    ping: async () => {
      if (health === undefined) await getItem(table, { pk: "PING", sk: "ping" });
      else await health.ping(table);
    },
  };
}
