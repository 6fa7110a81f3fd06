// A meter on a table's client: the capacity units of every request, by kind of item and by partition key. Units of writes are
// computed from the items (`units.ts`) and compared with what the engine reports; units of queries are what it reports.
//
// For each write the meter reads the item before and, after an update, the item after it, through another client that it does
// not count. So writes of one item must not run at the same time, and a meter makes work slower: do not time it.

import { type ConsumedCapacity, DescribeTableCommand, type TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { type Item, itemText } from "../../functions/store/table/item.ts";
import { type Key, keyText } from "../../functions/store/table/keys.ts";
import { getItems, type Table } from "../../functions/store/table/table.ts";
import { type Charge, chargesOf, kindOf, readUnits, shapeOf, type TableShape } from "./units.ts";

/** Capacity units. */
interface Units {
  reads: number;
  writes: number;
}

/** What some work has consumed. */
export interface Usage extends Units {
  requests: number;
  /** Requests that the engine rejected, which are in no sum: DynamoDB bills them, but does not report them. */
  failed: number;
  /** The units that the engine reports. */
  readonly reported: Units;
  /** By the first word of the partition key; entries of an index by its name. */
  readonly kinds: Map<string, Units>;
  /** Entries of a local index under the key of their items; the keys of a global index after its name. */
  readonly partitions: Map<string, Units>;
}

/** Measures work. */
export interface Meter {
  /** What the requests of the client consume while `work` runs. */
  during(work: () => Promise<unknown>): Promise<Usage>;
}

const noUsage = (): Usage => ({
  ...{ requests: 0, failed: 0, reads: 0, writes: 0 },
  reported: { reads: 0, writes: 0 },
  kinds: new Map(),
  partitions: new Map(),
});

/** The inputs of the commands that the store uses, as far as they say which items a request is about. */
interface Input {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly TransactItems?: readonly TransactWriteItem[];
  readonly RequestItems?: Readonly<
    Record<string, { readonly Keys?: readonly Item[]; readonly ConsistentRead?: boolean }>
  >;
  readonly ConsistentRead?: boolean;
  readonly IndexName?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

/** Likewise, the outputs. */
interface Output {
  readonly Item?: Item;
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly Item[] }>>;
  readonly ConsumedCapacity?: ConsumedCapacity | readonly ConsumedCapacity[];
}

/** One item that a request writes; `after` is null if it is deleted, and undefined if only the engine knows it. */
interface Write {
  readonly key: Item;
  readonly after: Item | null | undefined;
  /** A condition on an item that the transaction does not write: it costs as much as a write. */
  readonly isCheck?: boolean;
}

/**
 * Puts a meter on the client of `table`, which must not have sent anything yet: the SDK fixes the middleware of a command when
 * it is first sent. `uncounted` is the same table with another client.
 */
export async function makeMeter(table: Table, uncounted: Table): Promise<Meter> {
  const { Table: described = {} } = await uncounted.client.send(new DescribeTableCommand({ TableName: table.name }));
  const shape = shapeOf(described);
  let usage = noUsage();
  const count = (what: keyof Units, charges: readonly Charge[]): void => {
    for (const { kind, partition, units } of charges) {
      usage[what] += units;
      add(usage.kinds, kind, what, units);
      add(usage.partitions, partition, what, units);
    }
  };
  table.client.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        // The SDK's type of a middleware knows no command; these fields are read with care.
        const input = args.input as Input;
        const writes = writesOf(String(commandName), input, shape);
        const before = await imagesOf(uncounted, writes ?? []);
        usage.requests += 1;
        const result = await next({
          ...args,
          // All commands of the store know this input.
          input: { ...args.input, ReturnConsumedCapacity: "INDEXES" } as typeof args.input,
        }).catch((error: unknown) => {
          usage.failed += 1;
          throw error;
        });
        // Likewise.
        const output = result.output as Output;
        const reported = [output.ConsumedCapacity ?? []].flat();
        const units = reported.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
        if (writes === null) {
          usage.reported.reads += units;
          count("reads", readCharges(shape, input, output, units));
          return result;
        }
        usage.reported.writes += units;
        const after = await imagesOf(
          uncounted,
          writes.filter((write) => write.after === undefined),
        );
        for (const write of writes) {
          const id = keyText(keyOf(write.key));
          const old = before.get(id) ?? null;
          const isTransaction = input.TransactItems !== undefined;
          const change =
            write.isCheck === true ? old : write.after === undefined ? (after.get(id) ?? null) : write.after;
          count("writes", chargesOf(shape, write.key, { before: old, after: change, isTransaction }));
        }
        return result;
      },
    { step: "initialize", name: "meter" },
  );
  return {
    during: async (work) => {
      usage = noUsage();
      const counted = usage;
      await work();
      return counted;
    },
  };
}

function add(sums: Map<string, Units>, name: string, what: keyof Units, units: number): void {
  const sum = sums.get(name) ?? { reads: 0, writes: 0 };
  sum[what] += units;
  sums.set(name, sum);
}

const keyOf = (item: Item): Key => ({ pk: itemText(item, "pk"), sk: itemText(item, "sk") });

/** The stored items of writes, by `keyText` their keys. */
const imagesOf = (table: Table, writes: readonly Write[]): Promise<Map<string, Item>> =>
  getItems(
    table,
    writes.map(({ key }) => keyOf(key)),
  );

/** The items that a request writes; null for one that reads. Throws for a command that it does not know. */
function writesOf(command: string, input: Input, { keys }: TableShape): Write[] | null {
  const keysOf = (item: Item): Item => Object.fromEntries(Object.entries(item).filter(([name]) => keys.includes(name)));
  const put = (item: Item = {}): Write => ({ key: keysOf(item), after: item });
  switch (command) {
    case "GetItemCommand":
    case "BatchGetItemCommand":
    case "QueryCommand":
    case "ScanCommand":
      return null;
    case "PutItemCommand":
      return [put(input.Item)];
    case "UpdateItemCommand":
      return [{ key: input.Key ?? {}, after: undefined }];
    case "DeleteItemCommand":
      return [{ key: input.Key ?? {}, after: null }];
    case "TransactWriteItemsCommand":
      return (input.TransactItems ?? []).map(({ Put, Update, Delete, ConditionCheck }) => {
        if (Put !== undefined) return put(Put.Item);
        if (Update !== undefined) return { key: Update.Key ?? {}, after: undefined };
        if (Delete !== undefined) return { key: Delete.Key ?? {}, after: null };
        return { key: ConditionCheck?.Key ?? {}, after: undefined, isCheck: true };
      });
    default:
      throw new Error(`the meter does not know what ${command} costs`);
  }
}

/** What a request that reads is charged, `units` together; a batch is split by the size of each item. */
function readCharges(shape: TableShape, input: Input, output: Output, units: number): Charge[] {
  const { partitionKey } = shape;
  const chargeTo = (partition: string, charged: number): Charge => ({
    kind: kindOf(partition),
    partition,
    units: charged,
  });
  if (input.Key !== undefined) return [chargeTo(itemText(input.Key, partitionKey), units)];
  if (input.RequestItems !== undefined) {
    return Object.entries(input.RequestItems).flatMap(([name, { Keys = [], ConsistentRead = false }]) => {
      const found = new Map((output.Responses?.[name] ?? []).map((item) => [keyText(keyOf(item)), item]));
      const unprocessed = new Set((output.UnprocessedKeys?.[name]?.Keys ?? []).map((key) => keyText(keyOf(key))));
      return Keys.map((key) => ({ key, id: keyText(keyOf(key)) }))
        .filter(({ id }) => !unprocessed.has(id))
        .map(({ key, id }) =>
          chargeTo(itemText(key, partitionKey), readUnits(found.get(id) ?? null) * (ConsistentRead ? 1 : 0.5)),
        );
    });
  }
  if (input.KeyConditionExpression === undefined) return [chargeTo("scan", units)];
  const index = shape.indexes.find(({ name }) => name === input.IndexName);
  const partition = queriedPartition(input, index?.partitionKey ?? partitionKey);
  if (index === undefined) return [chargeTo(partition, units)];
  return [{ kind: index.name, partition: index.isLocal ? partition : `${index.name}/${partition}`, units }];
}

/** The value that the condition of a query demands of the partition key. */
function queriedPartition(input: Input, partitionKey: string): string {
  const { KeyConditionExpression: condition = "", ExpressionAttributeNames: names = {} } = input;
  for (const [, name = "", value = ""] of condition.matchAll(/(#?\w+)\s*=\s*(:\w+)/g)) {
    if ((names[name] ?? name) === partitionKey) return input.ExpressionAttributeValues?.[value]?.S ?? "";
  }
  throw new Error(`the meter finds no partition key in ${condition}`);
}
