import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computeHostValue, noiseVariance, type Sample, sumOfSquares } from "../../shared/cells/host-values.ts";

fc.configureGlobal({ seed: 20_261_101 });

const exact = (ticks: number): Sample => ({ ticks, censored: false });
const above = (ticks: number): Sample => ({ ticks, censored: true });

describe("computeHostValue", () => {
  it("is null for a metric that no run has, and ignores the runs without it", () => {
    expect(computeHostValue([])).toBeNull();
    expect(computeHostValue([null, null])).toBeNull();
    expect(computeHostValue([null, exact(7), null])).toEqual({ lo: 7, hi: 7, runs: 1, exact: 1, spread: 0 });
  });

  // The three sentences of statistics.md, section 2, with a bound of 1000 above the exact values.
  it.each([
    // lo's and hi's: mid(10, 30, 1000) = mid(10, 30, inf) = 30
    ["two exact and one +++++", [exact(10), exact(30), above(1000)], { lo: 30, hi: 30, runs: 3, exact: 2 }],
    // mid(10, 1000, 1000) = 1000, mid(10, inf, inf) = inf
    ["one exact and two +++++", [exact(10), above(1000), above(1000)], { lo: 1000, hi: null, runs: 3, exact: 1 }],
    // mean(10, 1000) = 505, upper end inf
    ["one of each", [exact(10), above(1000)], { lo: 505, hi: null, runs: 2, exact: 1 }],
    ["one +++++", [above(1000)], { lo: 1000, hi: null, runs: 1, exact: 0 }],
    // mean(10, 13) = 11.5 -> 12
    ["two exact", [exact(10), exact(13)], { lo: 12, hi: 12, runs: 2, exact: 2 }],
    // mean(-10, -13) = -11.5 -> -12
    ["two exact below one a second", [exact(-10), exact(-13)], { lo: -12, hi: -12, runs: 2, exact: 2 }],
    // A smaller file of the same class has a lower bound: mid(10, 20, 5) = 10, mid(10, 20, inf) = 20: not the same.
    ["a bound below the exact values", [exact(10), exact(20), above(5)], { lo: 10, hi: null, runs: 3, exact: 2 }],
  ])("takes %s as in statistics.md, section 2, or +++++ would count as a number", (_, samples, expected) => {
    expect(computeHostValue(samples)).toMatchObject(expected);
  });

  it("has the spread of the exact runs as an integer: n * sum of squares - square of the sum", () => {
    // 3 * (1 + 4 + 16) - 7^2 = 63 - 49 = 14, so SS = 14/3; the censored run does not count.
    const value = computeHostValue([exact(1), exact(2), exact(4), above(9)]);
    expect(value?.spread).toBe(14);
    expect(value && sumOfSquares(value)).toBe(14 / 3);
  });

  it("does not depend on the order of the runs, which the store does not guarantee", () => {
    const sample = fc.record({ ticks: fc.integer({ min: -300_000, max: 300_000 }), censored: fc.boolean() });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 9 }), (samples) => {
        expect(computeHostValue(samples.toReversed())).toEqual(computeHostValue(samples));
      }),
    );
  });
});

describe("noiseVariance", () => {
  const varianceOf = (...samples: Sample[]) => {
    const value = computeHostValue(samples);
    return value && noiseVariance(value);
  };

  it("is SS / (r-1) / r for two runs, whose median is their mean: (10 - 13)^2 / 2 / 1 / 2 = 2.25", () => {
    expect(varianceOf(exact(10), exact(13))).toBe(2.25);
  });

  it("is pi/2 as much for three and more, whose median is noisier: 14/3 / 2 / 3 * pi/2", () => {
    expect(varianceOf(exact(1), exact(2), exact(4))).toBeCloseTo(((14 / 3) * Math.PI) / 12, 12);
  });

  it("is 0 and known for equal runs", () => {
    expect(varianceOf(exact(5), exact(5))).toBe(0);
  });

  it("is unknown for a single run or with a censored one, or fleets would look less noisy than they are", () => {
    expect(varianceOf(exact(5))).toBeNull();
    expect(varianceOf(exact(5), exact(6), above(9))).toBeNull();
    expect(varianceOf(above(9), above(9))).toBeNull();
  });
});
