import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linearAxis, logAxis } from "../../shared/chart/axes.ts";

describe("the axis of ratios", () => {
  test("has 1 in the middle, and twice as far from it as half", () => {
    const axis = logAxis([2], 100, 300);
    expect(axis.position(1)).toEqual({ x: 200, side: "inside" });
    expect(axis.position(2).x - 200).toBeCloseTo(200 - axis.position(0.5).x, 9);
    expect(axis.ticks).toEqual([0.5, 0.7, 1, 1.4, 2]);
  });

  test("sends what is beyond it, and what has no limit, to its ends", () => {
    const axis = logAxis([1.5], 0, 100);
    expect(axis.position(1000)).toEqual({ x: 100, side: "right" });
    expect(axis.position(0.001)).toEqual({ x: 0, side: "left" });
    expect(axis.position(null, "left")).toEqual({ x: 0, side: "left" });
    expect(axis.position(null, "right")).toEqual({ x: 100, side: "right" });
    // More than a hundredfold is beyond any axis, or nothing else could be distinguished.
    expect(logAxis([5000], 0, 100).position(5000).side).toBe("right");
  });

  test("holds every ratio up to a hundredfold, and all its ticks", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { maxLength: 20 }), (ratios) => {
        const axis = logAxis(ratios, 0, 400);
        for (const ratio of [...ratios, ...axis.ticks]) expect(axis.position(ratio).side).toBe("inside");
      }),
    );
  });
});

describe("the axis of rates", () => {
  test("has round ticks around its values, from bottom to top", () => {
    const axis = linearAxis([88_000, 134_000], 200, 0, 4);
    expect(axis.ticks).toEqual([80_000, 100_000, 120_000, 140_000]);
    expect(axis.position(80_000)).toBe(200);
    expect(axis.position(140_000)).toBe(0);
  });

  test("holds its values, however large, small or equal", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (values) => {
          const axis = linearAxis(values, 200, 0, 4);
          expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
          expect(axis.ticks.length).toBeLessThanOrEqual(8);
          for (const value of values) {
            expect(axis.position(value)).toBeGreaterThanOrEqual(-1e-6);
            expect(axis.position(value)).toBeLessThanOrEqual(200 + 1e-6);
          }
        },
      ),
    );
  });
});
