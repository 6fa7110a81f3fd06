// Tokens while others write: every new token lists its fleet, so two that are made at once are in each other's way.

import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Table } from "../../functions/store/table.ts";
import { makeTokenStore } from "../../functions/store/tokens.ts";
import type { Token } from "../../shared/model/token.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const TOKEN: Token = {
  id: "t1",
  fleet: "default",
  scope: "read",
  root: false,
  hosts: null,
  expires_at: null,
  label: null,
  created_at: "2026-11-22T10:00:00.000Z",
};

/** The table while somebody else writes the same items during the first `times` transactions. */
const contended = (times: number): Table =>
  interfering(table, async ({ name, count }, pass) => {
    if (name !== "TransactWriteItems" || count > times) return pass();
    throw new TransactionCanceledException({
      message: "cancelled",
      $metadata: {},
      CancellationReasons: [{ Code: "None" }, { Code: "TransactionConflict" }],
    });
  });

test("a token that is made or ended while others write is made or ended all the same", async () => {
  await makeTokenStore(contended(2)).add(TOKEN, "hash");
  expect(await makeTokenStore(table).find("hash")).toEqual(TOKEN);
  expect(await makeTokenStore(contended(2)).remove("default", "t1")).toBe(true);
  expect(await makeTokenStore(table).find("hash")).toBeNull();
});

test("an admin who never gets through is told to slow down, and of no fault of the service", async () => {
  const busy = makeTokenStore(contended(Number.POSITIVE_INFINITY));
  await expect(busy.add(TOKEN, "hash")).rejects.toMatchObject({ code: "slow_down" });
  expect(await makeTokenStore(table).list("default")).toEqual([]);
});
