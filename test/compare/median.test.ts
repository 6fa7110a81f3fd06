import { describe, expect, test } from "vitest";
import { computeMedian, medianEstimate } from "../../shared/compare/median.ts";
import { orderEnds } from "../../shared/compare/order-statistics.ts";
import { type Host, metricCellOf, UNKNOWN_HOST } from "./build.ts";
import { random } from "./random.ts";

const endsFrom = (hosts: readonly Host[]) => orderEnds(metricCellOf(hosts));

describe("estimate", () => {
  test.each<[string, Host[], [number, number]]>([
    ["odd: the middle host", [0, 100, 500], [100, 100]],
    ["even: between the middle two", [0, 100, 200, 500], [150, 150]],
    ["a bound above the middle changes nothing", [0, 100, [200, Infinity]], [100, 100]],
    ["a bound in the middle is a bound", [0, [100, Infinity], [200, Infinity]], [75, Infinity]],
    ["half of an even number censored: at least", [0, 100, [200, Infinity], [200, Infinity]], [137.5, Infinity]],
    ["unknown hosts widen it on both sides", [0, 100, 200, 300, UNKNOWN_HOST], [100, 200]],
    ["all unknown", [UNKNOWN_HOST, UNKNOWN_HOST], [-Infinity, Infinity]],
    ["no hosts", [], [-Infinity, Infinity]],
  ])("%s", (_, hosts, [lo, hi]) => {
    // Fourth case: the two lower bounds share bin 4 and its edge 175; (100 + 175)/2 = 137.5.
    expect(medianEstimate(endsFrom(hosts))).toEqual({ lo, hi });
  });
});

describe("interval", () => {
  test("six hosts by hand", () => {
    // Rank 1 + 0.5/1.4 = 1.357142...; between 0 and 100: 35.7142...; from the top between 500 and 400: 464.28...
    const { interval } = computeMedian(endsFrom([0, 100, 200, 300, 400, 500]), 6);
    expect(interval?.lo).toBeCloseTo(50 / 1.4, 9);
    expect(interval?.hi).toBeCloseTo(500 - 50 / 1.4, 9);
  });

  test("five hosts have none", () => {
    expect(computeMedian(endsFrom([0, 0, 0, 0, 0]), 5).interval).toBeNull();
  });

  test("never narrower than the grid: equal hosts still leave a quarter of a per cent", () => {
    // 10 hosts in bin 4 are spread from 177.5 to 222.5, so the estimate is 200 and the ranks stay inside the bin.
    const { estimate, interval } = computeMedian(endsFrom(Array<number>(10).fill(200)), 10);
    expect(estimate).toEqual({ lo: 200, hi: 200 });
    expect(interval).toEqual({ lo: 175, hi: 225 });
  });

  test("a side without limit stays without limit", () => {
    const hosts: Host[] = [0, 100, 200, 300, [400, Infinity], [400, Infinity]];
    const { estimate, interval } = computeMedian(endsFrom(hosts), 6);
    expect(estimate).toEqual({ lo: 250, hi: 250 });
    expect(interval?.lo).toBeCloseTo(50 / 1.4, 9);
    expect(interval?.hi).toBe(Infinity);
  });

  test("the same hosts in several periods do not make the interval narrower", () => {
    // Each of 6 hosts three times: rank (1.35714 - 0.5) * 3 + 0.5 = 3.07142: between the 3rd member of bin 0
    // (50 * (2.5/3 - 0.5) = 16.66) and the 1st of bin 2 (83.33), so 16.66 + 0.07142 * 66.66 = 21.42.
    const once = [0, 100, 200, 300, 400, 500];
    const { interval } = computeMedian(endsFrom([...once, ...once, ...once]), 6);
    expect(interval?.lo).toBeCloseTo(50 / 3 + ((0.5 / 1.4) * 3 - 1) * (200 / 3), 9);
  });
});

/** Share of samples of `n` draws whose interval holds the true median 0. */
function coverage(n: number, draw: (uniform: () => number) => number, seed: number, samples: number): number {
  const uniform = random(seed);
  let held = 0;
  for (let sample = 0; sample < samples; sample++) {
    const hosts = Array.from({ length: n }, () => Math.round(draw(uniform)));
    const { interval } = computeMedian(endsFrom(hosts), n);
    if (interval !== null && interval.lo <= 0 && interval.hi >= 0) held += 1;
  }
  return held / samples;
}

const normal = (uniform: () => number) => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

describe("the interval holds the truth in about 95 % of cases", () => {
  // 3000 samples: standard error 0.4 %; allowed 93.5 to 96.5 %, i.e. four standard errors about
  // the 94.7..95.4 of statistics.md, section 10.
  test.each([
    ["normal", 6, (u: () => number) => 3000 * normal(u)],
    ["normal", 20, (u: () => number) => 3000 * normal(u)],
    ["normal", 50, (u: () => number) => 3000 * normal(u)],
    ["heavy tails", 20, (u: () => number) => (1000 * normal(u)) / Math.abs(normal(u))],
    ["skewed", 50, (u: () => number) => 3000 * (-Math.log(u()) - Math.LN2)],
  ])("%s, n = %i", (_, n, draw) => {
    const held = coverage(n, draw, n, 3000);
    expect(held).toBeGreaterThan(0.935);
    expect(held).toBeLessThan(0.965);
  });
});

test("100 000 hosts cost what their bins cost, or the largest fleets would wait for their answers", () => {
  const uniform = random(7);
  const cell = metricCellOf(Array.from({ length: 100_000 }, () => Math.round(3000 * normal(uniform))));
  expect(cell.x.counts.length).toBeLessThan(700);
  const before = process.cpuUsage();
  for (let i = 0; i < 100; i++) computeMedian(orderEnds(cell), 100_000);
  // About 0.2 ms of processor time each; expanding 100 000 hosts a hundred times would take several seconds.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
});
