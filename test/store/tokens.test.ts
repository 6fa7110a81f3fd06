// Tokens while others write: every new token lists its fleet, so two that are made at once are in each other's way.

import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { secretHash } from "../../functions/service/tokens.ts";
import { makeTokenStore } from "../../functions/store/fleet/tokens.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { Token } from "../../shared/run/token.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const HASH = secretHash("a secret");
const AT = "2026-11-22T11:00:00.000Z";

const TOKEN: Token = {
  id: "t1",
  fleet: "default",
  scope: "read",
  root: false,
  hosts: null,
  expires_at: null,
  label: null,
  created_at: "2026-11-22T10:00:00.000Z",
  revoked_at: null,
};

/** The table while somebody else writes the same items during the first `times` transactions. */
const contended = (table: Table, times: number): Table =>
  interfering(table, async ({ name, count }, pass) => {
    if (name !== "TransactWriteItems" || count > times) return pass();
    throw new TransactionCanceledException({
      message: "cancelled",
      $metadata: {},
      CancellationReasons: [{ Code: "None" }, { Code: "TransactionConflict" }],
    });
  });

test("a token that is made or ended while others write is made or ended all the same", async () => {
  const table = await engine.newTable();
  await makeTokenStore(contended(table, 2)).add(TOKEN, HASH);
  expect(await makeTokenStore(table).find(HASH)).toEqual(TOKEN);
  const [stored] = await makeTokenStore(table).list("default");
  expect(stored).toEqual({ secretHash: HASH, token: TOKEN, isGenuine: true });
  if (stored !== undefined) await makeTokenStore(contended(table, 2)).revoke(stored, AT);
  expect(await makeTokenStore(table).find(HASH)).toEqual({ ...TOKEN, revoked_at: AT });
});

test("an admin who never gets through is told to slow down, and of no fault of the service", async () => {
  const table = await engine.newTable();
  const busy = makeTokenStore(contended(table, Number.POSITIVE_INFINITY));
  await expect(busy.add(TOKEN, HASH)).rejects.toMatchObject({ code: "slow_down" });
  expect(await makeTokenStore(table).find(HASH)).toBeNull();
});

test("a revoked token stays, and its secret never opens anything again", async () => {
  const table = await engine.newTable();
  const tokens = makeTokenStore(table);
  await tokens.add(TOKEN, HASH);
  const [stored] = await tokens.list(null);
  expect.assert(stored !== undefined);
  await tokens.revoke(stored, AT);
  // Again, and as it was listed before: the first time stands.
  await tokens.revoke(stored, "2027-01-01T00:00:00.000Z");
  await expect(tokens.add({ ...TOKEN, id: "t2" }, HASH)).rejects.toMatchObject({ code: "forbidden" });
  expect(await tokens.list(null)).toEqual([{ secretHash: HASH, token: { ...TOKEN, revoked_at: AT }, isGenuine: true }]);
});

test("a token that is added again stays as it is", async () => {
  const table = await engine.newTable();
  const tokens = makeTokenStore(table);
  await tokens.add(TOKEN, HASH);
  await tokens.add({ ...TOKEN, scope: "admin" }, HASH);
  expect(await tokens.find(HASH)).toEqual(TOKEN);
});

test("lists of one fleet and of all have every token, the oldest first, from all partitions", async () => {
  const tokens = makeTokenStore(await engine.newTable());
  const made = Array.from({ length: 40 }, (_, index) => ({
    ...TOKEN,
    id: `t${index}`,
    fleet: index % 2 === 0 ? "default" : "lab",
    created_at: `2026-11-22T10:00:${String(index).padStart(2, "0")}.000Z`,
  }));
  await Promise.all(made.map((token) => tokens.add(token, secretHash(token.id))));
  expect((await tokens.list(null)).map(({ token }) => token)).toEqual(made);
  expect((await tokens.list("lab")).map(({ token }) => token)).toEqual(made.filter(({ fleet }) => fleet === "lab"));
});
