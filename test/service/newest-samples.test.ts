// The newest samples of a period, taken from the newest of all time wherever these are enough.

import fc from "fast-check";
import { expect, test } from "vitest";
import { readSamples } from "../../functions/service/aggregate.ts";
import { GROUP_CAP, type RunSample } from "../../shared/cells/host-values.ts";
import { PERIOD_ALL, periodWindow } from "../../shared/run/periods.ts";
import { newRun } from "../support/runs.ts";

const GROUP = { fleet: "default", host: "h1", backend: "loop", stratum: "v1/2G/8k/16" } as const;
const MONTHS = ["2025-11", "2025-12", "2026-01", "2026-02"];
const PERIODS = [...MONTHS, "2025-Q4", "2026-Q1", "2026-Q2", "2025", "2026", PERIOD_ALL];

/** Samples of a group, newest first, and how often they were read. */
function storeOf(samples: readonly RunSample[]) {
  const sorted = samples.toSorted((a, b) => (a.finished_at + a.id < b.finished_at + b.id ? 1 : -1));
  const reads: string[] = [];
  const read = (window: { from: string; to: string }) =>
    sorted.filter(({ finished_at: at }) => at >= window.from && at < window.to).slice(0, GROUP_CAP);
  return {
    reads,
    read,
    samples: async (_: unknown, window: { from: string; to: string }) => {
      reads.push(window.from);
      return read(window);
    },
  };
}

const sampleIn = (month: string, number: number) =>
  newRun({ number, at: `${month}-0${1 + (number % 3)}T00:00:00.000Z` }).sample;

test("are the same as if each period were read", async () => {
  const counts = fc.tuple(...MONTHS.map(() => fc.integer({ min: 0, max: 150 })));
  await fc.assert(
    fc.asyncProperty(counts, async (perMonth) => {
      const samples = perMonth.flatMap((count, month) =>
        Array.from({ length: count }, (_, index) => sampleIn(MONTHS[month] ?? "", 1_000 * month + index)),
      );
      const store = storeOf(samples);
      const newest = store.read(periodWindow(PERIOD_ALL));
      for (const period of PERIODS) {
        const found = await readSamples(store, GROUP, period, newest);
        expect(found.map(({ id }) => id)).toEqual(store.read(periodWindow(period)).map(({ id }) => id));
      }
    }),
    { numRuns: 40 },
  );
});

test("of the current month, quarter and year need no further read, of older full months one each", async () => {
  const samples = ["2025-12", "2026-01", "2026-02"].flatMap((month, which) =>
    Array.from({ length: 60 }, (_, index) => sampleIn(month, 1_000 * which + index)),
  );
  const store = storeOf(samples);
  // 60 of February, 39 of January.
  const newest = store.read(periodWindow(PERIOD_ALL));
  for (const period of ["2026-02", "2026-Q1", "2026", PERIOD_ALL]) await readSamples(store, GROUP, period, newest);
  expect(store.reads).toEqual([]);
  await readSamples(store, GROUP, "2026-01", newest);
  await readSamples(store, GROUP, "2025-12", newest);
  expect(store.reads).toEqual(["2026-01", "2025-12"]);
});
