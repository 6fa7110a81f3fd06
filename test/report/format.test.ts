import { expect, test } from "vitest";
import { formatInterval, formatShare } from "../../shared/report/format.ts";
import { formatRate, formatRatio } from "../../shared/run/format.ts";

test.each([
  [{ low: 1.1751, high: 1.6149 }, "1.17 to 1.62", "1.17–1.62"],
  [{ low: 1.0309, high: 1.0491 }, "1.030 to 1.050", "1.030–1.050"],
  [{ low: 0.99951, high: 1.00049 }, "0.999 to 1.001", "0.999–1.001"],
  [{ low: 1.25, high: 2 }, "1.25 to 2.00", "1.25–2.00"],
  [{ low: 1.2345, high: null }, ">= 1.23", "≥ 1.23"],
  [{ low: null, high: 1.2345 }, "<= 1.24", "≤ 1.24"],
])("an interval that is shown holds all of %o: it is rounded outward", (interval, text, inChart) => {
  expect(formatInterval(interval, formatRatio)).toBe(text);
  expect(formatInterval(interval, formatRatio, "compact")).toBe(inChart);
});

test("rates likewise", () => {
  expect(formatInterval({ low: 25_511, high: 25_519 }, formatRate)).toBe("25 510 to 25 520");
});

test("nearly all is never shown as all, and nearly none never as none", () => {
  expect([formatShare(999, 1000), formatShare(1000, 1000), formatShare(1, 1000), formatShare(0, 1000)]).toEqual([
    "99 %",
    "100 %",
    "1 %",
    "0 %",
  ]);
});
