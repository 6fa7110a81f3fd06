import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rnd, toTicks } from "../../shared/cells/host-values.ts";

fc.configureGlobal({ seed: 20_261_101 });

describe("rnd", () => {
  it.each([
    [0.5, 1],
    [-0.5, -1],
    [1.5, 2],
    [-1.5, -2],
    [2.5, 3],
    [-2.5, -3],
    [0.49, 0],
    [7, 7],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])("rounds %d to %d: halves away from zero, or both directions of a pair would differ", (x, expected) => {
    expect(rnd(x)).toBe(expected);
  });

  it("never gives -0, which would be a second zero in bins and encodings", () => {
    for (const x of [-0, -0.2, -0.49]) expect(Object.is(rnd(x), 0)).toBe(true);
  });

  it("commutes with the sign, so that flipping a pair flips its numbers exactly", () => {
    fc.assert(fc.property(fc.double({ noNaN: true }), (x) => rnd(-x) === -rnd(x)));
  });
});

describe("toTicks", () => {
  // ln 25511 = 10.1468650..., ln 69438 = 11.1481895..., ln 1.0001 = 0.99995e-4, ln 0.5 = -0.6931471...
  it.each([
    [1, 0],
    [25_511, 101_469],
    [69_438, 111_482],
    [1.0001, 1],
    [0.5, -6931],
  ])("puts a rate of %d at %d ticks of 1e-4 natural log", (rate, ticks) => {
    expect(toTicks(rate)).toBe(ticks);
  });
});
