import { describe, expect, test } from "vitest";
import { geometricMean, hostRange, hostShares, noiseShare, sdLog } from "../../shared/compare/heterogeneity.ts";
import { orderEnds } from "../../shared/compare/order-statistics.ts";
import { type Host, metricCellOf, UNKNOWN_HOST } from "./build.ts";

const endsFrom = (hosts: readonly Host[]) => orderEnds(metricCellOf(hosts));

function sharesOf(hosts: readonly Host[]) {
  const cell = metricCellOf(hosts);
  return hostShares(cell, orderEnds(cell));
}

const ratio = (ticks: number) => Math.exp(ticks / 1e4);

describe("range over hosts", () => {
  test("below 20 hosts it is from the smallest to the largest, and its kind says so", () => {
    expect(hostRange(endsFrom([-500, 100, 700]))).toEqual({ low: ratio(-500), high: ratio(700), kind: "min_max" });
  });

  test("from 20 hosts on it is the middle 90 %", () => {
    // Rank 20 * 0.05 + 0.5 = 1.5 from either end of 0, 100 .. 1900: 50 and 1850.
    const range = hostRange(endsFrom(Array.from({ length: 20 }, (_, i) => 100 * i)));
    expect(range).toEqual({ low: ratio(50), high: ratio(1850), kind: "central_90" });
  });

  test("unknown hosts leave it open, and none leave nothing", () => {
    expect(hostRange(endsFrom([0, [100, Infinity]]))).toEqual({ low: 1, high: null, kind: "min_max" });
    expect(hostRange(endsFrom([]))).toEqual({ low: null, high: null, kind: "min_max" });
  });
});

test("shares: a host on the 3 % edge is the same, a bound counts by its safe edge", () => {
  // Bins 6, 7, -6, -7 are 300, 350, -300, -350. Bounds: 330 -> bin 7, edge 325; 320 -> bin 6, edge 275; -330 -> edge -325.
  const hosts: Host[] = [300, 350, -300, -350, [330, Infinity], [320, Infinity], [-Infinity, -330], UNKNOWN_HOST];
  expect(sharesOf(hosts)).toEqual({ faster: 2 / 8, slower: 2 / 8, same: 2 / 8, undetermined: 2 / 8 });
  expect(sharesOf([])).toEqual({ faster: 0, slower: 0, same: 0, undetermined: 0 });
});

describe("spread", () => {
  test("standard deviation of the exact log-ratios", () => {
    // 1000, 2000, 3000: squares about the mean 2e6, over n - 1 = 1e6, root 1000 ticks = 0.1.
    expect(sdLog(metricCellOf([1000, 2000, 3000, UNKNOWN_HOST]))).toBeCloseTo(0.1, 14);
    expect(sdLog(metricCellOf([1000]))).toBeNull();
  });

  test("equal ratios far from 1 have no spread at all, however many hosts", () => {
    expect(sdLog(metricCellOf(Array<number>(1001).fill(98_765)))).toBe(0);
  });

  test("noise between runs as a part of it", () => {
    // Variance 1e6 ticks^2; noise 500 000/2 = 250 000.
    expect(noiseShare(metricCellOf([1000, 2000, 3000], { wv: 500_000, wn: 2 }))).toBeCloseTo(0.25, 14);
    expect(noiseShare(metricCellOf([1000, 2000, 3000], { wv: 9_000_000, wn: 2 }))).toBe(1);
    expect(noiseShare(metricCellOf([1000, 2000, 3000], { wv: 500_000, wn: 1 }))).toBeNull();
    expect(noiseShare(metricCellOf([1000, 1000], { wv: 0, wn: 2 }))).toBeNull();
  });
});

test("a geometric mean is withheld as soon as one host is censored, or it would be taken for the truth", () => {
  expect(geometricMean(metricCellOf([1000, 3000]))).toBe(ratio(2000));
  expect(geometricMean(metricCellOf([1000, [3000, Infinity]]))).toBeNull();
  expect(geometricMean(metricCellOf([]))).toBeNull();
});
