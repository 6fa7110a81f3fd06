// A rebuild that was killed while the clock was wrong must not stand in the way of the next one, nor a clock that is set
// while one is under way do harm.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { auditFleet } from "../../functions/service/audit.ts";
import { type RebuildOptions, rebuildFleet } from "../../functions/service/rebuild.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { makeGenerationStore, readGenerations } from "../../functions/store/statistics/generations.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { aggregateAll, rebuildOver } from "../service/play.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { newRun } from "../support/runs.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const FLEET = "default";
const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const YEAR_MS = 365 * 86_400_000;
const HOSTS = 12;

beforeEach(async () => {
  table = await engine.newTable();
  await makeRunStore(table).add(
    Array.from({ length: HOSTS }, (_, number) => newRun({ host: `h${number}`, number, rates: { putc: 100 + number } })),
  );
  await aggregateAll(table, FLEET);
});

function rebuildAt(clock: () => number, changes: Partial<RebuildOptions> = {}) {
  const options: RebuildOptions = {
    graceMs: 0,
    wait: async () => undefined,
    onProgress: () => undefined,
    onError: (error) => {
      throw error;
    },
    ...changes,
  };
  return rebuildFleet({ ...rebuildOver(table), clock }, FLEET, options);
}

const killedAt = async (at: number) =>
  makeGenerationStore(table).begin(FLEET, await readGenerations(table, FLEET), new Date(at).toISOString());

test.each([
  ["a year ahead", YEAR_MS],
  ["two minutes ahead", 120_000],
  ["two minutes ago", -120_000],
])("one that was last heard of %s is taken for killed", async (_, awayMs) => {
  await killedAt(NOW + awayMs);
  expect(await rebuildAt(() => NOW)).toMatchObject({ hosts: HOSTS });
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ differences: [], pendingHosts: 0 });
  expect(await readGenerations(table, FLEET)).toMatchObject({ rebuild: null, superseded: [] });
});

test.each([30_000, -30_000])("one heard of %i ms from now is under way, unless it is forced aside", async (awayMs) => {
  await killedAt(NOW + awayMs);
  await expect(rebuildAt(() => NOW)).rejects.toThrow(/is running.*use --force/);
  expect(await rebuildAt(() => NOW, { isForced: true })).toMatchObject({ hosts: HOSTS });
});

test("a clock that jumps with every look does no harm to a rebuild or to an audit", async () => {
  let looks = 0;
  const jumping = () => {
    looks += 1;
    return NOW + ((looks * 7_919) % 41) * YEAR_MS - 20 * YEAR_MS;
  };
  expect(await rebuildAt(jumping)).toMatchObject({ hosts: HOSTS });
  expect(looks).toBeGreaterThan(2);
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({
    differences: [],
    pendingHosts: 0,
    inFlux: 0,
  });
});

test("two at once, one of them forced, leave what is read right", async () => {
  const outcomes = await Promise.allSettled([rebuildAt(() => NOW), rebuildAt(() => NOW + 30_000, { isForced: true })]);
  expect(outcomes.map(({ status }) => status)).toContain("fulfilled");
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ differences: [], pendingHosts: 0 });
});
