// Whether everything in the table can be read: for a machine that has no tool to look at the file itself.

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import type { Item } from "./item.ts";
import { translated } from "./errors.ts";
import type { Table } from "./table.ts";

/** Reads every item of the table and of its indexes. False when there was no time for all; throws what a page cannot be read with. */
export async function readEverything(table: Table, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (const index of [{}, { IndexName: TABLE.orderIndex.name }, { IndexName: TABLE.timeIndex.name }]) {
    let start: Item | undefined;
    do {
      if (performance.now() > until) return false;
      const from = start === undefined ? {} : { ExclusiveStartKey: start };
      try {
        const page = await table.client.send(
          new ScanCommand({ TableName: table.name, ...index, ...from, Select: "COUNT" }),
        );
        start = page.LastEvaluatedKey;
      } catch (error) {
        throw translated(error);
      }
    } while (start !== undefined);
  }
  return true;
}
