// A host on so many backends and strata that a change of its cohort touches more cells than one transaction may write.

import { afterAll, beforeAll, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { AppError } from "../../shared/errors.ts";
import { BACKENDS, type Backend } from "../../shared/run/backends.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { aggregateAll, aggregateOver } from "./play.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const STRATA = ["v1/2G/8k/16", "v2/8G/-/16"];

/** A run on every backend and stratum; then a run that moves the host to another site, and the only run of a group withdrawn. */
async function prepare(fleet: string, backends: readonly Backend[], strata: readonly string[]): Promise<void> {
  const runs = makeChangeableRuns(table);
  const everywhere = backends.flatMap((backend, b) =>
    strata.map((stratum, s) =>
      newRun({ fleet, number: 10 * b + s, backend, stratum, rates: { putc: 100 + b }, facts: { site: "fra" } }),
    ),
  );
  await runs.add(everywhere);
  await aggregateAll(table, fleet);
  await runs.add([
    newRun({ fleet, number: 999, at: "2026-11-02T00:00:00.000Z", rates: { putc: 150 }, facts: { site: "mun" } }),
  ]);
  await runs.withdraw(fleet, everywhere.at(-1)?.run.id ?? "", "2026-11-22T10:00:00.000Z");
}

/** Like the error of an unreachable store: the aggregation ends at once, without looking for the host that caused it. */
class Died extends AppError {
  constructor() {
    super("unavailable", "died");
  }
}

/** Aggregates until the given write; returns whether it was reached. */
async function stopAt(fleet: string, write: number, isDone: boolean): Promise<boolean> {
  const dying = interfering(table, async ({ name, count }, pass) => {
    if (name !== "TransactWriteItems" || count < write) return pass();
    if (isDone && count === write) await pass();
    throw new Died();
  });
  try {
    await aggregateFleet(aggregateOver(dying), fleet);
    return false;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return true;
  }
}

test("the host counts once on every backend, before and after it moves to another cohort", async () => {
  await prepare("all", BACKENDS, STRATA.slice(0, 1));
  await aggregateAll(table, "all");
  const { differences, cells } = await audit(table, "all");
  expect(differences).toEqual([]);
  // 11 backends (the run of the twelfth was withdrawn) in the stratum, 55 pairs in ALL and in the stratum, and the totals;
  // for every cohort and for one cohort, in 4 periods.
  expect(cells).toBe((11 + 55 * 2 + 1) * 2 * 4);
});

// The pending record, 12 groups removed and 11 added for the first of four periods; one write of the second; and beyond the end.
test.each([1, 2, 3, 7, 10, 11, 12, 18, 21, 22, 30, 1_000])(
  "interrupted at write %i, it loses no group, and ends like the batch",
  async (write) => {
    const fleet = `stop-${write}`;
    await prepare(fleet, BACKENDS.slice(0, 6), STRATA);
    expect(await stopAt(fleet, write, write % 2 === 0)).toBe(write < 1_000);
    // The host changes again in between.
    if (write % 3 === 0) {
      await makeRunStore(table).add([newRun({ fleet, number: 1_000, backend: "phy", rates: { putc: 170 } })]);
    }
    await aggregateAll(table, fleet);
    expect(await audit(table, fleet)).toMatchObject({ differences: [], marks: 0 });
  },
);

test("two workers at the same time end like the batch", async () => {
  await prepare("two", BACKENDS.slice(0, 6), STRATA);
  const deps = aggregateOver(table);
  await Promise.all([aggregateFleet(deps, "two"), aggregateFleet(deps, "two"), aggregateFleet(deps, "two")]);
  await aggregateAll(table, "two");
  expect((await audit(table, "two")).differences).toEqual([]);
});
