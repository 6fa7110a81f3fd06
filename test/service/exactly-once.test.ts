import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { audit } from "../support/recompute.ts";
import { history } from "./histories.ts";
import { play } from "./play.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const BATCHES = 24;
const FLEETS = 10;

describe("whatever happens to a fleet, its cells equal those computed from its runs in one batch", () => {
  test.each(Array.from({ length: BATCHES }, (_, batch) => batch))("histories of seed %i", async (batch) => {
    const table = await engine.newTable();
    const histories = fc.sample(history, { seed: batch, numRuns: FLEETS });
    await Promise.all(histories.map((operations, index) => play(table, `fleet-${batch}-${index}`, operations)));
    const { differences, marks, cells, summaries } = await audit(table);
    expect(differences).toEqual([]);
    expect(marks).toBe(0);
    // The comparison was not empty.
    expect(cells).toBeGreaterThan(300);
    expect(summaries).toBeGreaterThan(50);
  });
});
