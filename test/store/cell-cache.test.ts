// Cells that a process remembers: whatever is committed meanwhile, by whom and in which generation, an old process answers
// as one that has just been started, and both answer what the summaries add up to.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CellStore } from "../../functions/service/summary-source.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeStatisticsStore } from "../../functions/store/statistics/commit.ts";
import { currentGeneration, makeGenerationStore } from "../../functions/store/statistics/generations.ts";
import { computeShard } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { CellKind } from "../../shared/cells/cell.ts";
import type { FleetGeneration, SummaryStep } from "../../shared/cells/stored-summary.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { CellQuery, CellReading } from "../../shared/compare/merged-cells.ts";
import { query as queryAbout } from "../compare/build.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { after, type Change, change, expectedViews, PERIODS, type State, step } from "./summary-history.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const AT = "2026-11-22T10:00:00.000Z";

/** The steps from what is stored to these changes, by bucket; of several changes of one summary the last. */
async function stepsTo(of: FleetGeneration, changes: readonly Change[]): Promise<Map<number, SummaryStep[]>> {
  const wanted = [...after(new Map(), changes).values()];
  const stored = await makeStatisticsStore(table).summaries(of, wanted);
  const steps = new Map<number, SummaryStep[]>();
  for (const [index, { host, period, summary, cohort }] of wanted.entries()) {
    const before = stored[index];
    if (before === undefined) throw new Error("fewer summaries than asked for");
    const bucket = computeShard(of.fleet, host);
    steps.set(bucket, [...(steps.get(bucket) ?? []), { period, before, after: { summary, cohort } }]);
  }
  return steps;
}

/** Commits changes; gives how many steps were lost. */
async function commit(of: FleetGeneration, changes: readonly Change[], over = table): Promise<number> {
  const store = makeStatisticsStore(over);
  let lost = 0;
  for (const [bucket, steps] of await stepsTo(of, changes)) lost += (await store.commit(of, bucket, steps, AT)).length;
  return lost;
}

/** Derives a new generation of the fleet, swaps it in and deletes the old one. */
async function rebuild(fleet: string, state: State): Promise<void> {
  const generations = makeGenerationStore(table);
  const seen = await generations.read(fleet);
  const made = await generations.begin(fleet, seen, AT);
  if (made === null) throw new Error("another rebuild is under way");
  expect(await commit({ fleet, generation: made.building }, [...state.values()])).toBe(0);
  expect(await generations.activate(fleet, seen, made)).toBe(true);
  await generations.delete(fleet, [seen.current]);
}

const QUESTIONS: readonly Omit<CellQuery, "fleet">[] = [
  { periods: ["2026-11"], filters: {} },
  { periods: PERIODS, filters: {} },
  { periods: ["2026-11"], filters: { site: ["a"] } },
  { periods: PERIODS, filters: { site: ["a", "b"], hardware: ["a", "__proto__"] } },
  { periods: PERIODS, filters: {}, metrics: ["putc", "seeks"] },
  { periods: ["2026-10"], filters: { hardware: ['ü,"'] }, scope: "v1/2G/8k/16", metrics: ["seeks"] },
];

const READ: readonly (readonly [CellKind, string])[] = [
  ["pair", "loop:phy"],
  ["backend", "loop"],
  ["backend", "phy"],
  ["fleet", "*"],
];

/** All that a store answers to a question. */
async function readings(store: CellStore, question: CellQuery) {
  const { read, readAll } = await store.open(question);
  const [own, pairs] = await Promise.all([Promise.all(READ.map(([kind, name]) => read(kind, name))), readAll("pair")]);
  return { own, pairs };
}

/** Compares the backends both ways round with the cells of a reading, which may not change them. */
function useUp([pair, loop, phy]: readonly CellReading[]): void {
  for (const [baseline, candidate] of [
    ["loop", "phy"],
    ["phy", "loop"],
  ] as const) {
    compare({
      query: queryAbout(baseline, candidate),
      asOf: null,
      pendingHosts: 0,
      pair: pair?.views.trusted ?? new Map(),
      baselineValues: (baseline === "loop" ? loop : phy)?.views.trusted ?? new Map(),
      candidateValues: (candidate === "loop" ? loop : phy)?.views.trusted ?? new Map(),
      pairAsReported: pair?.views.all ?? null,
    });
  }
}

/** Every question to the old process and to a new one. */
async function expectAlike(old: CellStore, fleet: string, state: State): Promise<void> {
  await Promise.all(
    QUESTIONS.map(async (asked) => {
      const question = { fleet, ...asked };
      const [remembered, fresh] = await Promise.all([
        readings(old, question),
        readings(makeCellStore(table), question),
      ]);
      expect(remembered).toEqual(fresh);
      for (const [index, [kind, name]] of READ.entries()) {
        expect(remembered.own[index]?.views).toEqual(expectedViews(state, question, kind, name));
      }
      useUp(remembered.own);
    }),
  );
}

describe("an old process answers as a new one after every step of a fleet", () => {
  test.each([1, 2, 3, 4, 5, 6])("history %i", async (seed) => {
    const [steps = []] = fc.sample(fc.array(step, { minLength: 8, maxLength: 8 }), { seed, numRuns: 1 });
    const fleet = `history-${seed}`;
    const old = makeCellStore(table);
    let state: State = new Map();
    for (const each of steps) {
      if (each === "rebuild") {
        await rebuild(fleet, state);
      } else {
        expect(await commit(await currentGeneration(table, fleet), each)).toBe(0);
        state = after(state, each);
      }
      await expectAlike(old, fleet, state);
    }
  });
});

/** The same change of host a in November. */
const ofHostA = (each: Change): Change => ({
  ...each,
  host: "a",
  period: "2026-11",
  summary: { ...each.summary, host: "a" },
});

const [first, second, third] = fc
  .sample(
    change.filter(({ summary }) => summary.groups.length > 1),
    { seed: 9, numRuns: 3 },
  )
  .map(ofHostA) as [Change, Change, Change]; // as many as were asked for

test("of two commits at once one is lost, and nobody remembers what it would have been", async () => {
  const fleet = "two-commits";
  const of = { fleet, generation: "0" };
  const old = makeCellStore(table);
  await commit(of, [first]);
  await expectAlike(old, fleet, after(new Map(), [first]));
  let isOvertaken = false;
  const slow = interfering(table, async ({ name }, pass) => {
    if (name === "TransactWriteItems" && !isOvertaken) {
      isOvertaken = true;
      expect(await commit(of, [third])).toBe(0);
      await expectAlike(old, fleet, after(new Map(), [third]));
    }
    return pass();
  });
  expect(await commit(of, [second], slow)).toBe(1);
  expect(isOvertaken).toBe(true);
  await expectAlike(old, fleet, after(new Map(), [third]));
});

test.each(["before", "after"])(
  "a commit that comes %s cells are read, and after their versions, is seen by the next question",
  async (when) => {
    const fleet = `overtaken-${when}`;
    const of = { fleet, generation: "0" };
    await commit(of, [first]);
    const changes = [second, third];
    let committed: Promise<unknown> = Promise.resolve();
    // Readings of cells are overtaken, as long as there is something to commit, one after the other.
    const overtaken = interfering(table, async ({ name, input }, pass) => {
      const isOfCells = name === "Query" && JSON.stringify(input).includes(`CELL#${fleet}`);
      const answer = when === "after" ? await pass() : undefined;
      const next = isOfCells ? changes.shift() : undefined;
      if (next !== undefined) {
        committed = committed.then(() => commit(of, [next]));
        await committed;
      }
      return when === "after" ? answer : pass();
    });
    const old = makeCellStore(overtaken);
    while (changes.length > 0) await readings(old, { fleet, ...QUESTIONS[0]! });
    await expectAlike(old, fleet, after(new Map(), [third]));
  },
);

test("everything that is cached, and every version, was read consistently: an old copy would be believed for long", async () => {
  const fleet = "consistently";
  await commit({ fleet, generation: "0" }, [first]);
  const weak: unknown[] = [];
  let reads = 0;
  let batches = 0;
  const recorded = interfering(table, async ({ name, input }, pass) => {
    if (name === "Query" && /(CELL|TOTAL)#/.test(JSON.stringify(input))) {
      reads += 1;
      if (input["ConsistentRead"] !== true) weak.push(input);
    }
    if (name === "BatchGetItem" && JSON.stringify(input).includes("TOTAL#")) {
      batches += 1;
      for (const { ConsistentRead } of Object.values(input["RequestItems"] ?? {})) {
        if (ConsistentRead !== true) weak.push(input);
      }
    }
    return pass();
  });
  for (const asked of QUESTIONS) await readings(makeCellStore(recorded), { fleet, ...asked });
  expect(reads).toBeGreaterThan(20);
  expect(batches).toBeGreaterThan(QUESTIONS.length - 1);
  expect(weak).toEqual([]);
});
