import { describe, expect, it } from "vitest";
import { mid } from "../../shared/cells/host-values.ts";

const INF = Number.POSITIVE_INFINITY;

describe("mid", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 9], 9.5],
    [[-1, -2, 100, 2], 0.5],
    [[1, INF], INF],
    [[-INF, 1], -INF],
    [[1, 2, INF], 2],
    [[1, 2, INF, INF], INF],
    [[1, 2, 3, INF], 2.5],
    [[INF, INF], INF],
  ])("of %j is %d: a host value or a host's vote would be wrong", (xs, expected) => {
    expect(mid(xs)).toBe(expected);
  });

  it("does not change its argument, so that the same runs can be used again", () => {
    const xs = [3, 1, 2];
    mid(xs);
    expect(xs).toEqual([3, 1, 2]);
  });

  it("rejects an empty list instead of returning NaN, which would spread to every sum", () => {
    expect(() => mid([])).toThrow(RangeError);
  });
});
