import { BUCKETS } from "../../shared/deployment.ts";
import type { FleetGeneration } from "../../shared/ports.ts";
import { deletePartition } from "./delete-partition.ts";
import { periodsOfFleet } from "./fleet-scan.ts";
import { cellPartition, cohortPartition, stampPartition, summaryPartition } from "./keys.ts";
import type { Table } from "./table.ts";

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
