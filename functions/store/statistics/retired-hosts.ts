// Retired hosts in the table: hosts that an admin has taken out of all lists. A mark is only ever added or replaced; a result
// that is received after it makes it void (listed-hosts.ts).

import { retryingTransient } from "../table/errors.ts";
import { keyItem } from "../table/item.ts";
import { retiredKey, samplesOfHost } from "../table/keys.ts";
import { partition, queryPage, type Table, transact } from "../table/table.ts";

/** The retired hosts of a table. */
export function makeRetiredHostStore(table: Table) {
  return {
    /** Whether a host has runs, counted or not, withdrawn ones too. */
    has: async (fleet: string, host: string): Promise<boolean> => {
      const entries = { ...partition(samplesOfHost(fleet, host)), ConsistentRead: true, Limit: 1 };
      return (await queryPage(table, entries)).items.length > 0;
    },
    /** Marks a host as retired at a time, ISO 8601 UTC: until its next result, lists do not have it. Statistics keep it. */
    retire: (fleet: string, host: string, at: string): Promise<void> => {
      const item = { ...keyItem(retiredKey(fleet, host)), at: { S: at } };
      return retryingTransient(() => transact(table, [{ Put: { TableName: table.name, Item: item } }]));
    },
  };
}
