// Stamps: whether cells are still those that were read. Every transaction that changes cells of a cohort in a shard writes
// the one small item that stands for them all, under a new value. Who remembers cells reads stamps before them and again
// at the next question: while these are the same, so are the cells, and none of them need be read.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { FleetGeneration } from "../../shared/ports.ts";
import { keyItem, textOf } from "./item.ts";
import { type Key, stampPartition, stampPrefix } from "./keys.ts";
import { partition, queryItems, type Table } from "./table.ts";

/** The write that says that cells have changed, to be part of the transaction that changes them. */
export function stampWrite(table: Table, key: Key, stamp: string): TransactWriteItem {
  return { Put: { TableName: table.name, Item: { ...keyItem(key), stamp: { S: stamp } } } };
}

/**
 * What the stamps of a period say, by cohort: one text over all its shards. Of one cohort alone when it is given. A cohort
 * that never had a cell is left out.
 */
export async function readStamps(
  table: Table,
  of: FleetGeneration,
  period: string,
  cohort?: string,
): Promise<ReadonlyMap<string, string>> {
  const stamps = new Map<string, string>();
  const prefix = cohort === undefined ? undefined : stampPrefix(cohort);
  const query = { ...partition(stampPartition(of, period), prefix), ConsistentRead: true };
  for await (const item of queryItems(table, query)) {
    const [owner = "", shard = ""] = textOf(item, "sk").split("#");
    stamps.set(owner, `${stamps.get(owner) ?? ""} ${shard}:${textOf(item, "stamp")}`);
  }
  return stamps;
}
