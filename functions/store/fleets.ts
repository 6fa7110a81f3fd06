// Fleets: listed, so that aggregation finds what a lost wake-up has left in any of them.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { keyItem, textOf } from "./item.ts";
import { FLEETS_PARTITION, fleetKey } from "./keys.ts";
import { retryingTransient } from "./retry.ts";
import { partition, queryAll, type Table, transact } from "./table.ts";

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
