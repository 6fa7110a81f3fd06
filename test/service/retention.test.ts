// Retention: what is past its time is gone for every reader, deleted or not, and nothing else is.

import { PutItemCommand, ScanCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { auditFleet } from "../../functions/service/audit.ts";
import { installFirstAdmin, secretHash } from "../../functions/service/tokens.ts";
import { deleteExpired } from "../../functions/store/expiry.ts";
import { makeFirstAdminStore, makeTokenStore } from "../../functions/store/fleet/tokens.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { keyItem } from "../../functions/store/table/item.ts";
import { startRetention } from "../../local/server/retention.ts";
import type { Token } from "../../shared/run/token.ts";
import { jsonOf, type Refusal } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { makeTestService } from "../support/service.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const DAY = 86_400_000;

/** A pass over a table at a time, without pauses. */
const passAt = (now: number) => ({ clock: () => now, wait: async () => undefined, isStopping: () => false });

test("a revoked token is listed for a year, then nobody knows it", async () => {
  const service = await makeTestService(await engine.newTable());
  const answer = await service.send("/v1/tokens", { method: "POST", body: '{"scope":"read"}' });
  const { id, token } = await jsonOf<Token & { token: string }>(answer, 201);
  expect((await service.send(`/v1/tokens/${id}`, { method: "DELETE" })).status).toBe(204);
  const message = async () => (await jsonOf<Refusal>(service.send("/v1/runs", { token }), 401)).error.message;
  const listed = async () => {
    const { tokens } = await jsonOf<{ tokens: Token[] }>(service.send("/v1/tokens?revoked=true"), 200);
    return tokens.map((one) => one.id).includes(id);
  };
  service.now += 365 * DAY - 1_000;
  expect(await message()).toContain("was revoked at");
  expect(await listed()).toBe(true);
  service.now += 1_000;
  expect(await message()).toBe("unknown or revoked token");
  expect(await listed()).toBe(false);
});

test("a revoked root token stays revoked for ever: its secret never comes back as the first admin token", async () => {
  const table = await engine.newTable();
  let now = Date.parse("2026-11-22T10:00:00.000Z");
  const clock = () => now;
  const deps = { tokens: makeTokenStore(table, null, clock), firstAdmin: makeFirstAdminStore(table), clock };
  await installFirstAdmin(deps, secretHash("first"));
  await installFirstAdmin(deps, secretHash("second"));
  now += 3_650 * DAY;
  await deleteExpired(table, passAt(now));
  await expect(installFirstAdmin(deps, secretHash("first"))).rejects.toThrow("never comes back");
  expect((await deps.tokens.find(secretHash("first")))?.revoked_at).not.toBeNull();
  expect((await deps.tokens.find(secretHash("second")))?.revoked_at).toBeNull();
  expect(await deps.firstAdmin.get()).toBe(secretHash("second"));
});

test("the links of a revoked share answer 410 for a year, then 404", async () => {
  const service = await makeTestService(await engine.newTable());
  const body = JSON.stringify({ kind: "matrix", query: {}, frozen: true });
  const { id } = await jsonOf<{ id: string }>(service.send("/v1/shares", { method: "POST", body }), 201);
  const revoke = () => service.send(`/v1/shares/${id}`, { method: "DELETE" });
  expect((await revoke()).status).toBe(204);
  service.now += 100 * DAY;
  // Repeating it does not extend the year.
  expect((await revoke()).status).toBe(204);
  service.now += 265 * DAY - 1_000;
  expect((await service.send(`/s/${id}.json`, { token: null })).status).toBe(410);
  service.now += 1_000;
  expect((await service.send(`/s/${id}.json`, { token: null })).status).toBe(404);
  expect((await revoke()).status).toBe(404);
});

test("a withdrawn run with a retention is gone after it, and its line is then new", async () => {
  const service = await makeTestService(await engine.newTable());
  const runs = makeChangeableRuns(service.table, () => service.now);
  const [kept, gone] = [newRun({ number: 1 }), newRun({ number: 2 })];
  await runs.add([kept, gone]);
  const at = new Date(service.now).toISOString();
  const { id } = gone.run;
  await runs.withdraw("default", id, at, { reason: "wrong", daysKept: 30 });
  await service.aggregate();
  const scan = makeFleetScan(service.table, () => service.now);
  const listed = async (host?: string) => (await runs.list("default", { host, limit: 10 })).items.map((run) => run.id);
  const assertExact = async () => {
    expect((await auditFleet(scan, "default")).differences.filter(({ kind }) => kind !== "different")).toEqual([]);
    expect(await audit(service.table)).toMatchObject({ differences: [] });
  };
  service.now += 30 * DAY - 1_000;
  expect(await listed()).toContain(id);
  expect((await runs.restore("default", id, at))?.isChanged).toBe(true);
  await runs.withdraw("default", id, new Date(service.now).toISOString(), { daysKept: 30 });
  service.now += 30 * DAY;
  expect(await runs.get("default", id)).toBeNull();
  expect(await runs.withdraw("default", id, at)).toBeNull();
  expect(await runs.restore("default", id, at)).toBeNull();
  for (const host of [undefined, "h1"]) expect(await listed(host)).toEqual([kept.run.id]);
  await service.aggregate();
  await assertExact();
  expect(await runs.add([gone, kept])).toEqual(["stored", "duplicate"]);
  await service.aggregate();
  for (const host of [undefined, "h1"]) expect((await listed(host)).sort()).toEqual([id, kept.run.id].sort());
  await assertExact();
  // The entry of the withdrawn form is the only thing left that is past its time.
  expect(await deleteExpired(service.table, passAt(service.now))).toBe(1);
  for (const host of [undefined, "h1"]) expect((await listed(host)).sort()).toEqual([id, kept.run.id].sort());
  await assertExact();
});

test("a pass deletes what is past its time, over all pages, and nothing else", async () => {
  const table = await engine.newTable();
  const now = Date.parse("2026-11-22T10:00:00.000Z");
  const item = (sk: string, ttl: number | null) => ({
    ...keyItem({ pk: "TEST", sk }),
    ...(ttl === null ? {} : { ttl: { N: String(ttl) } }),
  });
  // More than one page of 500, from the past to the future.
  const seconds = Array.from({ length: 599 }, (_, number) => now / 1000 - 99 + number);
  const items = [item("kept", null), ...seconds.map((ttl) => item(`at ${ttl}`, ttl))];
  for (let from = 0; from < items.length; from += 100) {
    const puts = items.slice(from, from + 100).map((one) => ({ Put: { TableName: table.name, Item: one } }));
    await table.client.send(new TransactWriteItemsCommand({ TransactItems: puts }));
  }
  expect(await deleteExpired(table, passAt(now))).toBe(100);
  const { Items: left = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
  const test = left.filter(({ pk }) => pk?.S === "TEST");
  expect(test).toHaveLength(500);
  expect(test.filter(({ ttl }) => ttl !== undefined && Number(ttl.N) <= now / 1000)).toEqual([]);
  expect(await deleteExpired(table, passAt(now))).toBe(0);
});

test("the passes of a server repeat, survive an error, and end with it", async () => {
  const table = await engine.newTable();
  const put = (sk: string) =>
    table.client.send(
      new PutItemCommand({ TableName: table.name, Item: { ...keyItem({ pk: "TEST", sk }), ttl: { N: "1" } } }),
    );
  const errors: unknown[] = [];
  let clockCalls = 0;
  const clock = () => {
    clockCalls += 1;
    if (clockCalls === 1) throw new Error("the first pass fails");
    return Date.now();
  };
  const left = async () => {
    const { Items: items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
    return items.filter(({ pk }) => pk?.S === "TEST").length;
  };
  await put("a");
  const retention = startRetention(table, {
    firstAfterMs: 1,
    everyMs: 20,
    clock,
    onError: (error) => errors.push(error),
  });
  await expect.poll(left).toBe(0);
  await put("b");
  await expect.poll(left).toBe(0);
  expect(errors).toEqual([new Error("the first pass fails")]);
  await retention.stop();
  const calls = clockCalls;
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(clockCalls).toBe(calls);
});
