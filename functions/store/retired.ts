import { BUCKETS } from "../../shared/deployment.ts";
import type { FleetGeneration } from "../../shared/ports.ts";
import { WRITES_PER_TRANSACTION } from "./chunks.ts";
import { periodsOfFleet } from "./fleet-runs.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { cellPartition, cohortPartition, stampPartition, summaryPartition } from "./keys.ts";
import { retryingTransient } from "./retry.ts";
import { partition, queryPage, type Table, transact } from "./table.ts";

/**
 * Deletes the summaries, cells, cohorts and stamps of a generation that nobody reads any more. Summaries go first: a worker that
 * still has one of them in hand then finds that it is gone, and writes no cell.
 */
export async function deleteGeneration(table: Table, of: FleetGeneration): Promise<void> {
  const periods = await periodsOfFleet(table, of.fleet);
  for (const period of periods) {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      await deletePartition(table, summaryPartition(of, period, bucket));
    }
  }
  for (const period of periods) {
    await deletePartition(table, cellPartition(of, period));
    await deletePartition(table, cohortPartition(of, period));
    await deletePartition(table, stampPartition(of, period));
  }
}

async function deletePartition(table: Table, pk: string): Promise<void> {
  let start: Item | null = null;
  do {
    const page: { items: Item[]; next: Item | null } = await queryPage(table, {
      ...partition(pk),
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
