import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at, atFromLargest, orderEnds, quantile } from "../../shared/compare/order-statistics.ts";
import { type Host, metricCellOf, UNKNOWN_HOST } from "./build.ts";

describe("values at ranks", () => {
  test("a lone member of a bin is its centre, several are spread evenly", () => {
    // 98 and 102 round to bin 2 (centre 100): j = 1, 2 of 2: 100 + 50 * (0.25 - 0.5) = 87.5 and 112.5. 230 is alone in bin 5.
    const values = orderEnds(metricCellOf([102, 230, 98])).lower;
    expect([1, 2, 3].map((rank) => at(values, rank))).toEqual([87.5, 112.5, 250]);
  });

  test("a bound keeps the safe edge of its bin, or a bound would be published that no run supports", () => {
    // lo 110 is in bin 2, whose lower edge is 75; hi 110 likewise, upper edge 125.
    expect(at(orderEnds(metricCellOf([[110, Infinity]])).lower, 1)).toBe(75);
    expect(at(orderEnds(metricCellOf([[-Infinity, 110]])).upper, 1)).toBe(125);
  });

  test("unknown ends lie at infinity on their own side only", () => {
    const cell = metricCellOf([0, [0, Infinity], [-Infinity, 0], UNKNOWN_HOST]);
    const [lower, upper] = [orderEnds(cell).lower, orderEnds(cell).upper];
    expect([1, 2, 3, 4].map((rank) => at(lower, rank))).toEqual([-Infinity, -Infinity, -25, 0]);
    expect([1, 2, 3, 4].map((rank) => at(upper, rank))).toEqual([0, 25, Infinity, Infinity]);
  });

  test("between ranks it is linear, and infinite as soon as one neighbour is", () => {
    const values = orderEnds(metricCellOf([0, 100, [100, Infinity]])).upper;
    expect(at(values, 1.25)).toBe(25);
    expect(at(values, 2)).toBe(100);
    expect(at(values, 2.0001)).toBe(Infinity);
  });

  test("Hazen quantiles: rank N p + 1/2, held within the data", () => {
    const values = orderEnds(metricCellOf([0, 100, 200, 300, 400])).lower; // N = 5
    expect(quantile(values, 50)).toBe(200); // rank 3
    expect(quantile(values, 25)).toBe(75); // rank 1.75
    expect(quantile(values, 10)).toBe(0); // rank 1
    expect(quantile(values, 5)).toBe(0); // rank 0.75, held at 1
    expect(quantile(values, 95)).toBe(400); // rank 5.25, held at 5
  });
});

const anyHost: fc.Arbitrary<Host> = fc.oneof(
  fc.integer({ min: -2000, max: 2000 }),
  fc.integer({ min: -2000, max: 2000 }).map((lo): Host => [lo, Infinity]),
  fc.integer({ min: -2000, max: 2000 }).map((hi): Host => [-Infinity, hi]),
  fc.constant(UNKNOWN_HOST),
);

/** Every member of LO written out, straight from the definition. */
function writtenOut(hosts: readonly Host[]): number[] {
  const binOf = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) / 50 + 0.5);
  const exact = hosts.filter((host) => typeof host === "number").map(binOf);
  const spread = exact
    .sort((a, b) => a - b)
    .map((bin, index) => {
      const c = exact.filter((other) => other === bin).length;
      const j = index - exact.indexOf(bin) + 1;
      return 50 * bin + 50 * ((j - 0.5) / c - 0.5);
    });
  const bounds = hosts.flatMap((host) => (typeof host === "number" ? [] : [host[0]]));
  return [...spread, ...bounds.map((lo) => (lo === -Infinity ? lo : 50 * binOf(lo) - 25))].sort((a, b) => a - b);
}

test("ranks into bins agree with the members written out one by one", () => {
  fc.assert(
    fc.property(fc.array(anyHost, { minLength: 1, maxLength: 60 }), (hosts) => {
      const values = orderEnds(metricCellOf(hosts)).lower;
      writtenOut(hosts).forEach((value, index) => {
        const found = at(values, index + 1);
        expect(found === value || Math.abs(found - value) < 1e-9).toBe(true);
      });
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("the upper end is the exact mirror image of the lower end, or verdicts would depend on the order of the question", () => {
  const mirrored = (host: Host): Host => (typeof host === "number" ? -host : [-host[1], -host[0]]);
  fc.assert(
    fc.property(
      fc.array(anyHost, { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (hosts, share) => {
        const rank = 1 + share * (hosts.length - 1);
        const here = at(orderEnds(metricCellOf(hosts)).lower, rank);
        expect(-atFromLargest(orderEnds(metricCellOf(hosts.map(mirrored))).upper, rank) === here).toBe(true);
      },
    ),
    { seed: 2, numRuns: 500 },
  );
});
