// The two lines the project grew out of: one host, one run on each backend, half of it too fast to measure.

import { describe, expect, test } from "vitest";
import { type ComparisonInput, compare } from "../../shared/compare/compare.ts";
import { describeComparison } from "../../shared/report/sentences.ts";
import { METRIC_NAMES, type MetricName } from "../../shared/run/metrics.ts";
import { cellOf, type Host, input, metricCellOf, onePeriod, query, ticks, UNKNOWN_HOST } from "./build.ts";

const STRATUM = "v1/2G/8k/16";

/** The seed: one host, one run each; bounds as in bonnie-formats.md, section 5. Stored as loop over blktap1. */
function seed(view: "trusted" | "all"): ComparisonInput {
  const more = (bound: number, rate: number): Host => [ticks(bound) - ticks(rate), Infinity];
  const reported: Partial<Record<MetricName, Host>> = {
    putc: ticks(25_511) - ticks(69_438),
    put_block: ticks(18_075) - ticks(93_549),
    rewrite: ticks(199_488) - ticks(38_118),
    getc: ticks(71_094) - ticks(54_955),
    get_block: ticks(937_880) - ticks(131_645),
    seeks: more(16_384, 249.1),
    seq_create: more(32_768, 29_488),
    seq_stat: UNKNOWN_HOST,
    seq_delete: UNKNOWN_HOST,
    ran_create: UNKNOWN_HOST,
    ran_stat: UNKNOWN_HOST,
    ran_delete: UNKNOWN_HOST,
  };
  const readPath = ["rewrite", "getc", "get_block", "seeks"];
  const cells = (names: readonly string[]) => {
    const kept = Object.entries(reported).filter(([name]) => names.includes(name));
    const metrics = kept.map(([name, host]) => [name, metricCellOf([host], { one: 1, runs: 2 })]);
    const merged = onePeriod(cellOf(Object.fromEntries(metrics)));
    return new Map([
      ["ALL", merged],
      [STRATUM, merged],
    ]);
  };
  const trusted = METRIC_NAMES.filter((name) => !readPath.includes(name));
  const noted = onePeriod({ ...cellOf({}, { cached: 1, "cached:C2": 1, "cached:C1": 1 }), hosts: 1, runs: 1 });
  const clean = onePeriod({ ...cellOf({}), hosts: 1, runs: 1 });
  return input({
    query: query("loop", "blktap1", { view }),
    pair: cells(view === "trusted" ? trusted : METRIC_NAMES),
    pairAsReported: view === "trusted" ? cells(METRIC_NAMES) : null,
    baselineValues: new Map([
      ["ALL", noted],
      [STRATUM, noted],
    ]),
    candidateValues: new Map([
      ["ALL", clean],
      [STRATUM, clean],
    ]),
  });
}

describe("the seed: one host, loop vs blktap1", () => {
  const all = describeComparison(compare(seed("all")));
  const trusted = describeComparison(compare(seed("trusted")));
  const ratioOf = (name: MetricName) => all.fleet.metrics[name]?.ratio;

  test.each<[MetricName, number]>([
    ["putc", 69_438 / 25_511], // 2.7219
    ["put_block", 93_549 / 18_075], // 5.1756
    ["rewrite", 38_118 / 199_488],
    ["getc", 54_955 / 71_094],
    ["get_block", 131_645 / 937_880],
  ])("%s is within the quarter per cent of a bin", (name, ratio) => {
    expect(ratioOf(name)?.relation).toBe("=");
    expect(Math.abs((ratioOf(name)?.low ?? 0) / ratio - 1)).toBeLessThan(0.0026);
  });

  test("too fast on one side is a bound, on the safe side by half a per cent at most", () => {
    // 249.1/16384: ln = -4.18620; 97 041 ticks of 16384 and 55 179 of 249.1 differ by -41 862, bin -837 (-41 850),
    // upper edge -41 825: 0.015261.
    expect(ratioOf("seeks")).toEqual({ low: null, high: Math.exp(-4.1825), relation: "<=" });
    // 29488/32768: 102 917 - 103 972 = -1055, bin -21 (-1050), upper edge -1025: 0.90258.
    expect(ratioOf("seq_create")).toEqual({ low: null, high: Math.exp(-0.1025), relation: "<=" });
    expect(all.fleet.metrics.seeks).toMatchObject({ slower_hosts: 1, faster_hosts: 0, exact: 0 });
  });

  test("too fast on both sides compares nothing", () => {
    expect(all.fleet.metrics.ran_stat).toMatchObject({ both_too_fast: 1, reason: "too_fast_on_both" });
    expect(ratioOf("ran_stat")).toEqual({ low: null, high: null, relation: "unknown" });
  });

  test("one host is never a recommendation", () => {
    for (const metric of Object.values(all.fleet.metrics)) {
      expect(["inconclusive", "not comparable"]).toContain(metric.verdict);
      expect(metric.flags).toContain("single_host");
      expect([metric.ci, metric.p]).toEqual([null, null]);
    }
    expect(all.fleet.metrics.putc?.sentence).toBe(
      "On the one host measured with both, blktap1 wrote characters 2.72 times as fast as loop; one host says nothing about a fleet.",
    );
    expect(all.fleet.metrics.seeks?.sentence).toMatch(
      /did random seeks at most 0\.0153 times as fast as loop; .* Beware/,
    );
  });

  test("cached reads are left out with a note, and shown as reported separately", () => {
    const reads = trusted.fleet.metrics.get_block!;
    expect(reads).toMatchObject({ hosts: 0, verdict: "not comparable", reason: "no_paired_hosts" });
    expect(reads.flags).toEqual(["suspect_cached_reads"]);
    expect(reads.flag_details.suspect_cached_reads).toMatchObject({ count: 1, rules: ["C1", "C2"] });
    expect(reads.sentence).toMatch(/runs of loop on 1 host \(rules C1, C2\) were left out/);
    expect(trusted.fleet.metrics.putc?.flags).not.toContain("suspect_cached_reads");
    expect(trusted.fleet.flags).toEqual(["single_host", "mostly_single_runs", "many_too_fast", "suspect_cached_reads"]);
    expect(trusted.cached).toEqual({ loop: { hosts: 1, rules: ["C1", "C2"] }, blktap1: { hosts: 0, rules: [] } });
    expect(Object.keys(trusted.as_reported)).toEqual(["rewrite", "getc", "get_block", "seeks"]);
    expect(trusted.as_reported.seeks).toEqual({ ratio: ratioOf("seeks"), hosts: 1 });
    expect(all.as_reported).toEqual({});
  });

  test("the stratum has the numbers of a fleet of one stratum", () => {
    expect(Object.keys(all.strata)).toEqual([STRATUM]);
    expect(all.strata[STRATUM]).toEqual(all.fleet);
    expect(all.runs).toBe(2);
  });
});
