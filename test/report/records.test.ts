// What programs read from the CSV is the answer of the JSON, number by number.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import { readTable } from "../support/csv.ts";
import { fleetRuns, summariesOf } from "../support/generated-fleet.ts";
import { rendered, type Summary } from "../support/kinds.ts";
import { COMPARISONS, OTHERS } from "../support/summaries.ts";

const FIXED = [...Object.entries(COMPARISONS), ...Object.entries(OTHERS)];

/** An object as fields of a record: nested keys joined by `_`, lists by spaces. */
function flat(value: object, prefix = ""): [name: string, field: string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    const name = `${prefix}${key}`;
    if (Array.isArray(inner)) return [[name, inner.join(" ")]];
    // An interval that does not exist has both its fields empty.
    if (inner === null && key === "ci") return flat({ low: null, high: null }, `${name}_`);
    if (typeof inner === "object" && inner !== null) return flat(inner, `${name}_`);
    return [[name, inner === null ? "" : String(inner)]];
  });
}

/** Holds a record against a part of the answer; keys in `without` have no column. */
function expectRecord(record: Readonly<Record<string, string>> | undefined, part: object, without: RegExp): void {
  const fields = flat(part)
    .map(([name, field]) => [name.replace("between_hosts_ratio", "between").replace("between_hosts", "between"), field])
    .filter(([name = ""]) => !without.test(name));
  expect(record).toMatchObject(
    Object.fromEntries(fields.map(([name = "", field]) => [name.replace("strata_used", "strata"), field])),
  );
}

const csvOf = (summary: Summary) => readTable(rendered("csv", summary, DEFAULT_RENDER_OPTIONS));

/** Not in the records: `relation` and the texts of flags, which other columns imply, and the crude ratio, which only feeds a flag. */
const DERIVED = /relation$|^flag_details|crude_ratio/;

function expectCsv(summary: Summary): void {
  const table = csvOf(summary);
  switch (summary.kind) {
    case "compare": {
      const { fleet, strata, as_reported } = summary.result;
      const scopes = [["", fleet] as const, ...Object.entries(strata)];
      const parts = scopes.flatMap(([stratum, { metrics, efficiency, scores }]) => [
        ...Object.entries(metrics).map(([metric, part]) => ({ stratum, quantity: "rate", metric, part })),
        ...Object.entries(efficiency).map(([metric, part]) => ({ stratum, quantity: "efficiency", metric, part })),
        ...Object.entries(scores).map(([metric, { ratio, ci }]) => ({
          stratum,
          quantity: "score",
          metric,
          part: { ratio, ci },
        })),
      ]);
      expect(table).toHaveLength(parts.length);
      parts.forEach(({ part, ...names }, index) => {
        expect(table[index]).toMatchObject({ ...names, margin: String(summary.result.margin) });
        expectRecord(table[index], part, DERIVED);
      });
      for (const [metric, { ratio }] of Object.entries(as_reported)) {
        const row = table.find((record) => record["metric"] === metric && record["scope"] === "fleet");
        expect(row).toMatchObject({
          as_reported_low: String(ratio.low ?? ""),
          as_reported_high: String(ratio.high ?? ""),
        });
      }
      return;
    }
    case "matrix": {
      const parts = summary.result.pairs.flatMap(({ baseline, candidate, metrics }) =>
        Object.entries(metrics).map(([metric, part]) => ({ baseline, candidate, metric, part })),
      );
      expect(table).toHaveLength(parts.length);
      parts.forEach(({ part, ...names }, index) => {
        expect(table[index]).toMatchObject(names);
        expectRecord(table[index], part, DERIVED);
      });
      return;
    }
    case "backends": {
      const parts = Object.entries(summary.result.backends).flatMap(([backend, { strata }]) =>
        Object.entries(strata).flatMap(([stratum, metrics]) =>
          Object.entries(metrics).map(([metric, part]) => ({ backend, stratum, metric, part })),
        ),
      );
      expect(table).toHaveLength(parts.length);
      parts.forEach(({ part, ...names }, index) => {
        expect(table[index]).toMatchObject(names);
        expectRecord(table[index], part, DERIVED);
      });
      return;
    }
    case "trend": {
      const parts = Object.entries(summary.result.strata).flatMap(([stratum, points]) =>
        points.map(({ change, ...part }) => ({ stratum, part, change })),
      );
      expect(table).toHaveLength(parts.length);
      parts.forEach(({ stratum, part, change }, index) => {
        expect(table[index]).toMatchObject({
          stratum,
          change_low: String(change?.ratio.low ?? ""),
          hint: change?.hint ?? "",
        });
        expectRecord(table[index], part, DERIVED);
      });
      return;
    }
    case "host": {
      const { backends, ratios } = summary.result;
      const views = ["trusted", "all"] as const;
      const parts = [
        ...backends.flatMap((group) =>
          views.flatMap((view) =>
            Object.entries(group[view]).map(([metric, part]) => ({
              quantity: "value",
              view,
              metric,
              backend: group.backend,
              part,
            })),
          ),
        ),
        ...ratios.flatMap((pair) =>
          views.flatMap((view) =>
            Object.entries(pair[view]).map(([metric, part]) => ({
              quantity: "ratio",
              view,
              metric,
              backend: pair.candidate,
              part,
            })),
          ),
        ),
      ];
      expect(table).toHaveLength(parts.length);
      parts.forEach(({ part: { standing, ...part }, ...names }, index) => {
        expect(table[index]).toMatchObject(names);
        expectRecord(table[index], { ...part, ...standing }, DERIVED);
      });
      return;
    }
    case "hosts":
      expect(table.map(({ host, runs, url }) => [host, Number(runs), url])).toEqual(
        summary.result.hosts.map(({ host, runs, url }) => [host, runs, url]),
      );
      return;
    case "runs":
    case "run": {
      const runs = summary.kind === "run" ? [summary.result] : summary.result.runs;
      expect(table).toHaveLength(runs.length);
      runs.forEach(({ metrics, raw, facts }, index) => {
        expect(JSON.parse(table[index]?.["raw"] ?? "")).toBe(raw);
        expect(JSON.parse(table[index]?.["facts"] ?? "")).toEqual(facts);
        for (const [metric, measured] of Object.entries(metrics)) {
          expect(table[index]?.[`${metric}_rate`]).toBe(String(measured?.rate ?? ""));
          expect(table[index]?.[`${metric}_lower_bound`]).toBe(String(measured?.lower_bound ?? ""));
        }
      });
    }
  }
}

describe("what programs read from the CSV", () => {
  test.each(FIXED)("%s: every number is that of the JSON to the last digit", (_, summaryOf) => {
    expectCsv(summaryOf());
  });

  test("the same for any fleet", () => {
    fc.assert(
      fc.property(fleetRuns, (runs) => {
        for (const summary of summariesOf(runs)) expectCsv(summary);
      }),
      { numRuns: 12 },
    );
  });
});

test("a selection of metrics changes no number, and leaves the JSON whole", () => {
  const summary = COMPARISONS["clear-win"]!();
  const options = { ...DEFAULT_RENDER_OPTIONS, metrics: ["seeks", "putc"] as const };
  expect(rendered("json", summary, options)).toBe(rendered("json", summary, DEFAULT_RENDER_OPTIONS));
  const some = readTable(rendered("csv", summary, options));
  expect(new Set(some.map(({ metric }) => metric))).toEqual(new Set(["putc", "seeks"]));
  const all = csvOf(summary);
  for (const record of some) expect(all).toContainEqual(record);
  expect(rendered("txt", summary, options)).toContain("showing seeks, putc");
});
