import { describe, expect, test } from "vitest";
import { type ComparisonInput, compare as findings } from "../../shared/compare/compare.ts";
import type { Comparison, MetricComparison } from "../../shared/compare/comparison.ts";
import { describeComparison } from "../../shared/report/sentences.ts";
import { METRIC_NAMES, type MetricName } from "../../shared/run/metrics.ts";
import { cellOf, type Host, input, metricCellOf, onePeriod, put, query, UNKNOWN_HOST } from "./build.ts";

/** The published comparison, as the service answers it. */
const compare = (asked: ComparisonInput): Comparison => describeComparison(findings(asked));

const STRATUM = "v1/2G/8k/16";

function putBlock(comparison: Comparison): MetricComparison {
  return comparison.fleet.metrics.put_block!;
}

function comparePut(hosts: readonly Host[], more: Partial<ComparisonInput> = {}): MetricComparison {
  return putBlock(compare(input({ pair: new Map([["ALL", put(hosts)]]), ...more })));
}

const many = (count: number, host: Host): Host[] => Array<Host>(count).fill(host);

describe("every verdict rule by a minimal cell, one metric asked for", () => {
  const only = { query: query("blktap2", "loop", { metrics: ["put_block"] }) };
  const WIDE = [-3000, -2000, -1000, 1000, 2000, 3000];
  test.each<[string, Host[], string, string, RegExp]>([
    ["1", [], "not comparable", "no_paired_hosts", /No host has measured block writes with both blktap2 and loop/],
    ["2", many(3, UNKNOWN_HOST), "not comparable", "too_fast_on_both", /On all 3 hosts .* too fast to measure on both/],
    ["3", [0, ...many(2, UNKNOWN_HOST)], "not comparable", "mostly_too_fast", /too many block writes were too fast/],
    [
      "4",
      many(5, 5000),
      "inconclusive",
      "too_few_hosts",
      /On 5 hosts loop wrote blocks 1.65 times as fast.*at least 6/,
    ],
    [
      "5",
      many(6, 100),
      "equivalent",
      "ci_within_margin",
      /On the median of 6 hosts loop wrote blocks as fast as blktap2, to within 3 % \(95 % interval 1.007 to 1.013\)\.$/,
    ],
    // 8 faster by sign (lower bounds), 2 unknown: p = 2/256 < 0.05, but LO has 2 values at -infinity: L = -infinity.
    [
      "6",
      [...many(8, [5000, Infinity]), ...many(2, UNKNOWN_HOST)] as Host[],
      "inconclusive",
      "too_fast_hides_size",
      /On 80 % of 10 hosts loop wrote blocks faster than blktap2/,
    ],
    // 6 faster and 5 exactly equal: p = 2/64, but the third lowest of the eleven is 1. Nothing is too fast.
    [
      "6, ties",
      [...many(6, 4055), ...many(5, 0)],
      "inconclusive",
      "ci_includes_1",
      /times as fast as blktap2 .*; it was faster more often than chance explains \(on 6, slower on 0\), but there may be no difference at the median\.$/,
    ],
    // Five hosts at 50 025 against 50 000: 5 ticks, in the bin of 1.
    [
      "6, next to nothing",
      [...many(6, -4055), ...many(5, -5)],
      "inconclusive",
      "ci_includes_1",
      /it was slower more often than chance explains \(on 11, faster on 0\), but there may be no difference at the median\.$/,
    ],
    ["7", WIDE, "inconclusive", "ci_includes_1", /shows neither a difference nor equality to within 3 %/],
    [
      "9",
      many(6, 5000),
      "faster",
      "ci_above_1",
      /On 6 hosts loop wrote blocks 1.65 times as fast as blktap2 .*100 % of them were faster \(any difference counts\)/,
    ],
    [
      "10",
      many(6, -5000),
      "slower",
      "ci_below_1",
      /On 6 hosts loop wrote blocks 0.607 times as fast as blktap2 .*100 % of them were slower \(any difference counts\)/,
    ],
    [
      "11",
      [100, 150, 200, 250, 300, 350, 400],
      "inconclusive",
      "difference_below_margin",
      /a difference, but not shown to exceed 3 %/,
    ],
  ])("rule %s", (_, hosts, verdict, reason, sentence) => {
    const found = comparePut(hosts, only);
    expect([found.verdict, found.reason]).toEqual([verdict, reason]);
    expect(found.sentence).toMatch(sentence);
  });

  test("one metric that may be chance has a p, and not a corrected one", () => {
    // 7 of 8 hosts: p = 18/256.
    const found = comparePut([...many(7, 5000), -5000], only);
    expect(found.reason).toBe("not_significant_after_holm");
    expect(found.p).toBeCloseTo(18 / 256, 12);
    expect(found.sentence).toMatch(/, but this may be chance \(p 0\.0703\)\.$/);
  });

  test.each<[string, Host[], RegExp]>([
    ["a third loses half", [...many(40, 0), ...many(20, -6931)], /; 33 % of them were slower by more than 3 %\.$/],
    ["a tenth gains", [...many(54, 0), ...many(6, 6931)], /; 10 % of them were faster by more than 3 %\.$/],
    ["a few lose", [...many(55, 0), ...many(5, -6931)], /to within 3 % \(95 % interval 0\.997 to 1\.003\)\.$/],
    [
      "some gain and some lose",
      [...many(40, 0), ...many(12, -6931), ...many(8, 6931)],
      /; 13 % of them were faster and 20 % slower, by more than 3 %\.$/,
    ],
  ])("equal at the median is not equal everywhere: %s", (_, hosts, sentence) => {
    const found = comparePut(hosts, only);
    expect(found.verdict).toBe("equivalent");
    expect(found.sentence).toMatch(/^On the median of 60 hosts loop wrote blocks as fast as blktap2, to within 3 %/);
    expect(found.sentence).toMatch(sentence);
  });

  test("rule 8: six agreeing hosts decide one metric, but not twelve", () => {
    // p = 2/64 = 0.03125; times 12 = 0.375.
    const cell = metricCellOf(many(6, 5000));
    const pair = new Map([["ALL", onePeriod(cellOf(Object.fromEntries(METRIC_NAMES.map((name) => [name, cell]))))]]);
    const found = putBlock(compare(input({ pair })));
    expect([found.p, found.p_holm]).toEqual([0.03125, 0.375]);
    expect([found.verdict, found.reason]).toEqual(["inconclusive", "not_significant_after_holm"]);
    expect(found.sentence).toMatch(/with 12 metrics tested this may be chance \(corrected p 0\.375\)/);
    const nine = metricCellOf(many(9, 5000)); // 12 * 2/512 = 0.047
    const ninePair = new Map([
      ["ALL", onePeriod(cellOf(Object.fromEntries(METRIC_NAMES.map((name) => [name, nine]))))],
    ]);
    expect(putBlock(compare(input({ pair: ninePair }))).verdict).toBe("faster");
    expect(Object.keys(compare(input({ ...only, pair })).fleet.metrics)).toEqual(["put_block"]);
    expect(putBlock(compare(input({ ...only, pair }))).verdict).toBe("faster");
  });

  test("repeated hosts over periods neither prove nor narrow anything", () => {
    // 5 hosts in 4 months: 20 results, n_eff 5.
    const months = (name: MetricName, hosts: number) => (name === "put_block" ? hosts : 0);
    const merged = { ...put(many(20, 5000)), nEff: METRIC_NAMES.map((name) => months(name, 5)) };
    const five = comparePut([], { pair: new Map([["ALL", merged]]) });
    expect(five).toMatchObject({ hosts: 20, n_eff: 5, ci: null, p: null, reason: "too_few_hosts" });
    expect(five.sentence).toMatch(/On at least 5 hosts \(20 results over the periods\)/);
    const nine = comparePut([], {
      pair: new Map([["ALL", { ...merged, nEff: METRIC_NAMES.map((name) => months(name, 9)) }]]),
      ...only,
    });
    expect(nine.sentence).toMatch(/^On at least 9 hosts \(20 .* 100 % of the results were faster/);
    // n_eff 10 of 20 with 17 up and 3 down: floor(8.5) = 8 and ceil(1.5) = 2 of 10: p = 2 * 56/1024.
    const more = { ...put([...many(17, 5000), ...many(3, -5000)]), nEff: METRIC_NAMES.map((name) => months(name, 10)) };
    expect(comparePut([], { pair: new Map([["ALL", more]]) }).p).toBeCloseTo(112 / 1024, 12);
  });
});

describe("cached reads", () => {
  test("a host with cached runs on both sides is one host", () => {
    const side = (other: string) => {
      const notes = { cached: 7, "cached:C1": 7, [`cached+${other}`]: 7, small_file: 9, [`small_file+${other}`]: 2 };
      return new Map([["ALL", onePeriod(cellOf({ seeks: metricCellOf(many(9, 0)) }, notes))]]);
    };
    const { fleet, cached } = compare(input({ baselineValues: side("loop"), candidateValues: side("blktap2") }));
    expect(fleet.metrics.get_block?.flag_details.suspect_cached_reads).toMatchObject({ count: 7, rules: ["C1"] });
    expect(fleet.flag_details.suspect_cached_reads?.count).toBe(7);
    expect(fleet.flag_details.small_file?.count).toBe(16);
    expect(fleet.efficiency.seeks?.flag_details.suspect_cached_reads?.count).toBe(7);
    expect([cached.loop?.hosts, cached.blktap2?.hosts]).toEqual([7, 7]);
  });
});

describe("as reported", () => {
  test("is given only where the ratio or its hosts differ from those without cached reads", () => {
    const cells = (hosts: readonly Host[], more: Parameters<typeof metricCellOf>[1] = {}) =>
      new Map([["ALL", onePeriod(cellOf({ putc: metricCellOf([0]), get_block: metricCellOf(hosts, more) }))]]);
    const namesOf = (trusted: ReturnType<typeof cells>, reported: ReturnType<typeof cells>) =>
      Object.keys(compare(input({ pair: trusted, pairAsReported: reported })).as_reported);
    expect(namesOf(cells([0, 100, 200]), cells([0, 900, 1000]))).toEqual(["get_block"]);
    expect(namesOf(cells([0, 100, 200]), cells([0, 100, 200, 100]))).toEqual(["get_block"]);
    expect(namesOf(cells([]), cells([UNKNOWN_HOST]))).toEqual(["get_block"]);
    // More runs, and another host far out: the median does not move, so there is nothing to add.
    expect(namesOf(cells([0, 100, 200]), cells([0, 100, 900], { runs: 40 }))).toEqual([]);
  });
});

describe("across strata", () => {
  const up = put(many(6, 5000));
  const down = put(many(6, -5000));
  const both = put([...many(6, 5000), ...many(6, -5000)]);

  test("strata that disagree, and families that mix, are flagged for the fleet only", () => {
    const found = compare(
      input({
        pair: new Map([
          ["v2/2G/8k/16", down],
          ["ALL", both],
          ["v1/2G/8k/16", up],
        ]),
      }),
    );
    expect(Object.keys(found.strata)).toEqual(["v1/2G/8k/16", "v2/2G/8k/16"]);
    expect(found.fleet.metrics.put_block?.flags).toContain("strata_disagree");
    expect(found.fleet.flags).toContain("mixed_versions");
    expect(found.strata["v1/2G/8k/16"]?.flags).toEqual([]);
  });

  test("hosts with one backend only give an indication and no verdict", () => {
    const around = (value: number) => [-250, -150, -50, 50, 150, 250].map((step) => value + step);
    const found = compare(
      input({
        baselineValues: new Map([
          ["ALL", put([])],
          [STRATUM, put(around(100_000))],
        ]),
        candidateValues: new Map([
          ["ALL", put([])],
          [STRATUM, put(around(105_000))],
        ]),
      }),
    );
    expect(found.fleet.metrics.put_block).toMatchObject({ verdict: "not comparable", reason: "no_paired_hosts" });
    expect(found.fleet.metrics.put_block?.between_hosts).toMatchObject({
      strata_used: [STRATUM],
      indication: "faster",
    });
    expect(found.strata[STRATUM]?.metrics.put_block?.between_hosts.ratio.low).toBeCloseTo(Math.exp(0.5), 12);
    expect(found.backends.blktap2?.[STRATUM]?.put_block?.hosts).toBe(6);
    expect(found.backends.loop?.[STRATUM]?.put_block?.median.low).toBeCloseTo(Math.exp(10.5), 6);
  });
});

test("nothing at all is answered in full, not by an error", () => {
  const found = compare(input());
  expect(Object.keys(found.fleet.metrics)).toEqual([...METRIC_NAMES]);
  expect(found).toMatchObject({ runs: 0, strata: {}, backends: { blktap2: {}, loop: {} }, as_reported: {} });
  expect(found.fleet.metrics.putc?.share).toEqual({ faster: 0, slower: 0, same: 0, undetermined: 0 });
});

test("an answer holds nothing that JSON cannot carry", () => {
  const hosts: Host[] = [0, 100, [200, Infinity], [-Infinity, -100], UNKNOWN_HOST, 300, 400];
  const found = compare(
    input({
      pair: new Map([
        ["ALL", put(hosts)],
        [STRATUM, put(hosts)],
      ]),
    }),
  );
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});
