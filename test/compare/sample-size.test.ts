// When one of these fails, a page promises an operator a verdict after fewer or more hosts than it takes, and weeks of
// benchmark runs are planned wrongly. The projections are held against the verdict itself, over hosts made for it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare } from "../../shared/compare/compare.ts";
import type { MetricFindings } from "../../shared/compare/comparison.ts";
import { fewestHosts, hostsForDirection, hostsForEquality, hostsToOverturn } from "../../shared/compare/sample-size.ts";
import { type Host, input, put, query, ticks } from "./build.ts";

const UP = ticks(2);
const DOWN = ticks(0.5);

const times = (count: number, host: Host): Host[] => Array.from({ length: count }, () => host);

/** What a comparison of this metric alone finds of hosts with these log-ratios. */
function found(hosts: readonly Host[]): MetricFindings {
  const asked = query("blktap2", "loop", { metrics: ["put_block"] });
  const { put_block } = compare(input({ query: asked, pair: new Map([["ALL", put(hosts)]]) })).fleet.metrics;
  if (put_block === undefined) throw new Error("the metric asked for is missing");
  return put_block;
}

const isDecided = (hosts: readonly Host[]) => ["faster", "slower"].includes(found(hosts).verdict);

describe("the fewest hosts that can decide", () => {
  // All n agree: p = 2 / 2^n, times the tests; 0.05 is reached at 2^n >= 40 tests, and no interval exists below 6.
  test.each([
    [1, 6], // 64 >= 40
    [2, 7], // 64 < 80 <= 128
    [3, 7], // 120 <= 128
    [4, 8], // 160 <= 256
    [12, 9], // 480 <= 512
  ])("%i metrics tested together: %i", (tests, hosts) => {
    expect(fewestHosts(tests)).toBe(hosts);
  });

  test("is where the verdict turns", () => {
    expect(found(times(5, UP)).reason).toBe("too_few_hosts");
    expect(found(times(fewestHosts(1), UP)).verdict).toBe("faster");
  });
});

describe("hosts for a difference", () => {
  test("hosts that all agree need no more than the fewest, or than there are", () => {
    expect(hostsForDirection({ hosts: 3, faster: 3, slower: 0 }, 12)).toBe(9);
    expect(hostsForDirection({ hosts: 30, faster: 0, slower: 30 }, 12)).toBe(30);
  });

  test("nothing is promised where half of the hosts or fewer go one way", () => {
    expect(hostsForDirection({ hosts: 20, faster: 10, slower: 10 }, 1)).toBeNull();
    expect(hostsForDirection({ hosts: 20, faster: 10, slower: 2 }, 1)).toBeNull();
  });

  test("a majority so slight that no fleet is large enough gives no number", () => {
    expect(hostsForDirection({ hosts: 100_000, faster: 50_050, slower: 49_950 }, 12)).toBeNull();
  });

  test("so many hosts that split the same way decide it, and one less does not", () => {
    const split = fc.record({ up: fc.integer({ min: 4, max: 12 }), down: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(split, ({ up, down }) => {
        const hosts = up + down;
        const wanted = hostsForDirection({ hosts, faster: up, slower: down }, 1);
        fc.pre(wanted !== null && wanted > hosts && wanted <= 100);
        const at = (count: number) => {
          const winning = Math.floor((up * count) / hosts);
          return [...times(winning, UP), ...times(count - winning, DOWN)];
        };
        expect(isDecided(at(wanted)), `${wanted} hosts, split ${up} to ${down}`).toBe(true);
        // Just before it the p value or the interval fails; the interpolated interval may lead by a host.
        const before = found(at(wanted - 1));
        expect(isDecided(at(wanted - 1)) && (before.p ?? 1) > 0.05).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe("hosts that overturn a verdict", () => {
  test("6 of 6 is undone by the first that disagrees", () => {
    expect(hostsToOverturn({ hosts: 6, faster: 6, slower: 0 }, 1)).toBe(1);
    // 6 to 1: p = 2 * 8 / 128 = 0.125.
    expect(isDecided([...times(6, UP), DOWN])).toBe(false);
  });

  test("with one less the verdict holds, and with so many it is gone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 40 }), fc.integer({ min: 0, max: 8 }), (up, down) => {
        const hosts = [...times(up, UP), ...times(down, DOWN)];
        fc.pre(isDecided(hosts));
        const undoing = hostsToOverturn({ hosts: up + down, faster: up, slower: down }, 1);
        const with_ = (count: number) => [...hosts, ...times(count, DOWN)];
        expect(found(with_(undoing)).p ?? 1, `${up} to ${down}`).toBeGreaterThan(0.05);
        expect(isDecided(with_(undoing))).toBe(false);
        if (undoing > 1) expect(isDecided(with_(undoing - 1))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("undetermined hosts count against it", () => {
    const sure = hostsToOverturn({ hosts: 40, faster: 40, slower: 0 }, 12);
    expect(hostsToOverturn({ hosts: 50, faster: 40, slower: 0 }, 12)).toBeLessThan(sure);
  });
});

describe("hosts for equality", () => {
  const known = (ratio: number) => ({ low: ratio, high: ratio, relation: "=" }) as const;
  const within = (log: number) => Math.exp(log);

  test("an interval twice as wide as the margin needs four times the hosts", () => {
    // The margin of 3 % is 0.03 in logs; the median is 1 and the interval reaches 0.06 either way.
    expect(hostsForEquality(50, known(1), { low: within(-0.06), high: within(0.06) }, 0.03)).toBe(200);
  });

  test("off the middle the nearer edge decides", () => {
    // From 0.01 it is 0.02 to the edge; the interval reaches 0.06 that way: three times, so nine times the hosts.
    expect(hostsForEquality(10, known(within(0.01)), { low: within(-0.03), high: within(0.07) }, 0.03)).toBe(90);
  });

  test.each([
    ["a median outside the margin", known(1.2), { low: 0.9, high: 1.5 }],
    ["a median that is a bound", { low: 1, high: null, relation: ">=" } as const, { low: 0.9, high: 1.2 }],
    ["an interval without an end", known(1), { low: 0.9, high: null }],
    ["no interval", known(1), null],
  ])("nothing is promised of %s", (_, ratio, ci) => {
    expect(hostsForEquality(20, ratio, ci, 0.03)).toBeNull();
  });
});
