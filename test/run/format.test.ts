// Numbers for people: if one of these fails, a page claims more than is known, or one number differs between two places.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatCount,
  formatMargin,
  formatNumber,
  formatPercent,
  formatPValue,
  formatRate,
  formatRatio,
} from "../../shared/run/format.ts";

const readBack = (text: string): number => Number(text.replaceAll(" ", ""));

/** The number of significant digits: without leading zeros and without trailing zeros of a whole number. */
const digitsOf = (text: string): number =>
  text
    .replace(/[ .]/g, "")
    .replace(/^0+/, "")
    .replace(text.includes(".") ? "" : /0+$/, "").length;

test.each([
  [25_511, "25 511"],
  [249.1, "249.1"],
  [1234.5, "1 234.5"],
  [937_880, "937 880"],
  [4_227_072, "4 227 072"],
  [0, "0"],
  [7, "7"],
])("printed rates and counts keep all digits: %f as %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [25_511.684, "nearest", "25 510"],
  [172_784.4, "nearest", "172 800"],
  [937_927.1, "nearest", "937 900"],
  [267.896, "nearest", "267.9"],
  [999.96, "nearest", "1 000"],
  [87.123, "nearest", "87.12"],
  [0.5, "nearest", "0.5000"],
  [32_767.4, "down", "32 760"], // "at least 32 770" would be false
  [16_358, "down", "16 350"],
  [16_351, "up", "16 360"],
  [25_510, "down", "25 510"],
  [25_510, "up", "25 510"],
] as const)("a rate out of ticks claims four digits: %f %s reads %s", (value, rounding, text) => {
  expect(formatRate(value, rounding)).toBe(text);
});

test.each([
  [2.149, "nearest", "2.15"],
  [1.946, "nearest", "1.95"],
  [1.0367, "nearest", "1.037"],
  [0.9996, "nearest", "1.000"],
  [0.9704, "nearest", "0.970"],
  [1.649, "nearest", "1.65"],
  [1.2, "nearest", "1.20"],
  [12.44, "nearest", "12.4"],
  [1234, "nearest", "1 230"],
  [0.47, "nearest", "0.470"],
  [0.015204, "nearest", "0.0152"],
  [0.015204, "up", "0.0153"], // "at most 0.0152" would be false
  [0.015, "up", "0.0150"],
  [2.196, "down", "2.19"], // "at least 2.20" would be false
  [2.11, "down", "2.11"],
  [1.0305, "up", "1.031"],
] as const)("a ratio has three digits, and three decimals about 1: %f %s reads %s", (ratio, rounding, text) => {
  expect(formatRatio(ratio, rounding)).toBe(text);
});

describe("of any number", () => {
  const positive = fc.double({ min: 1e-9, max: 1e12, noNaN: true });

  test.each([
    ["a rate", formatRate],
    ["a ratio", formatRatio],
  ] as const)("%s shows at most four digits, and a bound that is true", (_, text) => {
    fc.assert(
      fc.property(positive, (value) => {
        expect(digitsOf(text(value))).toBeLessThanOrEqual(4);
        expect(Math.abs(readBack(text(value)) / value - 1)).toBeLessThanOrEqual(0.005 * (1 + 1e-9));
        expect(readBack(text(value, "down"))).toBeLessThanOrEqual(value * (1 + 1e-12));
        expect(readBack(text(value, "up"))).toBeGreaterThanOrEqual(value * (1 - 1e-12));
      }),
    );
  });
});

test("counts, percentages, margins and p values are readable", () => {
  expect([
    formatCount(1, "host"),
    formatCount(999, "host"),
    formatCount(1240, "host"),
    formatCount(1_234_567, "run"),
  ]).toEqual(["1 host", "999 hosts", "1 240 hosts", "1 234 567 runs"]);
  expect([
    formatPercent(0),
    formatPercent(0.005),
    formatPercent(0.1234),
    formatPercent(1),
    formatPercent(null),
  ]).toEqual(["0 %", "0.50 %", "12 %", "100 %", "-"]);
  expect([formatMargin(0.03), formatMargin(0.125)]).toEqual(["3 %", "12.5 %"]);
  expect([
    formatPValue(0.01234),
    formatPValue(0.0496),
    formatPValue(1),
    formatPValue(1e-30),
    formatPValue(null),
  ]).toEqual(["0.0123", "0.0496", "1.00", "< 0.001", "-"]);
});
