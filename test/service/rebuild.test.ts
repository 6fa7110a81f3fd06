// Rebuilding a fleet in use: the statistics end as the runs give them, whatever is uploaded, withdrawn, aggregated or killed
// in the meantime, and readers never see fewer results than before.

import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { auditFleet } from "../../functions/service/audit.ts";
import { type RebuildOptions, rebuildFleet } from "../../functions/service/rebuild.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { readGenerations } from "../../functions/store/statistics/generations.ts";
import { makeHostStore } from "../../functions/store/statistics/hosts.ts";
import { type Item, itemText, keyItem, optionalBytes } from "../../functions/store/table/item.ts";
import { ALL_COHORTS, cellKey, keyText, summaryKey } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { aggregateAll, aggregateOver, rebuildOver } from "./play.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const FLEET = "default";
const OF = { fleet: FLEET, generation: "0" };
const NOW = "2026-11-22T10:00:00.000Z";
const HOSTS = Array.from({ length: 8 }, (_, index) => `host${index}`);
const at = (number: number) => `2026-${number % 2 === 0 ? "10" : "11"}-01T00:00:00.000Z`;

/** A run on loop and one on phy of every host. */
const everyHost = (round: number) =>
  HOSTS.flatMap((host, index) =>
    (["loop", "phy"] as const).map((backend, which) => {
      const number = 10_000 * round + 10 * index + which;
      return newRun({ host, number, backend, at: at(number), rates: { putc: 100 + number } });
    }),
  );

const options = (changes: Partial<RebuildOptions> = {}): RebuildOptions => ({
  graceMs: 0,
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  onProgress: () => undefined,
  onError: (error) => {
    throw error;
  },
  ...changes,
});

const rebuild = (over = table, changes: Partial<RebuildOptions> = {}) =>
  rebuildFleet(rebuildOver(over), FLEET, options(changes));

/** Both audits: the operator's, by partitions, and a scan of the whole table, which also finds leftover items. */
async function expectClean(): Promise<void> {
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ differences: [], pendingHosts: 0 });
  expect(await audit(table)).toMatchObject({ differences: [], marks: 0 });
}

const hostsInCells = async (): Promise<number> => {
  const question = { fleet: FLEET, periods: ["all"], filters: {} };
  const { views } = await (await makeCellStore(table).open(question)).read("backend", "loop");
  return views.all.get("ALL")?.cell.hosts ?? 0;
};

test("a rebuilt fleet has the same statistics, in a new generation, and nothing is left of the old one", async () => {
  await makeRunStore(table).add(everyHost(0));
  await aggregateAll(table, FLEET);
  const steps: [number, number][] = [];
  expect(await rebuild(table, { onProgress: (done, of) => steps.push([done, of]) })).toEqual({
    hosts: HOSTS.length,
    failed: 0,
  });
  expect(steps.at(-1)).toEqual([HOSTS.length, HOSTS.length]);
  expect(await readGenerations(table, FLEET)).toMatchObject({ current: "1", rebuild: null, superseded: [] });
  expect(await hostsInCells()).toBe(HOSTS.length);
  await expectClean();
});

test("with uploads, withdrawals and two workers, it ends like the batch, and readers never see fewer results", async () => {
  const runs = makeChangeableRuns(table);
  const first = everyHost(0);
  await runs.add(first);
  await aggregateAll(table, FLEET);
  let isOver = false;
  const worker = async () => {
    while (!isOver) await aggregateFleet(aggregateOver(table), FLEET);
  };
  const client = async () => {
    for (let number = 500_000; !isOver; number += 1) {
      const host = number % 3 === 0 ? `new${number % 20}` : (HOSTS[number % HOSTS.length] ?? "");
      await runs.add([newRun({ host, number, backend: "loop", at: at(number), rates: { putc: 7 + (number % 50) } })]);
      // Only second runs are withdrawn, so that every host keeps its run on loop.
      if (number % 4 === 0) await runs.withdraw(FLEET, first[1 + 2 * (number % HOSTS.length)]?.run.id ?? "", NOW);
    }
  };
  const seen: number[] = [];
  const reader = async () => {
    while (!isOver) {
      seen.push(await hostsInCells());
      seen.push((await makeHostStore(table).list(FLEET, { order: "name", filters: {}, limit: 100 })).items.length);
    }
  };
  const others = [worker(), worker(), client(), reader()];
  for (let round = 0; round < 2; round += 1) await rebuild(table, { graceMs: 300 });
  isOver = true;
  await Promise.all(others);
  await aggregateAll(table, FLEET);
  expect((await readGenerations(table, FLEET)).current).toBe("2");
  expect(seen.length).toBeGreaterThan(5);
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(HOSTS.length);
  await expectClean();
});

class Died extends Error {}

/** A table whose user dies at its k-th write, and can do nothing after it. */
const dyingAt = (write: number, isDone: boolean): Table => {
  let writes = 0;
  return interfering(table, async ({ name }, pass) => {
    if (writes >= write) throw new Died();
    if (name === "TransactWriteItems" || name === "DeleteItem") {
      writes += 1;
      if (writes === write) {
        if (isDone) await pass();
        throw new Died();
      }
    }
    return pass();
  });
};

test("killed at any write, it leaves the results unchanged, and the next rebuild ends like the batch", async () => {
  const runs = makeRunStore(table);
  const some = HOSTS.slice(0, 2).map((host, number) => newRun({ host, number, rates: { putc: 100 + number } }));
  await runs.add(some);
  await aggregateAll(table, FLEET);
  let hours = 0;
  let deaths = 0;
  for (let write = 1; ; write += 1) {
    hours += 1;
    // An hour later the killed rebuild counts as lost.
    const clock = () => Date.parse(NOW) + hours * 3_600_000;
    const dying = dyingAt(write, write % 2 === 0);
    const isFinished = await rebuildFleet({ ...rebuildOver(dying), clock }, FLEET, options()).then(
      () => true,
      (error) => {
        expect(error).toBeInstanceOf(Died);
        return false;
      },
    );
    expect(await hostsInCells()).toBe(2);
    if (isFinished) break;
    deaths += 1;
    // Others continue between the death and the next rebuild.
    if (write % 3 === 0) {
      await runs.add([newRun({ host: HOSTS[0] ?? "", number: 100 + write, rates: { putc: 50 + write } })]);
      await aggregateAll(table, FLEET);
    }
    expect((await auditFleet(makeFleetScan(table), FLEET)).differences).toEqual([]);
    hours += 1;
    await rebuildFleet({ ...rebuildOver(table), clock }, FLEET, options());
    expect((await readGenerations(table, FLEET)).superseded).toEqual([]);
    expect(await hostsInCells()).toBe(2);
  }
  expect(deaths).toBeGreaterThan(5);
  await expectClean();
});

test("a worker that read its pending hosts before the rebuild and clears them after it loses no run", async () => {
  const runs = makeRunStore(table);
  await runs.add(everyHost(0));
  await aggregateAll(table, FLEET);
  await runs.add([newRun({ host: "late", number: 1, rates: { putc: 100 } })]);
  let goOn = () => {};
  const released = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let stopped = () => {};
  const isStopped = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const slow = interfering(table, async ({ name }, pass) => {
    if (name === "TransactWriteItems") {
      stopped();
      await released;
    }
    return pass();
  });
  const worker = aggregateFleet(aggregateOver(slow), FLEET);
  await isStopped;
  await rebuild(table, { graceMs: 0 });
  goOn();
  await worker;
  await aggregateAll(table, FLEET);
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ differences: [], pendingHosts: 0 });
});

describe("two rebuilds of one fleet", () => {
  test("the second is rejected while the first has heartbeats, and the error says when to retry", async () => {
    await makeRunStore(table).add(everyHost(0));
    let second: Promise<unknown> = Promise.resolve();
    const first = rebuild(table, {
      onProgress: () => {
        second = second.then(() => rebuild());
        second.catch(() => undefined);
      },
    });
    await first;
    await expect(second).rejects.toThrow(/a rebuild of fleet default is running; if it was killed, retry in 60/);
    await expectClean();
  });

  test("one that counts as lost notices it, and activates nothing", async () => {
    await makeRunStore(table).add(everyHost(0));
    const later = { ...rebuildOver(table), clock: () => Date.parse(NOW) + 3_600_000 };
    let hasRun = false;
    const sleepy = interfering(table, async ({ name, count }, pass) => {
      if (name === "TransactWriteItems" && count === 3 && !hasRun) {
        hasRun = true;
        await rebuildFleet(later, FLEET, options());
      }
      return pass();
    });
    await expect(rebuild(sleepy)).rejects.toThrow(/another rebuild of fleet default has taken over/);
    expect((await readGenerations(table, FLEET)).current).toBe("2");
    await aggregateAll(table, FLEET);
    expect((await auditFleet(makeFleetScan(table), FLEET)).differences).toEqual([]);
  });
});

/** The first cell of a period that has an item of its own. */
async function someCell(period: string): Promise<Item> {
  for await (const item of makeFleetScan(table).cellItems(OF, period)) {
    if (itemText(item, "pk").startsWith("CELL#")) return item;
  }
  throw new Error("no cell");
}

describe("the audit finds", () => {
  beforeEach(async () => {
    await makeRunStore(table).add(everyHost(0).slice(0, 8));
    await aggregateAll(table, FLEET);
  });

  test("a changed byte in a cell, and a rebuild fixes it", async () => {
    const cell = await someCell("2026-10");
    const bytes = Buffer.from(optionalBytes(cell, "trusted") ?? []);
    bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: { ...cell, trusted: { B: bytes } } }));
    const { differences } = await auditFleet(makeFleetScan(table), FLEET);
    expect(differences).toEqual([{ key: `${itemText(cell, "pk")} ${itemText(cell, "sk")}`, kind: "different" }]);
    await rebuild();
    await expectClean();
  });

  test("a missing summary and a missing cell, and a rebuild fixes them", async () => {
    const cell = await someCell("all");
    const gone = [
      keyItem(summaryKey(OF, "all", "host0")),
      keyItem({ pk: itemText(cell, "pk"), sk: itemText(cell, "sk") }),
    ];
    for (const Key of gone) await table.client.send(new DeleteItemCommand({ TableName: table.name, Key }));
    const { differences } = await auditFleet(makeFleetScan(table), FLEET);
    expect(differences.map(({ key, kind }) => [key.split("#")[0], kind])).toEqual([
      ["HOST", "missing"],
      ["CELL", "missing"],
    ]);
    await rebuild();
    await expectClean();
  });

  test("a cell of a pair that no host has", async () => {
    const cell = await someCell("all");
    const place = { cohort: ALL_COHORTS, kind: "pair", name: "loop:phy", scope: "v1/3G/8k/16", shard: 0 } as const;
    const key = cellKey(OF, "all", place);
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: { ...cell, ...keyItem(key) } }));
    expect((await auditFleet(makeFleetScan(table), FLEET)).differences).toEqual([
      { key: keyText(key), kind: "unexpected" },
    ]);
  });

  test("no difference in runs that are not counted yet, but the pending host", async () => {
    await makeRunStore(table).add([newRun({ host: "host0", number: 77, rates: { putc: 5 } })]);
    expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ pendingHosts: 1, differences: [] });
  });

  test("every cell and host in exactly one of the shards", async () => {
    const whole = await auditFleet(makeFleetScan(table), FLEET);
    const parts = await Promise.all(
      Array.from({ length: SHARDS }, (_, bucket) => auditFleet(makeFleetScan(table), FLEET, { shards: [bucket] })),
    );
    const sum = (of: "hosts" | "runs" | "cells") => parts.reduce((total, part) => total + part[of], 0);
    expect([sum("hosts"), sum("runs"), sum("cells")]).toEqual([whole.hosts, whole.runs, whole.cells]);
    expect(whole.hosts).toBeGreaterThan(1);
  });

  test("a damaged cell in its own shard, and only there", async () => {
    const cell = await someCell("2026-10");
    const key = { pk: itemText(cell, "pk"), sk: itemText(cell, "sk") };
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyItem(key) }));
    const of = Number(key.sk.at(-1));
    expect((await auditFleet(makeFleetScan(table), FLEET, { shards: [of] })).differences).toEqual([
      { key: `${key.pk} ${key.sk}`, kind: "missing" },
    ]);
    expect((await auditFleet(makeFleetScan(table), FLEET, { shards: [(of + 1) % SHARDS] })).differences).toEqual([]);
  });

  test("nothing, in repeated audits, while results come in and are counted", async () => {
    const store = makeRunStore(table);
    let isOver = false;
    const uploads = (async () => {
      for (let number = 100; !isOver; number += 1) {
        await store.add([newRun({ host: `host${number % 8}`, number, rates: { putc: 5 + (number % 7) } })]);
        await aggregateAll(table, FLEET);
      }
    })();
    for (let time = 0; time < 8; time += 1)
      expect((await auditFleet(makeFleetScan(table), FLEET)).differences).toEqual([]);
    isOver = true;
    await uploads;
    expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({
      differences: [],
      inFlux: 0,
      pendingHosts: 0,
    });
  });
});
