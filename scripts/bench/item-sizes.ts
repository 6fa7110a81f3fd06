// The largest items of a table, by kind. The limit of DynamoDB is 400 KB.

import { currentGeneration } from "../../functions/store/generations.ts";
import { sizeOf } from "../../functions/store/item.ts";
import { runsOfHost, summaryKey } from "../../functions/store/keys.ts";
import { partition, queryItems, type Table } from "../../functions/store/table.ts";
import { listCellPartitions } from "../../functions/store/totals.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import type { Figure } from "./rows.ts";

/** The largest of all cells and summaries of period `all`, which are the largest periods, and of the runs of the given hosts. */
export async function largestItems(table: Table, hosts: readonly string[]): Promise<Figure[]> {
  const of = await currentGeneration(table, "default");
  // A host's partition has the summaries of all hosts of its shard.
  const buckets = new Set(hosts.map((host) => summaryKey(of, PERIOD_ALL, host).pk));
  const kinds = {
    run: hosts.map((host) => runsOfHost("default", host)),
    host: [...buckets],
    cell: await listCellPartitions(table, of, PERIOD_ALL),
  };
  const figures: Figure[] = [];
  for (const [kind, partitions] of Object.entries(kinds)) {
    let largest = 0;
    for (const pk of partitions) {
      for await (const item of queryItems(table, partition(pk))) largest = Math.max(largest, sizeOf(item));
    }
    figures.push({ value: largest, unit: `${kind}-B`, target: 400e3 });
  }
  return figures;
}
