import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computeVote, type HostValue, isBothTooFast, logRatio, votingStrata } from "../../shared/cells/host-values.ts";

fc.configureGlobal({ seed: 20_261_101 });

const INF = Number.POSITIVE_INFINITY;
const exact = (ticks: number): HostValue => ({ lo: ticks, hi: ticks, runs: 1, exact: 1, spread: 0 });
const above = (ticks: number): HostValue => ({ lo: ticks, hi: null, runs: 1, exact: 0, spread: 0 });

describe("logRatio", () => {
  it.each([
    ["exact, exact", exact(100), exact(130), { lo: 30, hi: 30 }],
    ["exact, too fast: at least", exact(100), above(130), { lo: 30, hi: INF }],
    ["too fast, exact: at most", above(130), exact(100), { lo: -INF, hi: -30 }],
    ["too fast, too fast: nothing known", above(100), above(130), { lo: -INF, hi: INF }],
  ])("of %s follows the table of statistics section 2", (_, baseline, candidate, expected) => {
    expect(logRatio(baseline, candidate)).toEqual(expected);
  });
});

describe("isBothTooFast", () => {
  it("needs both ends open: a one-sided bound is information", () => {
    expect(isBothTooFast({ lo: -INF, hi: INF })).toBe(true);
    expect(isBothTooFast({ lo: 3, hi: INF })).toBe(false);
    expect(isBothTooFast({ lo: -INF, hi: 3 })).toBe(false);
  });
});

describe("the vote of a host over its strata", () => {
  const vote = (...ratios: [number, number][]) =>
    computeVote(votingStrata(ratios.map(([lo, hi]) => ({ ratio: { lo, hi } }))).map(({ ratio }) => ratio));

  it.each([
    ["a single stratum is the vote", [[30, 30]], [30, 30]],
    [
      "two exact strata: the mean, half away from zero: 30.5 -> 31",
      [
        [30, 30],
        [31, 31],
      ],
      [31, 31],
    ],
    [
      "the same mirrored: -30.5 -> -31",
      [
        [-30, -30],
        [-31, -31],
      ],
      [-31, -31],
    ],
    [
      "strata that say nothing do not vote",
      [
        [-INF, INF],
        [30, 30],
        [-INF, INF],
      ],
      [30, 30],
    ],
    [
      "unless no stratum has information",
      [
        [-INF, INF],
        [-INF, INF],
      ],
      [-INF, INF],
    ],
    [
      "exact and at least: mid(10, 40) and mid(10, inf)",
      [
        [10, 10],
        [40, INF],
      ],
      [25, INF],
    ],
    [
      "two exact and at least: exact by the median",
      [
        [10, 10],
        [20, 20],
        [40, INF],
      ],
      [20, 20],
    ],
    [
      "at least in one, at most in the other: nothing known",
      [
        [10, INF],
        [-INF, -10],
      ],
      [-INF, INF],
    ],
    [
      "ends that straddle two exact values: an interval",
      [
        [0, INF],
        [-INF, 1],
        [0, 0],
        [1, 1],
      ],
      [0, 1],
    ],
  ] as [string, [number, number][], [number, number]][])("%s", (_, ratios, [lo, hi]) => {
    expect(vote(...ratios)).toEqual({ lo, hi });
  });

  it("never puts the lower end above the upper one", () => {
    const ratio = fc
      .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 9 }), fc.boolean(), fc.boolean())
      .map(([at, width, isOpenBelow, isOpenAbove]): [number, number] => [
        isOpenBelow ? -INF : at,
        isOpenAbove ? INF : at + width,
      ]);
    fc.assert(
      fc.property(fc.array(ratio, { minLength: 1, maxLength: 7 }), (ratios) => {
        const { lo, hi } = vote(...ratios);
        expect(lo).toBeLessThanOrEqual(hi);
      }),
    );
  });
});
