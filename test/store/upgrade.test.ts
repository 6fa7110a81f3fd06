// The upgrade of a table that an earlier version wrote. The fixture has every kind of item of format 1, as that version stored
// them: two hosts with four runs each, one of them withdrawn, and one rejected line.

import { readFileSync } from "node:fs";
import { PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { makeQuarantineStore } from "../../functions/store/runs/quarantine.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { FORMAT, readFormat } from "../../functions/store/table/format.ts";
import { itemFromJson } from "../../functions/store/table/item.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { upgradeTable } from "../../functions/store/upgrade.ts";
import { aggregateOver } from "../service/play.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { fixture } from "../support/fixtures.ts";
import { audit } from "../support/recompute.ts";
import { makeTestService } from "../support/service.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(async () => {
  table = await engine.newTable();
  const lines = readFileSync(`${import.meta.dirname}/fixtures/format-1.jsonl`, "utf8")
    .trimEnd()
    .split("\n");
  for (const line of lines) {
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: itemFromJson(line) }));
  }
});

/** The first words of the partition keys of a table. */
async function kinds(): Promise<ReadonlySet<string>> {
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
  return new Set(Items.map(({ pk }) => pk?.S?.split("#")[0] ?? ""));
}

async function expectUpgraded(): Promise<void> {
  expect(await readFormat(table)).toBe(FORMAT);
  expect([...(await kinds())].sort()).toEqual(["FLEETS", "FORMAT", "REJECT", "RUN", "SAMPLE", "TOKEN", "WORK"]);
  await aggregateFleet(aggregateOver(table), "default");
  expect(await audit(table)).toMatchObject({ runs: 8, differences: [], marks: 0 });
  const runs = await makeRunStore(table).list("default", { limit: 100 });
  expect(runs.items.map(({ host }) => host).sort()).toEqual([...Array(4).fill("h0"), ...Array(4).fill("h1")]);
  expect(runs.items.filter(({ withdrawn_at }) => withdrawn_at !== null)).toHaveLength(1);
  expect(
    (await makeQuarantineStore(table, () => Date.parse("2026-11-23T00:00:00Z")).list("default", 10)).items,
  ).toMatchObject([{ raw: expect.stringContaining("255x1") }]);
}

test("keeps runs, withdrawn ones too, rejected lines and tokens, and counts all runs again", async () => {
  expect(await upgradeTable(table)).toMatchObject({ from: 1, to: FORMAT, runs: 8, unreadable: [], leftBehind: [] });
  await expectUpgraded();
});

test("a retry of a line from before the upgrade is a duplicate", async () => {
  await upgradeTable(table);
  const service = await makeTestService(table);
  const line = fixture("seed-loop.csv").trim();
  const again = [
    ["# run: a", "# finished: 2026-11-01T00:00:00Z", line],
    ["# finished: 1762300000", line],
  ];
  for (const lines of again) {
    const answer = await service.post(lines.join("\n"), "?backend=loop&host=h0&site=fra&dom0_kernel=6.1.0");
    expect(await answer.text()).toMatch(/^stored 0, duplicate 1, rejected 0/);
  }
});

test("interrupted at any write it is completed by the next one, and until then the table has its old format", async () => {
  for (let writes = 0; ; writes += 1) {
    const dying = interfering(table, async ({ name, count }, pass) => {
      if (name === "TransactWriteItems" && count > 5) throw new Error("killed");
      return pass();
    });
    const outcome = await upgradeTable(dying).catch((error: Error) => error.message);
    if (outcome !== "killed") break;
    expect(await readFormat(table)).toBe(1);
    expect(writes).toBeLessThan(20);
  }
  await expectUpgraded();
});
