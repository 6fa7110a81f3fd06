// What an operator wants to know of the store at a glance: does it work, and how much is waiting.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { retryingTransient } from "./errors.ts";
import type { StoreHealth } from "./health.ts";
import { keyItem, textOf } from "./item.ts";
import { FLEETS_PARTITION, fleetKey } from "./keys.ts";
import { countQuarantined } from "./quarantine.ts";
import { getItem, partition, queryAll, type Table, transact } from "./table.ts";

// Fleets: listed, so that aggregation finds what a lost wake-up has left in any of them.

/** Every fleet there is. */
export async function listFleets(table: Table): Promise<string[]> {
  return (await queryAll(table, partition(FLEETS_PARTITION))).map((item) => textOf(item, "sk"));
}

/** Lists a fleet; again changes nothing. */
export const addFleet = (table: Table, fleet: string): Promise<void> =>
  retryingTransient(() => transact(table, [fleetWrite(table, fleet)]));

/** The write that lists a fleet. */
export const fleetWrite = (table: Table, fleet: string): TransactWriteItem => ({
  Put: { TableName: table.name, Item: keyItem(fleetKey(fleet)) },
});

/** Counting stops here: more quarantined lines than this say nothing more. */
const MAX_QUARANTINED = 10_000;

/**
 * What is to be known of the store, over the table. With `health`, on one machine, the ping writes an item, and what other
 * requests met counts; without, as on AWS where the functions that are asked may not write, it reads one.
 */
export function makeStatusStore(table: Table, health?: StoreHealth) {
  return {
    quarantined: (fleet: string): Promise<number> => countQuarantined(table, fleet, MAX_QUARANTINED),
    ping: async (): Promise<void> => {
      if (health === undefined) await getItem(table, { pk: "PING", sk: "ping" });
      else await health.ping(table);
    },
  };
}
