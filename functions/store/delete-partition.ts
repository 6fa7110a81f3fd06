import { WRITES_PER_TRANSACTION } from "./chunks.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { retryingTransient } from "./retry.ts";
import { partition, queryPage, type Table, transact } from "./table.ts";

/** Deletes all items of a partition, or those whose sort key starts with `prefix`. */
export async function deletePartition(table: Table, pk: string, prefix?: string): Promise<void> {
  let start: Item | null = null;
  do {
    const page: { items: Item[]; next: Item | null } = await queryPage(table, {
      ...partition(pk, prefix),
      ProjectionExpression: "pk, sk",
      Limit: WRITES_PER_TRANSACTION,
      ConsistentRead: true,
      ...(start === null ? {} : { ExclusiveStartKey: start }),
    });
    const deletes = page.items.map((item) => ({
      Delete: { TableName: table.name, Key: keyItem({ pk, sk: textOf(item, "sk") }) },
    }));
    if (deletes.length > 0) await retryingTransient(() => transact(table, deletes));
    start = page.next;
  } while (start !== null);
}
