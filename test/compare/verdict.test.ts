import { describe, expect, test } from "vitest";
import { type Evidence, judge, marginTicks } from "../../shared/compare/verdict.ts";

/** Clearly faster; each case below changes what its rule looks at. */
const FASTER: Evidence = {
  hosts: 20,
  bothTooFast: 0,
  estimate: { lo: 900, hi: 900 },
  interval: { lo: 500, hi: 1300 },
  narrowest: { lo: 500, hi: 1300 },
  pHolm: 0.001,
  margin: 300,
};

describe("the rules in order", () => {
  test.each<[string, Partial<Evidence>, string, string]>([
    ["1", { hosts: 0, estimate: { lo: -Infinity, hi: Infinity } }, "not comparable", "no_paired_hosts"],
    ["2", { bothTooFast: 20, estimate: { lo: -Infinity, hi: Infinity } }, "not comparable", "too_fast_on_both"],
    ["3", { bothTooFast: 11, estimate: { lo: -Infinity, hi: Infinity } }, "not comparable", "mostly_too_fast"],
    ["4", { interval: null, pHolm: null }, "inconclusive", "too_few_hosts"],
    ["5", { estimate: { lo: 50, hi: 50 }, interval: { lo: 10, hi: 299 } }, "equivalent", "ci_within_margin"],
    ["5, before 7", { interval: { lo: -299, hi: 299 }, pHolm: 1 }, "equivalent", "ci_within_margin"],
    ["6", { interval: { lo: -Infinity, hi: 1300 } }, "inconclusive", "too_fast_hides_size"],
    // The sign test has found a direction, but what holds the limit at 1 is ties: no longer test would move it.
    ["6, ties", { interval: { lo: -25, hi: 1300 }, narrowest: { lo: -25, hi: 1300 } }, "inconclusive", "ci_includes_1"],
    [
      "6, ties under bounds",
      { interval: { lo: -Infinity, hi: 1300 }, narrowest: { lo: -25, hi: 1300 } },
      "inconclusive",
      "ci_includes_1",
    ],
    ["7", { interval: { lo: -1, hi: 1300 }, pHolm: 0.051 }, "inconclusive", "ci_includes_1"],
    ["7, 1 itself is no difference", { interval: { lo: 0, hi: 1300 }, pHolm: 0.051 }, "inconclusive", "ci_includes_1"],
    ["8", { pHolm: 0.051 }, "inconclusive", "not_significant_after_holm"],
    ["8, no test", { pHolm: null }, "inconclusive", "not_significant_after_holm"],
    ["9", {}, "faster", "ci_above_1"],
    ["9, p on the level", { pHolm: 0.05 }, "faster", "ci_above_1"],
    [
      "9, one-sided",
      { estimate: { lo: 900, hi: Infinity }, interval: { lo: 500, hi: Infinity } },
      "faster",
      "ci_above_1",
    ],
    ["10", { estimate: { lo: -900, hi: -900 }, interval: { lo: -1300, hi: -1 } }, "slower", "ci_below_1"],
    ["11", { estimate: { lo: 300, hi: 300 } }, "inconclusive", "difference_below_margin"],
    [
      "11, below",
      { estimate: { lo: -300, hi: -300 }, interval: { lo: -400, hi: -1 } },
      "inconclusive",
      "difference_below_margin",
    ],
  ])("rule %s", (_, change, verdict, reason) => {
    expect(judge({ ...FASTER, ...change })).toEqual({ verdict, reason });
  });
});

test("a margin on the edge is not within the margin", () => {
  const edge = { ...FASTER, estimate: { lo: 0, hi: 0 }, interval: { lo: -300, hi: 100 }, pHolm: 1 };
  expect(judge(edge).reason).toBe("ci_includes_1");
  expect(judge({ ...edge, interval: { lo: -299.9, hi: 100 } }).reason).toBe("ci_within_margin");
});

test.each([
  [0.03, 300], // by definition, although 1e4 ln 1.03 = 295.6
  [0.05, 488], // 1e4 ln 1.05 = 487.9
  [0.1, 953], // 953.1
])("a margin of %f is %i ticks", (margin, ticks) => {
  expect(marginTicks(margin)).toBe(ticks);
});
