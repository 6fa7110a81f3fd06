// A table of format 2 as it was released (test/store/fixtures/format-2.jsonl): every version that works on tables of that format
// gives the same answers on it. Before the release of a format, FIXTURE=make writes its fixture again.

import { readFileSync, writeFileSync } from "node:fs";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { auditFleet } from "../../functions/service/audit.ts";
import { secretHash } from "../../functions/service/tokens.ts";
import { makeTokenStore } from "../../functions/store/fleet/tokens.ts";
import { makeQuarantineStore } from "../../functions/store/runs/quarantine.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { requireFormat } from "../../functions/store/table/format.ts";
import { itemFromJson, itemText, itemToJson } from "../../functions/store/table/item.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { expectGolden } from "../support/golden.ts";
import { audit } from "../support/recompute.ts";
import { makeTestService } from "../support/service.ts";
import { kindOf, makeItems } from "./fixture-items.ts";

const FILE = `${import.meta.dirname}/fixtures/format-2.jsonl`;

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
  if (process.env["FIXTURE"] === "make") {
    const items = await makeItems(engine.endpoint, await engine.newTable());
    writeFileSync(FILE, items.map((item) => `${itemToJson(item)}\n`).join(""));
  }
});
afterAll(() => engine.stop());

const stored = () => readFileSync(FILE, "utf8").trimEnd().split("\n").map(itemFromJson);

beforeEach(async () => {
  table = await engine.newTable();
  for (const item of stored()) {
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));
  }
});

test("this version writes the kinds of items that the fixture has, no more and no fewer", async () => {
  const made = await makeItems(engine.endpoint, await engine.newTable());
  expect([...new Set(made.map(kindOf))].sort()).toEqual([...new Set(stored().map(kindOf))].sort());
});

test("is read: runs, statistics, tokens, shares and quarantine", async () => {
  expect(await requireFormat(table)).toBe(true);
  const tokens = makeTokenStore(table);
  expect(await tokens.find(secretHash("secret-1"))).toMatchObject({ id: "token-1", root: true, revoked_at: null });
  const listed = await tokens.list(null);
  const service = await makeTestService(table);
  const read = async (path: string, token?: null) => {
    const answer = await service.send(path, token === null ? { token } : {});
    // The text of an error has the id of the request.
    return `${path}: ${answer.status}\n${answer.ok ? await answer.text() : ""}\n`;
  };
  const ids = stored()
    .filter(({ sk }) => sk?.S === "share")
    .map((item) => itemText(item, "pk").slice("SHARE#".length));
  const parts = [
    await read("/v1/compare.csv?baseline=loop&candidate=blktap2&view=all"),
    await read("/v1/compare.csv?baseline=loop&candidate=blktap2&site=ams&period=2026-10"),
    await read("/v1/backends.csv"),
    await read("/v1/hosts.csv"),
    await read("/v1/runs.csv"),
    JSON.stringify(listed, null, 1),
    ...(await Promise.all(ids.map((id) => read(`/s/${id}.csv`, null)))),
    JSON.stringify((await makeQuarantineStore(table, () => service.now).list("default", 10)).items, null, 1),
  ];
  expectGolden("format-2.txt", parts.join("\n"));
});

test("has the statistics that its runs give, before and after its pending host is counted", async () => {
  const scan = makeFleetScan(table);
  expect(await auditFleet(scan, "default")).toMatchObject({ differences: [], pendingHosts: 1, runs: 10 });
  await (await makeTestService(table)).aggregate();
  expect(await auditFleet(scan, "default")).toMatchObject({ differences: [], pendingHosts: 0, inFlux: 0 });
  expect(await audit(table)).toMatchObject({ differences: [], marks: 0 });
});
