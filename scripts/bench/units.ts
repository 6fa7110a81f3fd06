// What a write costs, by the rules of DynamoDB: the larger of the item before and after, in KB rounded up, twice in a
// transaction; and each index entry that changes, by the size of the entry. (DynamoDB Developer Guide, "DynamoDB read and
// write operations", "Item sizes and formats" and "Write capacity units" of local secondary indexes.)

import { isDeepStrictEqual } from "node:util";
import type {
  AttributeValue,
  GlobalSecondaryIndexDescription,
  KeySchemaElement,
  LocalSecondaryIndexDescription,
  TableDescription,
} from "@aws-sdk/client-dynamodb";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Item, itemText, itemToJson } from "../../functions/store/table/item.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { Row } from "./section.ts";

/** An index: which attributes its entries have. An item without all of its keys has no entry. */
interface IndexShape {
  readonly name: string;
  /** Whether its entries are in the partitions of the table. */
  readonly isLocal: boolean;
  readonly partitionKey: string;
  readonly keys: readonly string[];
  /** Null: all attributes. */
  readonly attributes: ReadonlySet<string> | null;
}

/** The keys and indexes of a table. */
export interface TableShape {
  readonly partitionKey: string;
  readonly keys: readonly string[];
  readonly indexes: readonly IndexShape[];
}

/** What is charged to one partition key. The kind is the first word of the key, or the name of the index. */
export interface Charge {
  readonly kind: string;
  readonly partition: string;
  readonly units: number;
}

const keyNames = (schema: readonly KeySchemaElement[] = []): string[] =>
  schema.map(({ AttributeName }) => AttributeName ?? "");

const hashName = (schema: readonly KeySchemaElement[] = []): string =>
  schema.find(({ KeyType }) => KeyType === "HASH")?.AttributeName ?? "";

/** The keys and indexes of a described table. */
export function shapeOf(table: TableDescription): TableShape {
  const keys = keyNames(table.KeySchema);
  const { LocalSecondaryIndexes: local = [], GlobalSecondaryIndexes: global = [] } = table;
  const shape =
    (isLocal: boolean) =>
    (index: LocalSecondaryIndexDescription | GlobalSecondaryIndexDescription): IndexShape => ({
      name: index.IndexName ?? "",
      isLocal,
      partitionKey: hashName(index.KeySchema),
      keys: keyNames(index.KeySchema),
      attributes:
        index.Projection?.ProjectionType === "ALL"
          ? null
          : new Set([...keys, ...keyNames(index.KeySchema), ...(index.Projection?.NonKeyAttributes ?? [])]),
    });
  return {
    partitionKey: hashName(table.KeySchema),
    keys,
    indexes: [...local.map(shape(true)), ...global.map(shape(false))],
  };
}

/** The first word of a partition key: what comes before the first `#`. */
export const kindOf = (partition: string): string => partition.split("#", 1)[0] ?? "";

/** The size of an item in bytes: UTF-8 names and values. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.length;
  if (value.SS !== undefined) return sum(value.SS, (text) => Buffer.byteLength(text));
  if (value.NS !== undefined) return sum(value.NS, numberBytes);
  if (value.BS !== undefined) return sum(value.BS, (bytes) => bytes.length);
  if (value.L !== undefined) return 3 + sum(value.L, (each) => 1 + valueBytes(each));
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  // A boolean or null.
  return 1;
}

const sum = <T>(values: readonly T[], bytesOf: (value: T) => number): number =>
  values.reduce((total, value) => total + bytesOf(value), 0);

/** About a byte for two significant digits, one for the exponent, and one for a minus. */
function numberBytes(text: string): number {
  const digits = text
    .replace(/e.*$/i, "")
    .replace(/[-+.]/g, "")
    .replace(/^0+|0+$/g, "");
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith("-") ? 1 : 0);
}

/** The write units of an item outside a transaction; of a missing one, 1. */
const writeUnits = (item: Item | null): number => Math.max(1, Math.ceil((item === null ? 0 : itemBytes(item)) / 1024));

/** The consistent read units of an item; of a missing one, 1. */
export const readUnits = (item: Item | null): number =>
  Math.max(1, Math.ceil((item === null ? 0 : itemBytes(item)) / 4096));

/** What it costs to change an item from `before` to `after`, with its index entries. Both null: to try to delete nothing. */
export function chargesOf(
  { partitionKey, indexes }: TableShape,
  key: Item,
  { before, after, isTransaction }: { before: Item | null; after: Item | null; isTransaction: boolean },
): Charge[] {
  const partition = textAt(key, partitionKey);
  const units = Math.max(writeUnits(before), writeUnits(after)) * (isTransaction ? 2 : 1);
  return [
    { kind: kindOf(partition), partition, units },
    ...indexes.flatMap((index) => entryCharges(index, partition, entryOf(index, before), entryOf(index, after))),
  ];
}

/** The text of a key attribute; empty without it, as for keys of another type, which the table does not have. */
const textAt = (item: Item, name: string): string => item[name]?.S ?? "";

function entryOf({ keys, attributes }: IndexShape, item: Item | null): Item | null {
  if (item === null || keys.some((name) => item[name] === undefined)) return null;
  return Object.fromEntries(Object.entries(item).filter(([name]) => attributes === null || attributes.has(name)));
}

/** A changed entry is written once; one whose key changes is deleted and written. A transaction does not double entries. */
function entryCharges(index: IndexShape, partition: string, before: Item | null, after: Item | null): Charge[] {
  const charge = (entry: Item, units: number): Charge => ({
    kind: index.name,
    partition: index.isLocal ? partition : `${index.name}/${textAt(entry, index.partitionKey)}`,
    units,
  });
  if (before === null) return after === null ? [] : [charge(after, writeUnits(after))];
  if (after === null) return [charge(before, writeUnits(before))];
  if (itemToJson(before) === itemToJson(after)) return [];
  if (index.keys.every((name) => isDeepStrictEqual(before[name], after[name]))) {
    return [charge(after, Math.max(writeUnits(before), writeUnits(after)))];
  }
  return [charge(before, writeUnits(before)), charge(after, writeUnits(after))];
}

// The sizes of all items of a table, by kind. The limit of DynamoDB is 400 KB.

/** A row for each kind, with the number, the average and the largest size of its items; the largest kinds first. */
export async function storedSizes(table: Table, prefix: string): Promise<Row[]> {
  const kinds = new Map<string, { items: number; bytes: number; largest: number }>();
  for await (const item of scan(table)) {
    const bytes = itemBytes(item);
    const kind = kindOf(itemText(item, "pk"));
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
