import { describe, expect, test } from "vitest";
import { binomialCdf, medianRank, signTest } from "../../shared/compare/tests.ts";

describe("ranks of the interval of a median", () => {
  // The check values of statistics.md, section 4.
  test.each([
    [6, 1.35714],
    [10, 2.65766],
    [50, 18.67174],
    [1000, 469.53309],
    [100_000, 49_690.6047],
  ])("every published interval is wrong unless n = %i gives rank %f", (n, rank) => {
    const { k, lambda } = medianRank(n);
    expect(k + lambda).toBeCloseTo(rank, 5);
  });

  test("n = 6 by hand", () => {
    // F(0) = 1/64, F(1) = 7/64 > 0.025, so k = 1; g0 = 62/64, g1 = 50/64; I = (0.96875 - 0.95)/0.1875 = 0.1;
    // lambda = 5 * 0.1/(1 + 4 * 0.1) = 0.5/1.4.
    expect(medianRank(6).k).toBe(1);
    expect(medianRank(6).lambda).toBeCloseTo(0.5 / 1.4, 12);
  });

  test("five hosts never get an interval", () => {
    expect(() => medianRank(5)).toThrow(RangeError);
  });

  test("k is the largest rank that misses at most 2.5 % for every n, or intervals would be too wide or too narrow", () => {
    for (let n = 6; n <= 1500; n++) {
      const { k, lambda } = medianRank(n);
      expect(binomialCdf(k - 1, n)).toBeLessThanOrEqual(0.025);
      expect(binomialCdf(k, n)).toBeGreaterThan(0.025);
      expect(lambda).toBeGreaterThanOrEqual(0);
      expect(lambda).toBeLessThanOrEqual(1);
    }
  });
});

describe("binomial distribution", () => {
  test("agrees with exact integer arithmetic for every n up to 120", () => {
    for (let n = 1; n <= 120; n++) {
      let choose = 1n;
      let sum = 0n;
      for (let j = 0; j < n; j++) {
        sum += choose;
        choose = (choose * BigInt(n - j)) / BigInt(j + 1);
        // 2^n and the leading 53 bits of the sum are exact as doubles.
        const exact = Number(sum) / 2 ** n;
        expect(Math.abs(binomialCdf(j, n) / exact - 1)).toBeLessThan(1e-12);
      }
    }
  });

  test("a million hosts neither underflow nor lose digits at the middle", () => {
    // By symmetry F(n/2) = 1/2 + P(n/2)/2 and P(n/2) = sqrt(2/(pi n)) * (1 - 1/(4n) + ...) for even n.
    const n = 1_000_000;
    const middle = Math.sqrt(2 / (Math.PI * n)) * (1 - 1 / (4 * n));
    expect(binomialCdf(n / 2, n)).toBeCloseTo(0.5 + middle / 2, 12);
    expect(binomialCdf(0, n)).toBe(0);
  });

  test("outside the range it is 0 or 1", () => {
    expect(binomialCdf(-1, 10)).toBe(0);
    expect(binomialCdf(10, 10)).toBe(1);
    expect(binomialCdf(0, 0)).toBe(1);
  });
});

describe("sign test", () => {
  test.each([
    [6, 0, 2 / 64],
    [0, 9, 2 / 512],
    [8, 1, (2 * (1 + 9)) / 512], // F(1) = (1 + 9)/512
    [5, 5, 1], // 2F(5) > 1
    [0, 0, 1],
  ])("%i faster and %i slower hosts", (positive, negative, p) => {
    expect(signTest(positive, negative)).toBeCloseTo(p, 14);
  });
});
