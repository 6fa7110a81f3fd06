// What a question about cells may cost: a filter that lets thousands of cohorts through, over many periods and for every
// backend, would hold up everybody else.

import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { currentGeneration } from "../../functions/store/statistics/generations.ts";
import { keyItem } from "../../functions/store/table/item.ts";
import { ALL_COHORTS, cohortHash, cohortKey, type Key, totalsKey } from "../../functions/store/table/keys.ts";
import { type Table, transact } from "../../functions/store/table/table.ts";
import { emptyCell } from "../../shared/cells/cell.ts";
import { encodeTotals } from "../../shared/cells/totals.ts";
import { BACKENDS } from "../../shared/run/backends.ts";
import { periodsUpTo } from "../../shared/run/periods.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const PERIODS = periodsUpTo("2026-11", 60, "month");
const COHORTS = 40;

async function put(items: readonly { key: Key; cohort?: string }[]): Promise<void> {
  for (let from = 0; from < items.length; from += 100) {
    await transact(
      table,
      items.slice(from, from + 100).map(({ key, cohort }) => ({
        Put: {
          TableName: table.name,
          Item: { ...keyItem(key), ...(cohort === undefined ? {} : { cohort: { S: cohort } }) },
        },
      })),
    );
  }
}

test("a question that would read too many ranges is refused with what it would read and how to ask for less", async () => {
  const of = await currentGeneration(table, "default");
  const cohorts = Array.from({ length: COHORTS }, (_, n) => ({ site: "fra", hardware: `class ${n}` }));
  await put(
    PERIODS.flatMap((period) =>
      cohorts.map((cohort) => ({ key: cohortKey(of, period, cohortHash(cohort)), cohort: JSON.stringify(cohort) })),
    ),
  );
  const totals = encodeTotals(new Map(BACKENDS.map((name) => [name, { ...emptyCell(), hosts: 1, runs: 1 }])));
  const item = { ver: { S: "1" }, at: { S: "2026-11-22T10:00:00.000Z" }, trusted: { B: totals } };
  const key = totalsKey(of, "2026-11", ALL_COHORTS, 0);
  await transact(table, [{ Put: { TableName: table.name, Item: { ...keyItem(key), ...item } } }]);
  const { open } = makeCellStore(table);
  const question = { fleet: "default", filters: { site: ["fra"] } };
  const ranges = PERIODS.length * COHORTS * BACKENDS.length;
  expect(ranges).toBeGreaterThan(20_000);
  const wide = await open({ ...question, periods: PERIODS });
  await expect(wide.readAll("backend")).rejects.toMatchObject({
    code: "bad_parameter",
    message: expect.stringMatching(new RegExp(`read ${ranges} cell ranges.* limit is 20000 .* fewer periods`)),
  });
  const narrow = await open({ ...question, periods: PERIODS.slice(0, 2) });
  expect((await narrow.readAll("backend")).size).toBe(0);
  const recent = await open({ ...question, periods: PERIODS.slice(-2) });
  expect([...(await recent.readAll("backend")).keys()]).toEqual([...BACKENDS].sort());
});
