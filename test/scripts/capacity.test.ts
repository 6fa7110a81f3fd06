// The units that the benchmark computes: by hand, against what the engine reports for any writes, and in a tiny section.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BatchGetItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  type KeySchemaElement,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tableAt } from "../../functions/env.ts";
import { openTable } from "../../functions/store/client.ts";
import type { Item } from "../../functions/store/table/item.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { capacity } from "../../scripts/bench/capacity.ts";
import { type Meter, makeMeter, type Usage } from "../../scripts/bench/meter.ts";
import type { Row } from "../../scripts/bench/section.ts";
import { itemBytes, kindOf } from "../../scripts/bench/units.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";

let engine: TestEngine;
let table: Table;
let meter: Meter;
beforeAll(async () => {
  engine = await startTestEngine();
  const uncounted = await newTableWithLocalIndex();
  table = openTable(tableAt(engine.endpoint, uncounted.name));
  meter = await makeMeter(table, uncounted);
});
afterAll(async () => {
  table.client.destroy();
  await engine.stop();
});

/** A table with an index of each kind, so that the rules for both are tested; that of the product has no local one. */
async function newTableWithLocalIndex(): Promise<Table> {
  const { client } = await engine.newTable();
  const name = "both-kinds-of-index";
  const keys = (hash: string, range: string): KeySchemaElement[] => [
    { AttributeName: hash, KeyType: "HASH" },
    { AttributeName: range, KeyType: "RANGE" },
  ];
  const local = { IndexName: "by_order", KeySchema: keys("pk", "ord") };
  const global = { IndexName: "by_time", KeySchema: keys("tpk", "tsk") };
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["pk", "sk", "ord", "tpk", "tsk"].map((AttributeName) => ({
        AttributeName,
        AttributeType: "S",
      })),
      KeySchema: keys("pk", "sk"),
      LocalSecondaryIndexes: [{ ...local, Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["sample"] } }],
      GlobalSecondaryIndexes: [{ ...global, Projection: { ProjectionType: "KEYS_ONLY" } }],
    }),
  );
  return { name, client };
}

describe("sizes", () => {
  test.each<[string, Item, number]>([
    ["no attributes", {}, 0],
    ["texts in UTF-8, names included", { pk: { S: "A#1" }, naïve: { S: "é" } }, 2 + 3 + 6 + 2],
    ["bytes", { b: { B: new Uint8Array(7) } }, 1 + 7],
    ["sets", { s: { SS: ["ab", "c"] }, n: { NS: ["1"] }, b: { BS: [new Uint8Array(4)] } }, 1 + 3 + 1 + 2 + 1 + 4],
    // Two significant digits a byte, and a byte; zeros at the ends do not count.
    [
      "numbers",
      { a: { N: "12345" }, b: { N: "-1.5" }, c: { N: "0" }, d: { N: "1000" } },
      1 + 4 + 1 + 3 + 1 + 1 + 1 + 2,
    ],
    ["booleans and null", { t: { BOOL: false }, n: { NULL: true } }, 2 + 2],
    ["lists and maps", { l: { L: [{ S: "ab" }] }, m: { M: { k: { S: "v" } } } }, 1 + 3 + 1 + 2 + 1 + 3 + 1 + 2],
  ])("%s", (_, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });

  test("the kind of an item is the first word of its partition key", () => {
    expect([kindOf("CELL#default#0#all"), kindOf("FORMAT")]).toEqual(["CELL", "FORMAT"]);
  });
});

const keyOf = (sk: string, pk = "A#1"): Item => ({ pk: { S: pk }, sk: { S: sk } });

/** An item of exactly `bytes` bytes, with a sort key of one letter. */
const itemOf = (sk: string, bytes: number): Item => ({ ...keyOf(sk), v: { S: "x".repeat(bytes - 9) } });

/** Its entry in the local index has the sample, which takes `sample` bytes, and in the global one its keys. */
const indexed = (sk: string, sample: number, order = "o"): Item => ({
  ...keyOf(sk),
  ord: { S: order },
  sample: { S: "x".repeat(sample) },
  tpk: { S: "T#0" },
  tsk: { S: sk },
});

const putInTransaction = (item: Item): TransactWriteItem => ({ Put: { TableName: table.name, Item: item } });

// Requests, to be sent when called.
type Send = () => Promise<unknown>;
const put =
  (item: Item): Send =>
  () =>
    table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));
const remove =
  (sk: string): Send =>
  () =>
    table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyOf(sk) }));
const transaction =
  (...writes: TransactWriteItem[]): Send =>
  () =>
    table.client.send(new TransactWriteItemsCommand({ TransactItems: writes }));
const update =
  (sk: string, name: string, value: string): Send =>
  () =>
    table.client.send(
      new UpdateItemCommand({
        TableName: table.name,
        Key: keyOf(sk),
        UpdateExpression: "SET #n = :v",
        ExpressionAttributeNames: { "#n": name },
        ExpressionAttributeValues: { ":v": { S: value } },
      }),
    );

/** What a request consumes when the items a and b are not stored, except by others before it. */
async function usageOf(request: Send, ...others: Send[]): Promise<Usage> {
  for (const each of [remove("a"), remove("b"), ...others]) await each();
  return meter.during(request);
}

const writesByKind = ({ kinds }: Usage) => Object.fromEntries([...kinds].map(([kind, { writes }]) => [kind, writes]));

describe("write units", () => {
  test.each<[string, () => Promise<Usage>, Record<string, number>]>([
    ["1024 bytes are a unit", () => usageOf(put(itemOf("a", 1024))), { A: 1 }],
    ["1025 bytes are two", () => usageOf(put(itemOf("a", 1025))), { A: 2 }],
    ["a transaction writes twice", () => usageOf(transaction(putInTransaction(itemOf("a", 1025)))), { A: 4 }],
    [
      "a smaller item costs as much as the one it replaces",
      () => usageOf(put(itemOf("a", 20)), put(itemOf("a", 3000))),
      { A: 3 },
    ],
    ["a larger one costs its own size", () => usageOf(put(itemOf("a", 3000)), put(itemOf("a", 20))), { A: 3 }],
    ["a delete costs the item", () => usageOf(remove("a"), put(itemOf("a", 2049))), { A: 3 }],
    ["a delete of nothing", () => usageOf(remove("a")), { A: 1 }],
    ["an update costs the whole item", () => usageOf(update("a", "w", "w"), put(itemOf("a", 2047))), { A: 3 }],
    ["index entries, by their own size", () => usageOf(put(indexed("a", 1500))), { A: 2, by_order: 2, by_time: 1 }],
    [
      "a transaction does not double index entries",
      () => usageOf(transaction(putInTransaction(indexed("a", 1500)), putInTransaction(itemOf("b", 100)))),
      { A: 6, by_order: 2, by_time: 1 },
    ],
    [
      "unchanged entries cost nothing",
      () => usageOf(put({ ...indexed("a", 100), v: { S: "new" } }), put(indexed("a", 100))),
      { A: 1 },
    ],
    [
      "a changed entry is written once",
      () => usageOf(put(indexed("a", 10)), put(indexed("a", 1500))),
      { A: 2, by_order: 2 },
    ],
    [
      "a moved entry is deleted and written",
      () => usageOf(put(indexed("a", 10, "p")), put(indexed("a", 1500, "o"))),
      { A: 2, by_order: 3 },
    ],
    [
      "a deleted item leaves its indexes",
      () => usageOf(remove("a"), put(indexed("a", 10))),
      { A: 1, by_order: 1, by_time: 1 },
    ],
  ])("%s", async (_, measured, expected) => {
    const usage = await measured();
    expect(writesByKind(usage)).toEqual(expected);
    expect(usage.reported.writes).toBe(usage.writes);
  });

  test("a partition key has its items and their local index entries; a global index has keys of its own", async () => {
    const { partitions } = await usageOf(put(indexed("a", 1500)));
    expect([...partitions]).toEqual([
      ["A#1", { reads: 0, writes: 4 }],
      ["by_time/T#0", { reads: 0, writes: 1 }],
    ]);
  });

  test("a failed request is counted as failed and in no sum", async () => {
    const usage = await meter.during(() =>
      table.client
        .send(
          new PutItemCommand({
            TableName: table.name,
            Item: itemOf("a", 20),
            ConditionExpression: "attribute_exists(zz)",
          }),
        )
        .catch(() => {}),
    );
    expect(usage).toMatchObject({ requests: 1, failed: 1, writes: 0, reported: { reads: 0, writes: 0 } });
  });
});

test("read units are charged to the key that is read, items of a batch by their size", async () => {
  await put(itemOf("a", 4097))();
  await put({ ...itemOf("b", 100), ...keyOf("b", "B#1") })();
  await put(indexed("c", 5000))();
  const usage = await meter.during(async () => {
    const Keys = [keyOf("a"), keyOf("b", "B#1"), keyOf("none", "B#2")];
    await table.client.send(
      new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys, ConsistentRead: true } } }),
    );
    await table.client.send(new GetItemCommand({ TableName: table.name, Key: keyOf("a"), ConsistentRead: true }));
    await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: "by_order",
        ConsistentRead: true,
        KeyConditionExpression: "#p = :p AND ord = :o",
        ExpressionAttributeNames: { "#p": "pk" },
        ExpressionAttributeValues: { ":p": { S: "A#1" }, ":o": { S: "o" } },
      }),
    );
  });
  expect([...usage.kinds]).toEqual([
    ["A", { reads: 4, writes: 0 }],
    ["B", { reads: 2, writes: 0 }],
    ["by_order", { reads: 2, writes: 0 }],
  ]);
  expect([...usage.partitions]).toEqual([
    ["A#1", { reads: 6, writes: 0 }],
    ["B#1", { reads: 1, writes: 0 }],
    ["B#2", { reads: 1, writes: 0 }],
  ]);
  expect(usage).toMatchObject({ requests: 3, reads: 8, writes: 0, reported: { reads: 8, writes: 0 } });
  const scan = await meter.during(() => table.client.send(new ScanCommand({ TableName: table.name })));
  expect([...scan.kinds.keys()]).toEqual(["scan"]);
});

test("the computed units of any writes are those that the engine reports", async () => {
  const sk = fc.constantFrom("a", "b", "c");
  const item = fc.oneof(
    fc.record({ sk, bytes: fc.integer({ min: 9, max: 5_000 }) }).map(({ sk, bytes }) => itemOf(sk, bytes)),
    fc
      .record({ sk, sample: fc.integer({ min: 0, max: 3_000 }), order: fc.constantFrom("o", "p") })
      .map(({ sk, sample, order }) => indexed(sk, sample, order)),
  );
  const write = fc.oneof(
    item.map((each): [string, TransactWriteItem] => [each["sk"]?.S ?? "", putInTransaction(each)]),
    sk.map((each): [string, TransactWriteItem] => [each, { Delete: { TableName: table.name, Key: keyOf(each) } }]),
    fc
      .tuple(sk, fc.integer({ min: 0, max: 3_000 }), fc.constantFrom("ord", "sample", "v", "tsk"))
      .map(([each, bytes, name]): [string, TransactWriteItem] => [
        each,
        {
          Update: {
            TableName: table.name,
            Key: keyOf(each),
            UpdateExpression: "SET #n = :v",
            ExpressionAttributeNames: { "#n": name },
            // A sort key may have 1024 bytes.
            ExpressionAttributeValues: {
              ":v": { S: "y".repeat(name === "ord" || name === "tsk" ? 1 + (bytes % 3) : bytes) },
            },
          },
        },
      ]),
  );
  const writes = fc.uniqueArray(write, { selector: ([key]) => key, minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(writes, { minLength: 1, maxLength: 6 }), async (transactions) => {
      const usage = await meter.during(async () => {
        for (const each of transactions) await transaction(...each.map(([, one]) => one))();
      });
      expect(usage.writes).toBe(usage.reported.writes);
    }),
    { numRuns: 25 },
  );
});

describe("a tiny fleet", () => {
  const HOSTS = 20;
  let rows: readonly Row[];
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "vbdstat-capacity-"));
    try {
      rows = await capacity({ folder, quick: true, hosts: [HOSTS], profile: () => null });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);

  const rowOf = (name: string) => rows.find((row) => row.name === `Capacity/hosts=${HOSTS}/${name}`);
  const figuresOf = (name: string) => new Map(rowOf(name)?.figures.map(({ unit, value }) => [unit, value]));

  test("the computed units are the reported ones, and no request failed", () => {
    const figures = figuresOf("computed-against-reported");
    expect(figures.get("computed-WCU")).toBeGreaterThan(1_000);
    expect(["difference-WCU", "difference-RCU", "failed-requests"].map((unit) => figures.get(unit))).toEqual([0, 0, 0]);
  });

  test.each([
    ["store/single", "result"],
    ["count/alone", "host"],
    ["count/together=50", "host"],
    ["count/drained=500", "host"],
    ["store/batch=100", "result"],
  ])("%s: the kinds sum up to the whole, and the hottest key gives the rate", (name, per) => {
    const figures = figuresOf(name);
    for (const unit of ["WCU", "RCU"]) {
      const kinds = [...figures].filter(([each]) => each.endsWith(`-${unit}/${per}`) && !each.startsWith("hottest"));
      expect(kinds.reduce((sum, [, value]) => sum + value, 0)).toBeCloseTo(figures.get(`${unit}/${per}`) ?? -1, 6);
    }
    if (name === "store/batch=100") return;
    const hottest = figures.get(`hottest-WCU/${per}`) ?? 0;
    expect(hottest).toBeGreaterThan(0);
    expect(figures.get(`${per}s/s`)).toBeCloseTo(
      Math.min(1_000 / hottest, 3_000 / (figures.get(`hottest-RCU/${per}`) ?? 0)),
      6,
    );
  });

  test("every host is drained, hosts together cost less than alone, and a repeated comparison reads less", () => {
    expect(rowOf("count/drained=500")?.iterations).toBe(HOSTS);
    expect(figuresOf("count/together=50").get("WCU/host")).toBeLessThan(figuresOf("count/alone").get("WCU/host") ?? 0);
    for (const query of ["all", "cohorts=50"]) {
      const [afresh, again] = ["afresh", "again"].map((time) => figuresOf(`compare/${query}/${time}`));
      expect(again?.get("RCU/comparison")).toBeLessThan(afresh?.get("RCU/comparison") ?? 0);
    }
  });

  test("there is a row of sizes for each kind, and an average is no larger than the largest", () => {
    const sizes = rows.filter(({ name }) => name.includes("/sizes/"));
    expect(sizes.length).toBeGreaterThan(3);
    for (const { figures } of sizes) expect(figures[0]?.value).toBeLessThanOrEqual(figures[1]?.value ?? 0);
    // Three months of two backends, one result each, of some hosts twice; and the batch.
    expect(rowOf("sizes/RUN")?.iterations).toBe(
      2 * HOSTS +
        (rowOf("store/single")?.iterations ?? 0) +
        2 * (rowOf("count/together=50")?.iterations ?? 0) +
        2 * HOSTS +
        100,
    );
  });
});
