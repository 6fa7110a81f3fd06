// GET /v1/trend: one backend and metric over time, with a hint exactly where something changed.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TrendResult } from "../../../shared/compare/trend.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

/** Block writes of loop by month: steady, a gap, twice as fast, steady again; then two hosts only. */
const MONTHS: readonly (readonly [month: string, rate: number, hosts: number])[] = [
  ["2026-05", 90_000, 7],
  ["2026-06", 90_500, 7],
  ["2026-09", 181_000, 7],
  ["2026-10", 180_000, 7],
  ["2026-11", 180_000, 2],
];

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  const lines = MONTHS.flatMap(([month, rate, hosts]) =>
    Array.from({ length: hosts }, (_, index) => [
      `# host: h${index}`,
      `# site: ${index < 6 ? "fra" : "ams"}`,
      `# finished: ${month}-15T00:00:00Z`,
      "# backend: loop",
      BLKTAP.replace("93549", String(rate + 10 * index)),
    ]).flat(),
  );
  await jsonOf(service.post(lines.join("\n"), "", asJson), 201);
  const old = Array.from({ length: 15 }, (_, index) => [
    "# host: old",
    `# finished: ${2005 + index}-03-01T00:00:00Z`,
    "# backend: phy",
    BLKTAP,
  ]).flat();
  await jsonOf(service.post(old.join("\n"), "", asJson), 201);
  await service.aggregate();
});
afterAll(() => engine.stop());

const STRATUM = "v1/2G/8k/16";
const trend = (query: string) =>
  jsonOf<TrendResult>(service.send(`/v1/trend?backend=loop&metric=put_block${query}`), 200);
const shown = ({ strata }: TrendResult) => strata[STRATUM]?.map(({ period }) => period) ?? [];

describe("200", () => {
  test("the months that have results, with a hint at the one that doubled", async () => {
    const { strata, periods, unit, backend, metric, as_of } = await trend("");
    expect({ unit, backend, metric, as_of }).toMatchObject({ unit: "month", backend: "loop", metric: "put_block" });
    expect(periods).toEqual(MONTHS.map(([month]) => month));
    const points = strata[STRATUM] ?? [];
    expect(points.map(({ period, hosts }) => [period, hosts])).toEqual(
      MONTHS.map(([month, , hosts]) => [month, hosts]),
    );
    expect(points.map(({ change }) => change?.hint ?? null)).toEqual([null, "none", "faster", "none", null]);
    expect(points[2]?.change).toMatchObject({ since: "2026-06", ratio: { relation: "=" } });
    expect(points[2]?.change?.ratio.low).toBeCloseTo(2, 1);
    // Two hosts have a median, but neither an interval nor a change.
    expect(points[4]).toMatchObject({ hosts: 2, ci: null, change: null, median: { relation: "=" } });
  });

  test.each([
    ["&unit=quarter", ["2026-Q2", "2026-Q3", "2026-Q4"]],
    ["&unit=year", ["2026"]],
    ["&to=2026-09", ["2026-05", "2026-06", "2026-09"]],
    ["&from=2026-06&to=2026-09", ["2026-06", "2026-09"]],
    ["&from=2026-10", ["2026-10", "2026-11"]],
    ["&unit=quarter&from=2026-Q3&to=2026-Q3", ["2026-Q3"]],
    ["&to=2026-04", []],
    ["&from=2027-01", []],
    ["&site=ams", ["2026-05", "2026-06", "2026-09", "2026-10"]],
    ["&site=nowhere", []],
  ])("%s: %j", async (query, periods) => {
    expect(shown(await trend(query))).toEqual(periods);
  });

  test("from and to name every period asked for, with results or without", async () => {
    expect((await trend("&from=2026-06&to=2026-09")).periods).toEqual(["2026-06", "2026-07", "2026-08", "2026-09"]);
  });

  test("without from the last twelve that have results, however long ago", async () => {
    const found = await jsonOf<TrendResult>(service.send("/v1/trend?backend=phy&metric=putc&unit=year"), 200);
    expect(found.periods).toEqual(Array.from({ length: 12 }, (_, index) => String(2008 + index)));
  });

  test("a backend without results, an alias, another fleet", async () => {
    const empty = await jsonOf<TrendResult>(service.send("/v1/trend?backend=tap:qcow2&metric=putc"), 200);
    expect(empty).toMatchObject({ periods: [], strata: {}, as_of: null });
    expect(shown(await jsonOf(service.send("/v1/trend?backend=FILE&metric=put_block"), 200))).toHaveLength(5);
    const token = await service.token({ scope: "read", fleet: "other" });
    expect(shown(await jsonOf(service.send("/v1/trend?backend=loop&metric=put_block", { token }), 200))).toEqual([]);
  });

  test("as text: at most 100 columns, a line for each period", async () => {
    const text = await textOf(service.send("/v1/trend.txt?backend=loop&metric=put_block"), 200);
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    expect(text).toMatch(/^2026-09 +7 +7 +0 +18\d \d\d\d .* (2|2\.0\d|1\.99) .*faster$/m);
    expect(text).toMatch(/^2026-11 +2 +2 +0 +179 \d\d\d +- +- +-$/m);
  });
});

test.each([
  ["metric=putc", "backend"],
  ["backend=loop", "metric"],
  ["backend=nonsense&metric=putc", "nonsense"],
  ["backend=loop&metric=speed", "metric"],
  ["backend=loop&metric=putc&metric=getc", "metric"],
  ["backend=loop&metric=putc&unit=week", "unit"],
  ["backend=loop&metric=putc&from=2026", "from"],
  ["backend=loop&metric=putc&unit=year&to=2026-11", "from and to"],
  ["backend=loop&metric=putc&from=all", "from"],
  ["backend=loop&metric=putc&from=2026-13", "from"],
  ["backend=loop&metric=putc&from=2026-11&to=2026-10", "to"],
  ["backend=loop&metric=putc&from=2016-11&to=2026-10", "at most 60"],
  ["backend=loop&metric=putc&margin=0.1", "margin"],
])("400: %s", async (query, words) => {
  const { error } = await jsonOf<Refusal>(service.send(`/v1/trend?${query}`), 400);
  expect(error.code).toBe("bad_parameter");
  expect(error.message).toContain(words);
});
