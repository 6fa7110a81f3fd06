// What an operator wants to know of the store at a glance: is it there, and how much is waiting.

import type { StatusStore } from "../../shared/ports.ts";
import { countMarks } from "./marks.ts";
import { countQuarantined } from "./quarantine.ts";
import { getItem, type Table } from "./table.ts";

/** Counting stops here: more quarantined lines than this say nothing more. */
const MOST_QUARANTINED = 10_000;

/** What is to be known of the store, over the table. */
export function makeStatusStore(table: Table): StatusStore {
  return {
    openMarks: (fleet) => countMarks(table, fleet),
    pendingHosts: async (fleet) => (await countMarks(table, fleet)).count,
    quarantined: (fleet) => countQuarantined(table, fleet, MOST_QUARANTINED),
    ping: async () => {
      await getItem(table, { pk: "PING", sk: "ping" });
    },
  };
}
