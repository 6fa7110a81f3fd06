import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison, Known, Limits, MetricComparison } from "../../shared/compare/comparison.ts";
import type { ComparisonInput } from "../../shared/compare/question.ts";
import { METRIC_NAMES, type MetricName } from "../../shared/model/metrics.ts";
import { cellOf, type Host, input, metricCellOf, onePeriod, put, question, ticks, UNKNOWN_HOST } from "./build.ts";
import { random } from "./random.ts";

const STRATUM = "v1/2G/8k/16";

function putBlock(comparison: Comparison): MetricComparison {
  return comparison.fleet.metrics.put_block!;
}

function comparePut(hosts: readonly Host[], more: Partial<ComparisonInput> = {}): MetricComparison {
  return putBlock(compare(input({ pair: new Map([["ALL", put(hosts)]]), ...more })));
}

const many = (count: number, host: Host): Host[] => Array<Host>(count).fill(host);

describe("every verdict rule by a minimal cell, one metric asked for", () => {
  const only = { question: question("blktap2", "loop", { metrics: ["put_block"] }) };
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
      /as fast as blktap2, to within 3 % \(95 % interval 1.008 to 1.013\)/,
    ],
    // 8 faster by sign (lower bounds), 2 unknown: p = 2/256 < 0.05, but LO has 2 values at -infinity: L = -infinity.
    [
      "6",
      [...many(8, [5000, Infinity]), ...many(2, UNKNOWN_HOST)] as Host[],
      "inconclusive",
      "too_fast_hides_size",
      /On 80 % of 10 hosts loop wrote blocks faster than blktap2/,
    ],
    ["7", WIDE, "inconclusive", "ci_includes_1", /shows neither a difference nor equality to within 3 %/],
    [
      "9",
      many(6, 5000),
      "faster",
      "ci_above_1",
      /On 6 hosts loop wrote blocks 1.65 times as fast as blktap2 .*faster on 100 % of them/,
    ],
    [
      "10",
      many(6, -5000),
      "slower",
      "ci_below_1",
      /On 6 hosts loop wrote blocks 0.61 times as fast as blktap2 .*slower on 100 % of them/,
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

  test("rule 8: six agreeing hosts decide one metric, but not twelve", () => {
    // p = 2/64 = 0.03125; times 12 = 0.375.
    const cell = metricCellOf(many(6, 5000));
    const pair = new Map([["ALL", onePeriod(cellOf(Object.fromEntries(METRIC_NAMES.map((name) => [name, cell]))))]]);
    const found = putBlock(compare(input({ pair })));
    expect([found.p, found.p_holm]).toEqual([0.03125, 0.375]);
    expect([found.verdict, found.reason]).toEqual(["inconclusive", "not_significant_after_holm"]);
    expect(found.sentence).toMatch(/with 12 metrics tested this may be chance \(corrected p 0\.38\)/);
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
    // n_eff 10 of 20 with 17 up and 3 down: floor(8.5) = 8 and ceil(1.5) = 2 of 10: p = 2 * 56/1024.
    const more = { ...put([...many(17, 5000), ...many(3, -5000)]), nEff: METRIC_NAMES.map((name) => months(name, 10)) };
    expect(comparePut([], { pair: new Map([["ALL", more]]) }).p).toBeCloseTo(112 / 1024, 12);
  });
});

/** The seed: one host, one run each; bounds as in bonnie-formats section 5. Stored as loop over blktap1. */
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
    question: question("loop", "blktap1", { view }),
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

describe("the seed: one host, loop against blktap1", () => {
  const all = compare(seed("all"));
  const trusted = compare(seed("trusted"));
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
      "On the one host measured with both, blktap1 wrote characters 2.7 times as fast as loop; one host says nothing about a fleet.",
    );
    expect(all.fleet.metrics.seeks?.sentence).toMatch(
      /did random seeks at most 0\.016 times as fast as loop; .* Beware/,
    );
  });

  test("cached reads are left out, said so, and shown as reported beside", () => {
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

  test("the stratum says the same as a fleet of one stratum", () => {
    expect(Object.keys(all.strata)).toEqual([STRATUM]);
    expect(all.strata[STRATUM]).toEqual(all.fleet);
    expect(all.runs).toBe(2);
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

const anyHost: fc.Arbitrary<Host> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1500, max: 3000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -1500, max: 3000 }).map((lo): Host => [lo, Infinity]) },
  { weight: 1, arbitrary: fc.integer({ min: -1500, max: 3000 }).map((hi): Host => [-Infinity, hi]) },
  { weight: 1, arbitrary: fc.constant(UNKNOWN_HOST) },
);
const rate = fc.integer({ min: 90_000, max: 92_000 });
const anyValue: fc.Arbitrary<Host> = fc.oneof(
  rate,
  rate,
  rate.map((lo): Host => [lo, Infinity]),
);

function mirrorText(relation: Known["relation"]): Known["relation"] {
  return relation === ">=" ? "<=" : relation === "<=" ? ">=" : relation;
}

function expectInverse(a: Limits | null, b: Limits | null): void {
  expect(a === null).toBe(b === null);
  for (const [one, other] of [
    [a?.low, b?.high],
    [a?.high, b?.low],
  ]) {
    if (typeof one !== "number" || typeof other !== "number") expect(one).toBe(other);
    else expect(one * other).toBeCloseTo(1, 10);
  }
}

test("exchanging the backends mirrors the answer: what is faster one way is slower the other way", () => {
  const mirror: Record<string, string> = {
    faster: "slower",
    slower: "faster",
    ci_above_1: "ci_below_1",
    ci_below_1: "ci_above_1",
  };
  const metricCells = fc.record({
    putc: fc.array(anyHost, { maxLength: 40 }),
    put_block: fc.array(anyHost, { maxLength: 40 }),
    seeks: fc.array(anyHost, { maxLength: 40 }),
  });
  const values = fc.array(anyValue, { maxLength: 15 });
  fc.assert(
    fc.property(metricCells, values, values, (hosts, b, c) => {
      const cell = onePeriod(
        cellOf(Object.fromEntries(Object.entries(hosts).map(([name, of]) => [name, metricCellOf(of)]))),
      );
      const pair = new Map([
        ["ALL", cell],
        [STRATUM, cell],
      ]);
      const [blktap2, loop] = [new Map([[STRATUM, put(b)]]), new Map([[STRATUM, put(c)]])];
      const there = compare(input({ pair, baselineValues: blktap2, candidateValues: loop }));
      const back = compare(
        input({ question: question("loop", "blktap2"), pair, baselineValues: loop, candidateValues: blktap2 }),
      );
      for (const name of METRIC_NAMES) {
        const [a, z] = [there.fleet.metrics[name]!, back.fleet.metrics[name]!];
        expect([z.verdict, z.reason]).toEqual([mirror[a.verdict] ?? a.verdict, mirror[a.reason] ?? a.reason]);
        expect([z.p, z.p_holm, z.flags, z.n_eff]).toEqual([a.p, a.p_holm, a.flags, a.n_eff]);
        expect([z.faster_hosts, z.slower_hosts]).toEqual([a.slower_hosts, a.faster_hosts]);
        expect(z.share).toEqual({ ...a.share, faster: a.share.slower, slower: a.share.faster });
        expect(z.ratio.relation).toBe(mirrorText(a.ratio.relation));
        expectInverse(a.ratio, z.ratio);
        expectInverse(a.ci, z.ci);
        expectInverse(a.host_range, z.host_range);
        expectInverse(a.between_hosts.ratio, z.between_hosts.ratio);
        expectInverse(a.between_hosts.ci, z.between_hosts.ci);
        expect(z.between_hosts.indication).toBe(mirror[a.between_hosts.indication] ?? "none");
      }
      expectInverse(there.fleet.scores.overall.ratio, back.fleet.scores.overall.ratio);
      expectInverse(there.fleet.scores.write.ci, back.fleet.scores.write.ci);
    }),
    { seed: 3, numRuns: 150 },
  );
});

test("when nothing differs, at most one comparison in twenty finds a winner in any of twelve metrics", () => {
  // 600 fleets of 20 hosts, host effects of 0.1 about 1. The bound on the whole family is 5 %; section 10 measured at
  // most 4.4 %; the standard error here is 0.9 %.
  const uniform = random(11);
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  let winners = 0;
  for (let fleet = 0; fleet < 600; fleet++) {
    const cells = METRIC_NAMES.map((name) => [
      name,
      metricCellOf(Array.from({ length: 20 }, () => Math.round(1000 * normal()))),
    ]);
    const { metrics } = compare(
      input({ pair: new Map([["ALL", onePeriod(cellOf(Object.fromEntries(cells)))]]) }),
    ).fleet;
    if (Object.values(metrics).some(({ verdict }) => verdict === "faster" || verdict === "slower")) winners += 1;
  }
  expect(winners / 600).toBeLessThanOrEqual(0.05);
});
