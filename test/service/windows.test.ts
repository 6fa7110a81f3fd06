import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { aggregateAll } from "./play.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
});
afterAll(() => engine.stop());

/** The number of runs in the value cells of a backend in a period. */
async function runsIn(period: string): Promise<number> {
  const question = { fleet: "default", periods: [period], filters: {} };
  const { views } = await (await makeCellStore(table).open(question)).read("backend", "loop");
  return views.all.get("ALL")?.cell.runs ?? 0;
}

test("a run counts in the month, quarter and year of its UTC time, to the millisecond, whatever the server's time zone", async () => {
  // Twelve hours east of UTC, all of these but the first are in the next year or quarter.
  expect(new Date("2025-12-31T23:59:59.999Z").getFullYear()).toBe(2026);
  const times = [
    "2025-12-31T23:59:59.999Z",
    "2026-01-01T00:00:00.000Z",
    "2026-03-31T23:59:59.999Z",
    "2026-04-01T00:00:00.000Z",
    "2026-12-31T23:59:59.999Z",
  ];
  await makeRunStore(table).add(times.map((at, number) => newRun({ number, at, rates: { putc: 100 } })));
  await aggregateAll(table, "default");
  const periods = [
    "2025-12",
    "2025-Q4",
    "2025",
    "2026-01",
    "2026-03",
    "2026-Q1",
    "2026-04",
    "2026-Q2",
    "2026-12",
    "2026",
  ];
  expect(await Promise.all([...periods, "2026-Q4", "2026-Q3", "2026-02", "2027", "all"].map(runsIn))).toEqual([
    1, 1, 1, 1, 1, 2, 1, 1, 1, 4, 1, 0, 0, 0, 5,
  ]);
  expect((await audit(table)).differences).toEqual([]);
});

test("only the newest 99 runs of each window count, and a withdrawn run makes room for another", async () => {
  const runs = makeChangeableRuns(table);
  // 120 in October, 60 in November, none in December.
  const at = (month: string, index: number) =>
    `2026-${month}-${String(1 + Math.floor(index / 10)).padStart(2, "0")}T00:00:${String(index % 10).padStart(2, "0")}.000Z`;
  const october = Array.from({ length: 120 }, (_, index) =>
    newRun({ number: index, at: at("10", index), rates: { putc: 100 + index } }),
  );
  const november = Array.from({ length: 60 }, (_, index) =>
    newRun({ number: 500 + index, at: at("11", index), rates: { putc: 900 + index } }),
  );
  // The newest first, so that later uploads are older and replace nothing in the windows.
  await runs.add(november);
  await aggregateAll(table, "default");
  await runs.add(october);
  await aggregateAll(table, "default");
  const counts = () => Promise.all(["2026-10", "2026-11", "2026-Q4", "all", "2026-12"].map(runsIn));
  expect(await counts()).toEqual([99, 60, 99, 99, 0]);
  await Promise.all(november.map(({ run }) => runs.withdraw("default", run.id, "2026-12-01T00:00:00.000Z")));
  await aggregateAll(table, "default");
  expect(await counts()).toEqual([99, 0, 99, 99, 0]);
  await Promise.all(
    october.slice(0, 70).map(({ run }) => runs.withdraw("default", run.id, "2026-12-01T00:00:00.000Z")),
  );
  await aggregateAll(table, "default");
  expect(await counts()).toEqual([50, 0, 50, 50, 0]);
  expect((await audit(table)).differences).toEqual([]);
});

test("of runs finished in the same millisecond, the 99 are chosen by id, in the windows as in the batch", async () => {
  await makeRunStore(table).add(
    Array.from({ length: 130 }, (_, number) => newRun({ number, rates: { putc: 100 + number } })),
  );
  await aggregateAll(table, "default");
  expect(await runsIn("all")).toBe(99);
  expect((await audit(table)).differences).toEqual([]);
});
