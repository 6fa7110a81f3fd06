// Shares in the real table: documents whole or not at all, written once, counted, and gone when the share is.

import { DeleteItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeShareStore } from "../../functions/store/fleet/shares.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { Share } from "../../shared/run/share.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";

let engine: TestEngine;
let table: Table;
let shares: ReturnType<typeof makeShareStore>;
let made = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());
beforeEach(async () => {
  table = await engine.newTable();
  shares = makeShareStore(table);
});

function aShare(fleet = "default"): Share {
  made += 1;
  return {
    id: made.toString(16).padStart(32, "0"),
    fleet,
    kind: "compare",
    query: { baseline: ["loop"], candidate: ["phy"] },
    frozen: true,
    title: null,
    created_by: { token_id: "t", label: null },
    created_at: new Date(Date.UTC(2026, 10, 22) + made * 1_000).toISOString(),
  };
}

const text = (content: string) => new TextEncoder().encode(content);

/** Bytes that no compression makes smaller, the same for the same seed. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

async function itemsOf(id: string) {
  const query = { KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": { S: `SHARE#${id}` } } };
  return (await table.client.send(new QueryCommand({ TableName: table.name, ...query }))).Items ?? [];
}

test("a share is found as it was made, with its documents", async () => {
  const share = aShare();
  await shares.add(share, [
    { name: "txt", bytes: text("as of") },
    { name: "empty", bytes: text("") },
  ]);
  expect(await shares.find(share.id)).toEqual({ share, revokedAt: null });
  expect(Buffer.from((await shares.document(share.id, "txt")) ?? []).toString()).toBe("as of");
  expect(await shares.document(share.id, "empty")).toHaveLength(0);
  expect(await shares.document(share.id, "tx")).toBeNull();
  expect(await shares.find("f".repeat(32))).toBeNull();
});

test("a document larger than an item comes back byte for byte", async () => {
  const share = aShare();
  const [begun, kept] = [noise(700_000, 1), noise(1_000_000, 2)];
  await shares.add(share, [{ name: "png", bytes: begun }]);
  await shares.addDocument(share.id, { name: "later", bytes: kept });
  expect(Buffer.compare((await shares.document(share.id, "png")) ?? text(""), begun)).toBe(0);
  expect(Buffer.compare((await shares.document(share.id, "later")) ?? text(""), kept)).toBe(0);
});

test("a document of which a piece is missing is none: half a picture must never be kept by a cache", async () => {
  const share = aShare();
  await shares.add(share, [{ name: "png", bytes: noise(700_000) }]);
  const last = (await itemsOf(share.id)).filter((item) => item["sk"]?.S?.startsWith("document#")).at(-1);
  await table.client.send(
    new DeleteItemCommand({
      TableName: table.name,
      Key: { pk: last?.["pk"] ?? { S: "" }, sk: last?.["sk"] ?? { S: "" } },
    }),
  );
  expect(await shares.document(share.id, "png")).toBeNull();
});

test("of ten who keep a document at once one wins, and all get the bytes of the winner", async () => {
  const share = aShare();
  await shares.add(share, []);
  const kept = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      shares.addDocument(share.id, { name: "svg", bytes: text(`number ${index}`) }),
    ),
  );
  const stored = await shares.document(share.id, "svg");
  expect(stored).not.toBeNull();
  for (const bytes of kept) expect(Buffer.from(bytes ?? [])).toEqual(Buffer.from(stored ?? []));
});

test("takes more than a hundred documents, what older versions stopped at, and each once", async () => {
  const share = aShare();
  await shares.add(share, [{ name: "first", bytes: text("1") }]);
  for (let index = 1; index < 110; index += 1) {
    expect(await shares.addDocument(share.id, { name: `more ${index}`, bytes: text("x") })).not.toBeNull();
  }
  expect(Buffer.from((await shares.addDocument(share.id, { name: "first", bytes: text("2") })) ?? []).toString()).toBe(
    "1",
  );
});

test("an ended share keeps what it was and nothing else, takes no document, and stays ended since the first time", async () => {
  const share = aShare();
  await shares.add(share, [{ name: "txt", bytes: text("as of") }]);
  await shares.revoke(share, "2026-11-23T00:00:00.000Z");
  await shares.revoke(share, "2026-11-24T00:00:00.000Z");
  expect(await shares.find(share.id)).toEqual({ share, revokedAt: "2026-11-23T00:00:00.000Z" });
  expect(await shares.addDocument(share.id, { name: "svg", bytes: text("x") })).toBeNull();
  expect((await itemsOf(share.id)).map((item) => item["sk"]?.S)).toEqual(["share"]);
  expect((await shares.list("default", 10)).items).toEqual([]);
});

test("a fleet's shares, newest first, over pages, without those of others", async () => {
  const own = [aShare("a"), aShare("a"), aShare("a")];
  const others = [aShare("b"), aShare("a-b")];
  for (const share of [...own, ...others]) await shares.add(share, []);
  const first = await shares.list("a", 2);
  const second = await shares.list("a", 2, first.cursor ?? "");
  expect([...first.items, ...second.items]).toEqual(own.toReversed());
  expect(second.cursor).toBeNull();
  await expect(shares.list("a", 2, "no cursor of ours")).rejects.toThrow("invalid cursor for this query");
  await expect(shares.list("b", 2, first.cursor ?? "")).rejects.toThrow("invalid cursor for this query");
  expect((await shares.list("c", 2)).items).toEqual([]);
});
