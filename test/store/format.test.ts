// The format number: what this version makes of a table that has none, an earlier or a later one.

import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { tableAt } from "../../functions/env.ts";
import { makeAdmission } from "../../functions/service/admission.ts";
import { secretHash } from "../../functions/service/tokens.ts";
import { openTable } from "../../functions/store/client.ts";
import { makeActivityStore } from "../../functions/store/fleet/activity.ts";
import { makeSettingsStore } from "../../functions/store/fleet/settings.ts";
import { addFleet, makeTokenStore } from "../../functions/store/fleet/tokens.ts";
import { makePendingHosts } from "../../functions/store/runs/pending-hosts.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeHostCountStore } from "../../functions/store/statistics/host-counts.ts";
import { makeHostStore } from "../../functions/store/statistics/hosts.ts";
import { makeStatusStore } from "../../functions/store/status.ts";
import { beginFormat, FORMAT, readFormat, requireFormat, withFormatCheck } from "../../functions/store/table/format.ts";
import { type Item, keyItem } from "../../functions/store/table/item.ts";
import {
  FORMAT_KEY,
  runKey,
  tokenKey,
  tokenKeyOfFormat0,
  tokenListOfFormat0,
} from "../../functions/store/table/keys.ts";
import { getItem, partition, queryAll, type Table } from "../../functions/store/table/table.ts";
import { upgradeTable } from "../../functions/store/upgrade.ts";
import { makeHttpApp } from "../../functions/web/http/app.ts";
import { addReadRoutes } from "../../functions/web/routes/read.ts";
import type { Token } from "../../shared/run/token.ts";
import { SUMMARIES } from "../../shared/summaries/registry.ts";
import { jsonOf, type Refusal } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { newRun } from "../support/runs.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
const others: Table[] = [];
afterAll(async () => {
  for (const { client } of others) client.destroy();
  await engine.stop();
});
beforeEach(async () => {
  table = await engine.newTable();
});

const put = (item: Item) => table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));
const drop = (key: Item) => table.client.send(new DeleteItemCommand({ TableName: table.name, Key: key }));
const number = (format: number) => put({ ...keyItem(FORMAT_KEY), format: { S: String(format) } });

/** Takes the number out, as tables were before there was one. */
const unnumbered = () => drop(keyItem(FORMAT_KEY));

const TOKEN: Omit<Token, "revoked_at"> = {
  id: "t1",
  fleet: "default",
  scope: "admin",
  root: true,
  hosts: null,
  expires_at: null,
  label: null,
  created_at: "2026-11-22T10:00:00.000Z",
};

/** The two items that a token had in format 0. */
async function putOld(secret: string, token: object, listed: object | null = token): Promise<void> {
  const hash = secretHash(secret);
  const id = "id" in token ? String(token.id) : "";
  await addFleet(table, "default");
  await put({ ...keyItem(tokenKeyOfFormat0(hash)), token: { S: JSON.stringify(token) } });
  if (listed === null) return;
  const key = { pk: tokenListOfFormat0("default"), sk: id };
  await put({ ...keyItem(key), token: { S: JSON.stringify(listed) }, hash: { S: hash } });
}

/** A table of format 0: tokens of old secrets, and what was written past the service. */
async function format0(): Promise<void> {
  await unnumbered();
  for (const id of ["t1", "t2", "t3"]) await putOld(`old ${id}`, { ...TOKEN, id });
  await putOld("forged", { ...TOKEN, id: "forged" }, null);
  await putOld("changed", { ...TOKEN, id: "changed" }, { ...TOKEN, id: "changed", scope: "read", root: false });
}

describe("a new table", () => {
  test("gets the number of this version", async () => {
    expect(await readFormat(table)).toBe(FORMAT);
  });

  test("that was made elsewhere has none, which functions take for what it is, and is given one once", async () => {
    await unnumbered();
    expect(await readFormat(table)).toBeNull();
    expect(await getItem(withFormatCheck(opened()), runKey("default", "x"))).toBeNull();
    await beginFormat(table);
    await beginFormat(table);
    expect(await readFormat(table)).toBe(FORMAT);
  });
});

/** The same table by another client, as a process of its own opens it. */
function opened(): Table {
  const other = openTable(tableAt(engine.endpoint, table.name));
  others.push(other);
  return other;
}

describe.each([
  [
    "of a later version",
    () => number(FORMAT + 1),
    /has format 3, of a later vbdstat; this one reads format 2\. Run the/,
  ],
  ["without a number that holds something", format0, /has format 0, of an earlier vbdstat.* run: vbdstat upgrade$/],
])("a table %s", (_, make, message) => {
  test("is refused by servers and commands, with what to do", async () => {
    await make();
    await expect(requireFormat(table)).rejects.toMatchObject({
      name: "FormatError",
      message: expect.stringMatching(message),
    });
  });

  test("is refused by functions as unavailable, health included, with the reason in the log alone", async () => {
    await make();
    const faults: unknown[] = [];
    const log = { request: () => undefined, error: (_: string, error: unknown) => faults.push(error) };
    const clock = () => 0;
    const app = makeHttpApp({ clock, log });
    const checked = withFormatCheck(opened());
    addReadRoutes(app, {
      runs: makeRunStore(checked),
      cells: makeCellStore(checked),
      hosts: makeHostStore(checked),
      activity: makeActivityStore(checked),
      hostCounts: makeHostCountStore(checked),
      settings: makeSettingsStore(checked, Date.now),
      pendingHosts: makePendingHosts(checked),
      status: makeStatusStore(checked),
      tokens: makeTokenStore(checked),
      clock,
      summaries: SUMMARIES,
      admission: makeAdmission(),
      exports: makeAdmission(),
      about: { version: "test", engine: "dynamodb" },
    });
    for (const path of ["/healthz", "/v1/runs"]) {
      const answer = await app.request(`http://vbdstat.test${path}`, { headers: { Authorization: "Bearer old-t1" } });
      expect(answer.headers.get("Retry-After")).not.toBeNull();
      const { error } = await jsonOf<Refusal>(answer, 503);
      expect(error.message).toMatch(/^the service and its table have different versions.* retrying is safe$/);
    }
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatchObject({ cause: { message: expect.stringMatching(message) } });
  });
});

test("functions look at the number once in the life of a process", async () => {
  const asked: string[] = [];
  const checked = withFormatCheck(opened());
  checked.client.middlewareStack.add(
    (next) => (args) => {
      asked.push(JSON.stringify(args.input));
      return next(args);
    },
    { step: "initialize", priority: "low" },
  );
  for (let times = 0; times < 3; times += 1) await getItem(checked, runKey("default", "x"));
  expect(asked.filter((input) => input.includes("FORMAT"))).toHaveLength(1);
  expect(asked).toHaveLength(4);
});

describe("an upgrade from format 0", () => {
  test("takes over the tokens that were listed as they opened doors, and no others", async () => {
    await format0();
    expect(await upgradeTable(table)).toMatchObject({ from: 0, to: 2, tokens: 3, leftBehind: ["changed"] });
    const tokens = makeTokenStore(table);
    expect((await tokens.list(null)).map(({ token }) => token)).toEqual(
      expect.arrayContaining(["t1", "t2", "t3"].map((id) => ({ ...TOKEN, id, revoked_at: null }))),
    );
    for (const [secret, opens] of [
      ["old t1", true],
      ["old t3", true],
      ["forged", false],
      ["changed", false],
    ] as const) {
      expect((await tokens.find(secretHash(secret))) !== null, secret).toBe(opens);
    }
    expect((await queryAll(table, partition(tokenListOfFormat0("default")))).map(({ sk }) => sk?.S)).toEqual([
      "changed",
    ]);
    expect(await upgradeTable(table)).toMatchObject({ from: 2, to: 2, tokens: 0, leftBehind: [] });
  });

  test("killed after any write is gone on with by the next one, and until then the table counts as format 0", async () => {
    await format0();
    for (let writes = 0; ; writes += 1) {
      const dying = interfering(table, async ({ name, count }, pass) => {
        if (name === "TransactWriteItems" && count > 1) throw new Error("killed");
        return pass();
      });
      const outcome = await upgradeTable(dying).catch((error: Error) => error.message);
      if (outcome !== "killed") break;
      expect(await readFormat(table)).toBe(0);
      expect(writes).toBeLessThan(5);
    }
    expect(await readFormat(table)).toBe(FORMAT);
    const opens = await Promise.all(
      ["old t1", "old t2", "old t3"].map((one) => makeTokenStore(table).find(secretHash(one))),
    );
    expect(opens.map((token) => token?.id)).toEqual(["t1", "t2", "t3"]);
  });

  test("is not stopped by what somebody has put where a token goes", async () => {
    await format0();
    await put({ ...keyItem(tokenKey(secretHash("old t1"))), token: { S: "{}" } });
    await upgradeTable(table);
    expect((await makeTokenStore(table).find(secretHash("old t1")))?.id).toBe("t1");
  });

  test("takes over the tokens of a fleet whose name is a hexadecimal digit", async () => {
    await unnumbered();
    const token = { ...TOKEN, fleet: "a", id: "of a" };
    const hash = secretHash("of a");
    await addFleet(table, "a");
    await put({ ...keyItem(tokenKeyOfFormat0(hash)), token: { S: JSON.stringify(token) } });
    const key = { pk: tokenListOfFormat0("a"), sk: "of a" };
    await put({ ...keyItem(key), token: { S: JSON.stringify(token) }, hash: { S: hash } });
    await upgradeTable(table);
    expect((await makeTokenStore(table).list(null)).map((one) => one.token.id)).toEqual(["of a"]);
  });

  test("refuses a table whose results have an earlier form, and leaves it as it is", async () => {
    await format0();
    const run = newRun({ host: "h1", backend: "loop", number: 1 });
    await makeRunStore(table).add([run]);
    await rewritten(run.run.fleet, run.run.id);
    await expect(upgradeTable(table)).rejects.toMatchObject({
      name: "FormatError",
      message: expect.stringMatching(/results of fleet default .* cannot be read by this one\. Export them with/),
    });
    expect(await readFormat(table)).toBe(0);
    expect(await getItem(table, tokenKeyOfFormat0(secretHash("old t1")))).not.toBeNull();
  });

  test("goes on where only some results have one: these are named where they are read", async () => {
    await format0();
    const runs = ["h1", "h2", "h3"].map((host) => newRun({ host, backend: "loop", number: 1 }));
    await makeRunStore(table).add(runs);
    const [first] = runs;
    expect.assert(first !== undefined);
    await rewritten(first.run.fleet, first.run.id);
    expect(await upgradeTable(table)).toMatchObject({ tokens: 3 });
  });

  /** Writes a run in a form that this version does not know. */
  async function rewritten(fleet: string, id: string): Promise<void> {
    const item = await getItem(table, runKey(fleet, id));
    const ord = { S: `loop#v1/2G/8k/16#2026-11-01T00:00:00.000Z#${id}` };
    await put({ ...item, ord, run: { S: JSON.stringify(["a form", "nobody reads"]) } });
  }
});
