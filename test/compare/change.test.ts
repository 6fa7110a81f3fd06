import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { computeMedian } from "../../shared/compare/median.ts";
import { changeBetween } from "../../shared/compare/mover.ts";
import { orderEnds } from "../../shared/compare/order-statistics.ts";
import { type Host, metricCellOf } from "./build.ts";

const medianFrom = (hosts: readonly Host[]) => computeMedian(orderEnds(metricCellOf(hosts)), hosts.length);

/** Six hosts around a value: median v, limits v -+ REACH (see the interval of six hosts). */
const around = (value: number): number[] => [-250, -150, -50, 50, 150, 250].map((step) => value + step);
const REACH = 250 - 50 / 1.4;

describe("the change of a median between two periods", () => {
  test("adds up both uncertainties", () => {
    const found = changeBetween(medianFrom(around(100_000)), medianFrom(around(101_000)));
    expect(found).toMatchObject({ estimate: { lo: 1000, hi: 1000 }, hint: "faster" });
    // sqrt(REACH^2 + REACH^2) = 303.0 either way.
    expect(found?.interval.lo).toBeCloseTo(1000 - REACH * Math.SQRT2, 6);
    expect(found?.interval.hi).toBeCloseTo(1000 + REACH * Math.SQRT2, 6);
  });

  test.each<[string, Host[], Host[], string]>([
    ["5 % is not yet worth a hint", around(100_000), around(100_500), "none"],
    ["a little more is", around(100_000), around(100_550), "faster"],
    ["nor is a large change that may be chance", [0, 1000, 2000, 3000, 4000, 5000], around(3500), "none"],
    ["slower", around(100_000), around(99_000), "slower"],
    ["a lower bound far above is enough", around(100_000), around(102_000).map((lo): Host => [lo, Infinity]), "faster"],
    [
      "a lower bound before hides everything",
      around(100_000).map((lo): Host => [lo, Infinity]),
      around(102_000),
      "none",
    ],
  ])("%s", (_, before, now, hint) => {
    expect(changeBetween(medianFrom(before), medianFrom(now))?.hint).toBe(hint);
  });

  test("of five hosts is null", () => {
    expect(changeBetween(medianFrom(around(0).slice(1)), medianFrom(around(9000)))).toBeNull();
    expect(changeBetween(medianFrom(around(0)), medianFrom(around(9000).slice(1)))).toBeNull();
  });

  test("backward in time is the mirror image, or a hint would depend on the order of the periods", () => {
    const value = fc.integer({ min: -1500, max: 1500 });
    const host: fc.Arbitrary<Host> = fc.oneof(
      { weight: 4, arbitrary: value },
      { weight: 1, arbitrary: value.map((lo): Host => [lo, Infinity]) },
    );
    const hosts = fc.array(host, { minLength: 6, maxLength: 30 });
    const mirror = { faster: "slower", slower: "faster", none: "none" } as const;
    fc.assert(
      fc.property(hosts, hosts, (before, now) => {
        const there = changeBetween(medianFrom(before), medianFrom(now))!;
        const back = changeBetween(medianFrom(now), medianFrom(before))!;
        expect(back.hint).toBe(mirror[there.hint]);
        for (const key of ["estimate", "interval"] as const) {
          expect(0 - back[key].lo).toBeCloseTo(there[key].hi, 6);
          expect(0 - back[key].hi).toBeCloseTo(there[key].lo, 6);
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
