import { describe, expect, test } from "vitest";
import { estimateQuantity } from "../../shared/compare/estimate.ts";
import type { Merged } from "../../shared/compare/merged-cells.ts";
import { compareBetweenHosts } from "../../shared/compare/mover.ts";
import { type Host, put } from "./build.ts";

/** Six hosts around a value: median v, limits v -+ (250 - 50/1.4) = v -+ 214.28... (see the interval of six hosts). */
const around = (value: number): number[] => [-250, -150, -50, 50, 150, 250].map((step) => value + step);
const REACH = 250 - 50 / 1.4;

function between(baseline: Record<string, Merged>, candidate: Record<string, Merged>, margin = 300) {
  const strata = (values: Record<string, Merged>) =>
    new Map(
      Object.entries(values).map(([stratum, own]) => [
        stratum,
        new Map([["put_block", estimateQuantity(own, "put_block")]] as const),
      ]),
    );
  return compareBetweenHosts(strata(baseline), strata(candidate), "put_block", margin);
}

describe("hosts with one backend only", () => {
  test("one stratum: the difference of medians with limits by MOVER", () => {
    const found = between({ a: put(around(100_000)) }, { a: put(around(101_000)) });
    // sqrt(REACH^2 + REACH^2) either way.
    expect(found.strataUsed).toEqual(["a"]);
    expect(found.estimate).toEqual({ lo: 1000, hi: 1000 });
    expect(found.crude).toEqual({ lo: 1000, hi: 1000 });
    expect(found.interval?.lo).toBeCloseTo(1000 - REACH * Math.SQRT2, 6);
    expect(found.interval?.hi).toBeCloseTo(1000 + REACH * Math.SQRT2, 6);
    expect(found.indication).toBe("faster");
  });

  test("strata weigh by their hosts", () => {
    // a: 12 hosts, difference 1000; b: 24 hosts (each value of around() twice on both sides), difference -500:
    // 1000 * 12/36 - 500 * 24/36 = 0.
    const twice = (value: number) => [...around(value), ...around(value)];
    const found = between(
      { a: put(around(100_000)), b: put(twice(80_000)) },
      { a: put(around(101_000)), b: put(twice(79_500)) },
    );
    expect(found.strataUsed).toEqual(["a", "b"]);
    expect(found.estimate.lo).toBeCloseTo(0, 9);
    expect(found.indication).toBe("none");
  });

  test("a stratum with five hosts on one side is not used, but counts for the crude ratio", () => {
    const found = between({ a: put(around(100_000)) }, { a: put(around(101_000).slice(1)) });
    expect(found).toMatchObject({ strataUsed: [], interval: null, indication: "none" });
    expect(found.estimate).toEqual({ lo: -Infinity, hi: Infinity });
    expect(found.crude).toEqual({ lo: 1050, hi: 1050 }); // the middle of the upper five
  });

  test("too fast hosts make one end infinite and never NaN", () => {
    const fast = around(101_000).map((lo): Host => [lo, Infinity]);
    const found = between({ a: put(around(100_000)) }, { a: put(fast) });
    // Bounds keep the lower edges of their bins: 101 000 -+ 50 lie on centres, so 25 below; hi is unknown.
    expect(found.estimate).toEqual({ lo: 975, hi: Infinity });
    expect(found.interval?.hi).toBe(Infinity);
    expect(found.interval?.lo).toBeLessThan(975);
    expect(found.indication).toBe("faster");
    const reverse = between({ a: put(fast) }, { a: put(around(100_000)) });
    expect(reverse.estimate).toEqual({ lo: -Infinity, hi: -975 });
    expect(reverse.interval?.lo).toBe(-Infinity);
    expect(reverse.indication).toBe("slower");
  });

  test("very many hosts in many strata are still pooled, although their sum of squares is no exact integer any more", () => {
    const huge = { ...put(around(100_000)) };
    huge.cell.metrics[1]!.s2 = Number.MAX_SAFE_INTEGER;
    expect(between({ a: huge, b: huge }, { a: huge, b: huge }).crude).toEqual({ lo: 0, hi: 0 });
  });

  test("nothing measured is unknown", () => {
    expect(between({}, {}).crude).toEqual({ lo: -Infinity, hi: Infinity });
  });
});
