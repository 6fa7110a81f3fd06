// Copying a table into another one: complete, counted again, continued where it was interrupted, and never taken for complete
// when it is not.

import { randomUUID } from "node:crypto";
import { DeleteItemCommand, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { auditFleet } from "../../functions/service/audit.ts";
import { backupItems } from "../../functions/store/backup.ts";
import { copyTable } from "../../functions/store/copy.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { readFormat, requireFormat } from "../../functions/store/table/format.ts";
import { type Item, itemText, itemToJson, keyItem } from "../../functions/store/table/item.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { aggregateOver } from "../service/play.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { newRun } from "../support/runs.ts";
import { makeItems } from "./fixture-items.ts";

const engines: TestEngine[] = [];
let from: Table;
let to: Table;
beforeAll(async () => {
  // Two machines.
  engines.push(await startTestEngine(), await startTestEngine());
  const [source] = engines;
  expect.assert(source !== undefined);
  from = await source.newTable();
  await makeItems(source.endpoint, from);
  // Several pages of a scan.
  await makeRunStore(from).add(
    Array.from({ length: 260 }, (_, number) => newRun({ host: `many${number % 9}`, number, rates: { putc: 9 } })),
  );
  await aggregateFleet(aggregateOver(from), "default");
});
beforeEach(async () => {
  const [, destination] = engines;
  expect.assert(destination !== undefined);
  to = await destination.newTable();
});
afterAll(() => Promise.all(engines.map((engine) => engine.stop())));

const NOW = Date.parse("2026-11-23T00:00:00Z");

/** Copies, and gives the number of items that were copied so far, again and again. */
async function copy(into = to, out = from, now = NOW): Promise<number[]> {
  const copied: number[] = [];
  const total = await copyTable(
    out,
    into,
    {
      wait: async () => undefined,
      onCopied: (items) => copied.push(items),
      onVerified: () => undefined,
      now,
    },
    () => undefined,
  );
  return [...copied, total];
}

/** What a backup of a table contains, as text. */
async function contentOf(table: Table): Promise<string[]> {
  const found: string[] = [];
  for await (const items of backupItems(table, async () => undefined)) found.push(...items.map(itemToJson));
  return found.sort();
}

test("has every item of the source, and after counting the same statistics", async () => {
  const counts = await copy();
  expect(counts.length).toBeGreaterThan(2);
  expect(await contentOf(to)).toEqual(await contentOf(from));
  expect(counts.at(-1)).toBe((await contentOf(from)).length - 1);
  expect(await requireFormat(to)).toBe(true);
  await aggregateFleet(aggregateOver(to), "default");
  const there = await auditFleet(makeFleetScan(from), "default");
  expect(there.runs).toBe(270);
  expect(await auditFleet(makeFleetScan(to), "default")).toEqual(there);
});

describe("interrupted", () => {
  /** Interrupts a copy after it has recorded its progress. */
  async function interruptLater(): Promise<void> {
    let isRecorded = false;
    const dying = interfering(to, async ({ name, input }, pass) => {
      if (name === "TransactWriteItems" && isRecorded) throw new Error("killed");
      isRecorded ||= JSON.stringify(input).includes('"progress"');
      return pass();
    });
    await expect(copy(dying)).rejects.toThrow("killed");
  }

  /** Interrupts a copy before one of its transactions. */
  async function interrupt(transaction: number): Promise<void> {
    const dying = interfering(to, async ({ name, count }, pass) => {
      if (name === "TransactWriteItems" && count >= transaction) throw new Error("killed");
      return pass();
    });
    await expect(copy(dying)).rejects.toThrow("killed");
  }

  test("it is continued where it was, and until then no version uses the table", async () => {
    await interruptLater();
    await expect(readFormat(to)).rejects.toThrow(/a restore or copy into it is incomplete/);
    const [first = 0] = await copy();
    // Not the first page again: some hundred items were there before.
    expect(first).toBeGreaterThan(100);
    expect(await contentOf(to)).toEqual(await contentOf(from));
    expect(await readFormat(to)).toBe(2);
  });

  test("at any transaction, it ends with the same items", async () => {
    for (const transaction of [1, 4]) {
      to = await (engines[1] as TestEngine).newTable();
      await interrupt(transaction);
      await copy();
      expect(await contentOf(to)).toEqual(await contentOf(from));
    }
  });

  test("an item that was lost or changed in the destination is found", async () => {
    await interruptLater();
    const { Items = [] } = await to.client.send(new ScanCommand({ TableName: to.name }));
    const run = Items.find(({ pk }) => pk?.S?.startsWith("RUN#"));
    expect.assert(run !== undefined);
    const key = { pk: { S: itemText(run, "pk") }, sk: { S: itemText(run, "sk") } };
    const put = (item: Item) => to.client.send(new PutItemCommand({ TableName: to.name, Item: item }));
    await put({ ...run, host: { S: "another" } });
    await expect(copy()).rejects.toThrow(/differs from what was read \(RUN: 270 read, 270 found\)/);
    await to.client.send(new DeleteItemCommand({ TableName: to.name, Key: key }));
    await expect(copy()).rejects.toThrow(/differs from what was read \(RUN: \d+ read, 269 found\)/);
    await expect(readFormat(to)).rejects.toThrow(/incomplete/);
  });

  test("it is not continued with another source", async () => {
    await interruptLater();
    const other = await (engines[0] as TestEngine).newTable();
    await expect(copy(to, other)).rejects.toThrow(/contains a part of another backup or copy/);
  });
});

test("is refused by a table that holds anything", async () => {
  await to.client.send(new PutItemCommand({ TableName: to.name, Item: keyItem({ pk: "FLEETS", sk: randomUUID() }) }));
  await expect(copy()).rejects.toThrow(/is not empty/);
});

test("leaves out what has expired, which the destination may delete at any time", async () => {
  await copy(to, from, Date.parse("2027-12-01T00:00:00Z"));
  const kinds = (await contentOf(to)).filter((text) => /"(REJECT|USE)#/.test(text));
  expect(kinds).toEqual([]);
  expect((await contentOf(from)).some((text) => text.includes('"REJECT#'))).toBe(true);
});
