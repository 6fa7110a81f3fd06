import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addBins, emptyBins, MAX_BIN, mirrorBins, singleBin, subtractBins, toBin } from "../../shared/cells/bins.ts";
import { binsFrom, hostsByBin } from "./histogram.ts";

fc.configureGlobal({ seed: 20_261_101 });

describe("bins", () => {
  it.each([
    [0, 0],
    [24, 0],
    [25, 1],
    [-25, -1],
    [-24, 0],
    [10_000, 200],
  ])("%d ticks are in bin %d: 50 wide, centred at multiples of 50, halves away from 0", (ticks, bin) => {
    expect(toBin(ticks)).toBe(bin);
    expect(singleBin(ticks)).toEqual({ first: bin, counts: [1] });
  });

  it("reach as far as any two rates of 15 digits: ln(1e15 / 0.1) is 36.9, and twice that still fits", () => {
    expect(toBin(2e4 * Math.log(1e16))).toBeLessThan(MAX_BIN);
  });

  it("grow in either direction and shrink again to the bins with hosts", () => {
    const bins = binsFrom({ 3: 1 });
    addBins(bins, binsFrom({ "-1": 2 }));
    addBins(bins, binsFrom({ 6: 5, 4: 1 }));
    expect(bins).toEqual({ first: -1, counts: [2, 0, 0, 0, 1, 1, 0, 5] });
    subtractBins(bins, binsFrom({ "-1": 2, 6: 5 }), "x");
    expect(bins).toEqual({ first: 3, counts: [1, 1] });
    subtractBins(bins, binsFrom({ 3: 1, 4: 1 }), "x");
    expect(bins).toEqual(emptyBins());
  });

  it("throw an error that names the bin from which too many hosts are subtracted", () => {
    for (const missing of [{ 2: 2 }, { "-9": 1 }, { 9: 1 }]) {
      const bin = Object.keys(missing)[0] ?? "";
      expect(() => subtractBins(binsFrom({ 2: 1 }), binsFrom(missing), "putc.x")).toThrow(
        expect.objectContaining({ field: `putc.x[${bin}]` }),
      );
    }
  });

  it("mirrored have every host in the opposite bin, and twice mirrored are the same", () => {
    expect(mirrorBins(binsFrom({ "-3": 1, 0: 2, 4: 5 }))).toEqual(binsFrom({ "-4": 5, 0: 2, 3: 1 }));
    expect(mirrorBins(emptyBins())).toEqual(emptyBins());
  });

  it("add up as a table of hosts by bin does", () => {
    const table = fc.dictionary(fc.integer({ min: -40, max: 40 }).map(String), fc.integer({ min: 1, max: 9 }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(table, table, (one, other) => {
        const sum = binsFrom(one);
        addBins(sum, binsFrom(other));
        const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
        expect(hostsByBin(sum)).toEqual(
          Object.fromEntries(keys.map((key) => [key, (one[key] ?? 0) + (other[key] ?? 0)])),
        );
        expect(mirrorBins(mirrorBins(sum))).toEqual(sum);
        subtractBins(sum, binsFrom(other), "x");
        expect(sum).toEqual(binsFrom(one));
      }),
    );
  });
});
