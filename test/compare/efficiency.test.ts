import { describe, expect, test } from "vitest";
import { compare } from "../../shared/compare/compare.ts";
import type { Merged } from "../../shared/compare/merged-cells.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import { cellOf, type Host, input, metricCellOf, onePeriod, query, UNKNOWN_HOST } from "./build.ts";

const ratio = (ticks: number) => Math.exp(ticks / 1e4);
const many = (count: number, host: Host): Host[] => Array<Host>(count).fill(host);

/** A pair cell with these efficiencies of a metric, `low` of the hosts with little CPU. */
function cellWith(metric: MetricName, hosts: readonly Host[], low = 0): Merged {
  return onePeriod(cellOf({ [`${metric}:eff`]: metricCellOf(hosts) }, low > 0 ? { [`low_cpu:${metric}`]: low } : {}));
}

function efficiencyOf(metric: MetricName, scopes: Record<string, Merged>, more: Parameters<typeof input>[0] = {}) {
  return compare(input({ pair: new Map(Object.entries(scopes)), ...more })).fleet.efficiency[metric];
}

describe("CPU efficiency", () => {
  test("is a ratio with its interval, and has neither test nor verdict", () => {
    const found = efficiencyOf("put_block", { ALL: cellWith("put_block", [0, 100, 200, 300, 400, 500]) });
    expect(found).toMatchObject({ hosts: 6, n_eff: 6, exact: 6, flags: [] });
    expect(found?.ratio).toEqual({ low: ratio(250), high: ratio(250), relation: "=" });
    expect(found?.ci?.low).toBeCloseTo(ratio(50 / 1.4), 12);
    expect(found?.ci?.high).toBeCloseTo(ratio(500 - 50 / 1.4), 12);
    expect(Object.keys(found ?? {})).not.toContain("verdict");
  });

  test("asked the other way round is the inverse", () => {
    const scopes = { ALL: cellWith("put_block", [700, 900, [200, Infinity]]) };
    const [there, back] = [query("blktap2", "loop"), query("loop", "blktap2")].map(
      (asked) => efficiencyOf("put_block", scopes, { query: asked })?.ratio,
    );
    // 700, 900 and at least 175: median at least 700, at most 900.
    expect(there).toEqual({ low: ratio(700), high: ratio(900), relation: "between" });
    expect(back).toEqual({ low: ratio(-900), high: ratio(-700), relation: "between" });
  });

  test("is unknown where no host has it, for each metric asked for and no other", () => {
    const { efficiency } = compare(input({ query: query("blktap2", "loop", { metrics: ["getc"] }) })).fleet;
    expect(efficiency).toEqual({
      getc: {
        hosts: 0,
        n_eff: 0,
        exact: 0,
        ratio: { low: null, high: null, relation: "unknown" },
        ci: null,
        flags: [],
        flag_details: {},
      },
    });
  });

  test("is flagged as rough when most hosts use under 10 % CPU on a side", () => {
    const flags = (low: number) => efficiencyOf("putc", { ALL: cellWith("putc", many(10, 0), low) })?.flags;
    expect(flags(5)).toEqual([]);
    expect(flags(6)).toEqual(["low_cpu"]);
  });

  test("of the seeks is flagged where Bonnie++ 1.9x or 2.0 counted their CPU several times", () => {
    const seeks = cellWith("seeks", many(10, 0));
    expect(efficiencyOf("seeks", { ALL: seeks, "v2/2G/8k/16": seeks })?.flags).toEqual(["inflated_cpu"]);
    expect(efficiencyOf("seeks", { ALL: seeks, "v1/2G/8k/16": seeks })?.flags).toEqual([]);
    const found = compare(input({ pair: new Map([["v2/2G/8k/16", cellWith("putc", many(10, 0))]]) }));
    expect(found.strata["v2/2G/8k/16"]?.efficiency.putc?.flags).toEqual([]);
  });

  test("shares the warnings about hosts and cached reads, but is never too fast to measure", () => {
    const cached = new Map([["ALL", onePeriod(cellOf({}, { cached: 1, "cached:C1": 1 }))]]);
    const one = efficiencyOf("get_block", { ALL: cellWith("get_block", [UNKNOWN_HOST]) }, { baselineValues: cached });
    expect(one?.flags).toEqual(["single_host", "suspect_cached_reads"]);
  });
});
