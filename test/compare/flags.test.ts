import { describe, expect, test } from "vitest";
import type { MetricCell } from "../../shared/cells/cell.ts";
import { pairedEffects } from "../../shared/compare/estimate.ts";
import {
  countOutliers,
  type Flag,
  type FlagFinding,
  listFlags,
  type MetricEvidence,
  metricFlags,
  scopeFlags,
} from "../../shared/compare/flags.ts";
import { UNKNOWN } from "../../shared/compare/median.ts";
import type { Indication } from "../../shared/compare/mover.ts";
import { orderEnds } from "../../shared/compare/order-statistics.ts";
import { flagText } from "../../shared/report/sentences.ts";
import { cellOf, type Host, metricCellOf, onePeriod, UNKNOWN_HOST } from "./build.ts";

const NOTHING_BETWEEN: Indication = {
  strataUsed: [],
  crude: UNKNOWN,
  estimate: UNKNOWN,
  interval: null,
  indication: "none",
};

function flags(hosts: readonly Host[], cell: Partial<MetricCell> = {}, more: Partial<MetricEvidence> = {}) {
  const [effect] = pairedEffects(onePeriod(cellOf({ put_block: metricCellOf(hosts, cell) })), ["put_block"]);
  const evidence = { effect: effect!, between: NOTHING_BETWEEN, strata: [], cached: null, margin: 300, ...more };
  return metricFlags(evidence);
}
const many = (count: number, host: Host): Host[] => Array<Host>(count).fill(host);
const point = (ticks: number) => ({ lo: ticks, hi: ticks });

describe("flags of one metric", () => {
  test.each<[string, ReturnType<typeof flags>, string[]]>([
    ["no flags", flags(many(10, 1000)), []],
    ["no hosts", flags([]), []],
    ["one host", flags([1000]), ["single_host"]],
    ["one host with single runs", flags([1000], { one: 1 }), ["single_host", "mostly_single_runs"]],
    ["half of the hosts with single runs", flags(many(10, 0), { one: 5 }), []],
    ["more than half", flags(many(10, 0), { one: 6 }), ["mostly_single_runs"]],
    ["a fifth too fast", flags([...many(8, 0), ...many(2, UNKNOWN_HOST)]), []],
    ["more than a fifth", flags([...many(7, 0), ...many(3, UNKNOWN_HOST)]), ["many_too_fast"]],
    [
      "a tenth gains, a tenth loses",
      flags([...many(2, 500), ...many(2, -500), ...many(16, 0)]),
      ["outlier_hosts", "mixed_effect"],
    ],
    ["one in twenty loses", flags([...many(10, 500), ...many(9, 450), ...many(1, 400)]), []],
    [
      "strata apart",
      flags(
        [0],
        {},
        {
          strata: [
            { lo: 301, hi: 900 },
            { lo: -900, hi: -301 },
          ],
        },
      ),
      ["single_host", "strata_disagree"],
    ],
    [
      "strata not clearly apart",
      flags(
        many(6, 0),
        {},
        {
          strata: [
            { lo: 300, hi: 900 },
            { lo: -900, hi: -301 },
          ],
        },
      ),
      [],
    ],
  ])("%s", (_, details, expected) => {
    expect(listFlags(details)).toEqual(expected);
  });

  test("the pooled rates show the opposite of the paired hosts (Simpson)", () => {
    const crude = { ...NOTHING_BETWEEN, crude: point(-400) };
    expect(listFlags(flags(many(6, 1000), {}, { between: crude }))).toEqual(["simpson"]);
    expect(listFlags(flags(many(6, -1000), {}, { between: { ...crude, crude: point(400) } }))).toEqual(["simpson"]);
    expect(listFlags(flags(many(6, 1000), {}, { between: { ...crude, crude: point(-300) } }))).toEqual([]);
  });

  test("without an interval of the pairs, Simpson looks at the comparison between hosts", () => {
    const between = { ...NOTHING_BETWEEN, estimate: point(500), crude: point(-500), interval: { lo: 1, hi: 999 } };
    expect(listFlags(flags(many(5, -1000), {}, { between }))).toEqual(["simpson"]);
  });

  test("pairs and hosts contradict each other", () => {
    const between = { ...NOTHING_BETWEEN, estimate: point(0), interval: { lo: -900, hi: 900 } };
    expect(listFlags(flags(many(6, 1000), {}, { between }))).toEqual(["paired_and_between_disagree"]);
    const touching = { ...between, interval: { lo: -900, hi: 975 } };
    expect(listFlags(flags(many(6, 1000), {}, { between: touching }))).toEqual([]);
  });

  test("cached reads come with their count and rules", () => {
    const details = flags(many(6, 0), {}, { cached: { hosts: 3, rules: ["C1", "C2"] } });
    expect(details.suspect_cached_reads).toMatchObject({ count: 3, rules: ["C1", "C2"] });
  });
});

test("over several periods a text counts results, and no more hosts than there certainly are", () => {
  const merged = onePeriod(cellOf({ put_block: metricCellOf(many(30, 0), { one: 16, nb: 7 }) }));
  const [effect] = pairedEffects({ ...merged, nEff: merged.nEff.map(() => 10) }, ["put_block"]);
  const { mostly_single_runs: single, many_too_fast: fast } = metricFlags({
    effect: effect!,
    between: NOTHING_BETWEEN,
    strata: [],
    cached: null,
    margin: 300,
  });
  const textOf = (flag: Flag, found: FlagFinding | undefined, n_eff: number) =>
    flagText(flag, found!, { counted: { hosts: 30, n_eff }, isRepeated: n_eff < 30 });
  expect(textOf("mostly_single_runs", single, 10)).toMatch(
    /^16 of 30 results over the periods \(at least 10 hosts\) have a single run/,
  );
  expect(textOf("many_too_fast", fast, 10)).toMatch(
    /^7 of 30 results over the periods \(at least 10 hosts\) were too fast/,
  );
  const { mostly_single_runs: ofOnePeriod } = flags(many(30, 0), { one: 16 });
  expect(textOf("mostly_single_runs", ofOnePeriod, 30)).toMatch(/^16 of 30 hosts have a single run/);
});

describe("outlier hosts", () => {
  test("further than three quartile ranges out, where a range is at least one bin", () => {
    // 20 hosts at 0 give Q1 = Q3 = 0 and reach 150: 150 is in, 200 is out.
    expect(countOutliers(orderEnds(metricCellOf([...many(20, 0), 150])))).toBe(0);
    expect(countOutliers(orderEnds(metricCellOf([...many(20, 0), 200, -200])))).toBe(2);
  });

  test("not below 20 exact hosts", () => {
    expect(countOutliers(orderEnds(metricCellOf([...many(18, 0), 5000, [5000, Infinity]])))).toBe(0);
  });
});

describe("flags of a scope", () => {
  const CLEAN = { cached: { hosts: 0, rules: [] }, smallFile: 0, boundMismatch: 0, strata: [] };

  test("gather the flags of the metrics by name", () => {
    const details = scopeFlags(
      new Map([
        ["putc", flags([0])],
        ["seeks", flags([0])],
        ["getc", flags([])],
      ]),
      CLEAN,
    );
    expect(listFlags(details)).toEqual(["single_host"]);
    expect(details.single_host?.metrics).toEqual(["putc", "seeks"]);
  });

  test("add what concerns every metric", () => {
    const evidence = {
      cached: { hosts: 2, rules: ["C1"] },
      smallFile: 4,
      boundMismatch: 1,
      strata: ["v1/2G/8k/16", "v2/2G/8k/16"],
    };
    const details = scopeFlags(new Map(), evidence);
    expect(listFlags(details)).toEqual(["suspect_cached_reads", "small_file", "mixed_versions", "bound_mismatch"]);
    expect(details.small_file?.count).toBe(4);
    const textOf = (flag: Flag, isRepeated: boolean) => flagText(flag, details[flag]!, { counted: null, isRepeated });
    expect(textOf("suspect_cached_reads", false)).toMatch(/: 2\.$/);
    expect(textOf("bound_mismatch", true)).toMatch(/: 1, a host counting once in each period\.$/);
  });

  test("strata of one family are not a mix of versions", () => {
    expect(listFlags(scopeFlags(new Map(), { ...CLEAN, strata: ["v1/2G/8k/16", "v1/4G/8k/16"] }))).toEqual([]);
  });
});
