// The largest items of a table, by kind. DynamoDB takes 400 KB.

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Item, sizeOf, textOf } from "../../functions/store/item.ts";
import type { Table } from "../../functions/store/table.ts";
import type { Figure } from "./rows.ts";

export async function largestItems(table: Table): Promise<Figure[]> {
  const largest = new Map<string, number>();
  let start: Item | undefined;
  do {
    const page = await table.client.send(new ScanCommand({ TableName: table.name, ExclusiveStartKey: start }));
    for (const item of page.Items ?? []) {
      const kind = textOf(item, "pk").split("#")[0]?.toLowerCase() ?? "";
      largest.set(kind, Math.max(largest.get(kind) ?? 0, sizeOf(item)));
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return [...largest].sort().map(([kind, value]) => ({ value, unit: `${kind}-B`, target: 400e3 }));
}
