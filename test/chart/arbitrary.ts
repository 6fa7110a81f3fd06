// Any comparison, matrix, trend and host that the product's own statistics can give, and any text from outside.

import fc from "fast-check";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import { matrix } from "../../shared/compare/matrix.ts";
import type { Merged } from "../../shared/compare/merged-cells.ts";
import { type MatrixResult, type TrendResult, trend } from "../../shared/compare/trend.ts";
import type { RenderOptions } from "../../shared/report/model.ts";
import { describeComparison } from "../../shared/report/sentences.ts";
import { BACKENDS } from "../../shared/run/backends.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { VIEWS } from "../../shared/run/run.ts";
import { cellOf, type Host, input, metricCellOf, onePeriod, query } from "../compare/build.ts";

/** Text that somebody sent to see what breaks. */
export const HOSTILE: readonly string[] = [
  `<script>alert("1")</script>`,
  `]]></text></svg><svg onload="x">`,
  `"' onload='x' & &amp; &#0; &bogus;`,
  "\u0000\u0001\u0008\u000b\u001f\u007f\u0085\ufffe\uffff",
  "\ud800 half \udc00 a character",
  "\u202eright to left\u202c \u2066isolated\u2069 \u200f",
  "שרת-בדיקה 192.168.0.1 خادم",
  "x".repeat(10_000),
  "wide ".repeat(2_000),
  "W".repeat(300),
  `Z${"\u0300\u0316".repeat(200)}algo`,
  "👩‍👩‍👧‍👦🏳️‍🌈".repeat(40),
  "﷽﷽﷽𒐫𒈙",
  "日本語のホスト名がとても長い場合".repeat(10),
  "=HYPERLINK(1)",
  " \t\r\n ",
  "",
];

export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
);

const tick = fc.integer({ min: -150_000, max: 150_000 });

/** A host: exact, bounded on one side, or nothing known. */
const anyHost: fc.Arbitrary<Host> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -9_000, max: 9_000 }) },
  { weight: 1, arbitrary: tick },
  { weight: 1, arbitrary: tick.map((low): Host => [low, Number.POSITIVE_INFINITY]) },
  { weight: 1, arbitrary: tick.map((high): Host => [Number.NEGATIVE_INFINITY, high]) },
  { weight: 1, arbitrary: fc.constant<Host>([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) },
);

const anyMerged: fc.Arbitrary<Merged> = fc
  .array(fc.option(fc.array(anyHost, { maxLength: 30 })), {
    minLength: METRIC_NAMES.length,
    maxLength: METRIC_NAMES.length,
  })
  .map((hosts) => {
    const cells = METRIC_NAMES.flatMap((name, index) => {
      const of = hosts[index] ?? null;
      return of === null || of.length === 0 ? [] : [[name, metricCellOf(of)] as const];
    });
    return onePeriod(cellOf(Object.fromEntries(cells)));
  });

const anyAbout = fc.record({
  view: fc.constantFrom(...VIEWS),
  filters: fc.record(
    { site: fc.array(anyText, { maxLength: 4 }), hardware: fc.array(anyText, { maxLength: 2 }) },
    { requiredKeys: [] },
  ),
  periods: fc.array(fc.constantFrom("all", "2026", "2026-Q4", "2026-11"), { minLength: 1, maxLength: 4 }),
  margin: fc.double({ min: 0.001, max: 1, noNaN: true }),
});

const anyFreshness = fc.record({
  as_of: fc.constantFrom(null, "2026-11-22T12:00:00.000Z"),
  pending_hosts: fc.nat(200_000),
  notices: fc.constantFrom([], ["cohorts_capped"] as const),
});

const anyPair = fc
  .shuffledSubarray([...BACKENDS], { minLength: 2, maxLength: 2 })
  .map(([baseline = "loop", candidate = "phy"]) => ({ baseline, candidate }));

const noted = (hosts: number) =>
  onePeriod({ ...cellOf({}, { cached: hosts, "cached:C1": hosts }), hosts, runs: hosts });

export const anyComparison: fc.Arbitrary<Comparison> = fc
  .tuple(anyPair, anyAbout, anyFreshness, anyMerged, fc.nat(3))
  .map(([{ baseline, candidate }, about, { as_of, ...fresh }, merged, cached]) => ({
    ...describeComparison(
      compare(
        input({
          query: query(baseline, candidate, about),
          asOf: as_of,
          pair: new Map([["ALL", merged]]),
          baselineValues: new Map(cached === 0 ? [] : [["ALL", noted(cached)]]),
        }),
      ),
    ),
    ...fresh,
  }));

export const anyMatrix: fc.Arbitrary<MatrixResult> = fc
  .tuple(fc.array(fc.tuple(anyPair, anyMerged), { maxLength: 6 }), anyAbout, anyFreshness)
  .map(([pairs, about, fresh]) => {
    const { baseline: _b, candidate: _c, ...asked } = query("loop", "phy", about);
    return {
      ...matrix(
        asked,
        pairs.map(([pair, cell]) => ({ ...pair, cell })),
        new Map(),
      ),
      ...fresh,
    };
  });

export const anyTrend: fc.Arbitrary<TrendResult> = fc
  .tuple(
    fc.array(fc.dictionary(anyText, fc.array(anyHost, { minLength: 1, maxLength: 12 }), { maxKeys: 3 }), {
      maxLength: 30,
    }),
    fc.constantFrom(...METRIC_NAMES),
    anyFreshness,
  )
  .map(([months, metric, fresh]) => {
    const periods = months.map((strata, index) => ({
      period: `${2000 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}`,
      values: new Map(
        Object.entries(strata).map(([stratum, hosts]) => [
          stratum,
          onePeriod(cellOf({ [metric]: metricCellOf(hosts) })),
        ]),
      ),
    }));
    const found = trend({ backend: "loop", metric, view: "trusted", filters: {} }, periods);
    return { ...found, ...fresh, unit: "month", periods: periods.map(({ period }) => period) };
  });

export const anyLook: fc.Arbitrary<RenderOptions> = fc.record({
  width: fc.integer({ min: 320, max: 1600 }),
  theme: fc.constantFrom("light", "dark", "auto"),
  metrics: fc.oneof(fc.constant([]), fc.subarray([...METRIC_NAMES])),
  title: fc.option(anyText),
});
