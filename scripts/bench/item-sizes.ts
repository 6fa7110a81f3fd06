// The sizes of the items of a table, by kind. The limit of DynamoDB is 400 KB.

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Item } from "../../functions/store/item.ts";
import { textOf } from "../../functions/store/item.ts";
import type { Table } from "../../functions/store/table.ts";
import type { Row } from "./rows.ts";
import { itemBytes, kindOf } from "./units.ts";

/** A row for each kind, with the number, the average and the largest size of its items; the largest kinds first. */
export async function storedSizes(table: Table, prefix: string): Promise<Row[]> {
  const kinds = new Map<string, { items: number; bytes: number; largest: number }>();
  for await (const item of scan(table)) {
    const bytes = itemBytes(item);
    const kind = kindOf(textOf(item, "pk"));
    const sizes = kinds.get(kind) ?? { items: 0, bytes: 0, largest: 0 };
    sizes.items += 1;
    sizes.bytes += bytes;
    sizes.largest = Math.max(sizes.largest, bytes);
    kinds.set(kind, sizes);
  }
  return [...kinds]
    .toSorted(([, a], [, b]) => b.bytes - a.bytes)
    .map(([kind, { items, bytes, largest }]) => ({
      name: `${prefix}/sizes/${kind}`,
      iterations: items,
      figures: [
        { value: bytes / items, unit: "average-B" },
        { value: largest, unit: "largest-B", target: 400e3 },
        { value: bytes, unit: "all-B" },
      ],
    }));
}

async function* scan(table: Table): AsyncGenerator<Item> {
  let start: Item | undefined;
  do {
    const page = await table.client.send(new ScanCommand({ TableName: table.name, ExclusiveStartKey: start }));
    yield* page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}
