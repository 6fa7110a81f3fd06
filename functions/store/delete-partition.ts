import { WRITES_PER_TRANSACTION } from "./chunks.ts";
import { keyItem, textOf } from "./item.ts";
import { retryingTransient } from "./retry.ts";
import { partition, queryPages, type Table, transact } from "./table.ts";

/** Deletes all items of a partition, or those whose sort key starts with `prefix`. */
export async function deletePartition(table: Table, pk: string, prefix?: string): Promise<void> {
  const query = {
    ...partition(pk, prefix),
    ProjectionExpression: "pk, sk",
    Limit: WRITES_PER_TRANSACTION,
    ConsistentRead: true,
  };
  for await (const { items } of queryPages(table, query)) {
    const deletes = items.map((item) => ({
      Delete: { TableName: table.name, Key: keyItem({ pk, sk: textOf(item, "sk") }) },
    }));
    if (deletes.length > 0) await retryingTransient(() => transact(table, deletes));
  }
}
