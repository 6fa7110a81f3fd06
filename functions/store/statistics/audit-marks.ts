// Audit marks: which months of a shard were audited without a difference, and when. Each is one small item of its generation.
// A month that nothing has changed in since needs no second audit.

import type { FleetGeneration } from "../../../shared/cells/stored-summary.ts";
import { itemText, keyItem } from "../table/item.ts";
import { ALL_COHORTS, auditPartition, keyText, totalsKey } from "../table/keys.ts";
import { getItems, partition, queryItems, type Table, transact, WRITES_PER_TRANSACTION } from "../table/table.ts";

/** The audit marks of a table. */
export function makeAuditMarks(table: Table) {
  return {
    /** The audited months of a shard, each with the time (ISO 8601 UTC) up to which its changes were audited. */
    read: async (of: FleetGeneration, shard: number): Promise<ReadonlyMap<string, string>> => {
      const marks = new Map<string, string>();
      const query = { ...partition(auditPartition(of, shard)), ConsistentRead: true };
      for await (const item of queryItems(table, query)) marks.set(itemText(item, "sk"), itemText(item, "at"));
      return marks;
    },
    /** When a cell of each month was last written in a shard; months without cells are left out. */
    changes: async (
      of: FleetGeneration,
      shard: number,
      months: readonly string[],
    ): Promise<ReadonlyMap<string, string>> => {
      const keys = months.map((month) => [month, totalsKey(of, month, ALL_COHORTS, shard)] as const);
      const totals = await getItems(
        table,
        keys.map(([, key]) => key),
      );
      return new Map(
        keys.flatMap(([month, key]) => {
          const item = totals.get(keyText(key));
          return item === undefined ? [] : [[month, itemText(item, "at")]];
        }),
      );
    },
    /** Marks months of a shard as audited up to a time. */
    write: async (of: FleetGeneration, shard: number, months: readonly string[], at: string): Promise<void> => {
      const items = months.map((month) => ({
        ...keyItem({ pk: auditPartition(of, shard), sk: month }),
        at: { S: at },
      }));
      for (let from = 0; from < items.length; from += WRITES_PER_TRANSACTION) {
        const chunk = items.slice(from, from + WRITES_PER_TRANSACTION);
        await transact(
          table,
          chunk.map((Item) => ({ Put: { TableName: table.name, Item } })),
        );
      }
    },
  };
}

export type AuditMarks = ReturnType<typeof makeAuditMarks>;
