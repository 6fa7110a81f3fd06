// Consecutive periods: a trend that skipped or repeated one would report changes that did not happen.

import { expect, test } from "vitest";
import { parsePeriodUnit, periodAt, periodsBetween, periodsUpTo, withoutNested } from "../../shared/run/periods.ts";

test.each([
  ["2026-11-22T10:00:00.000Z", "2026-11", "2026-Q4", "2026"],
  ["2026-01-01T00:00:00.000Z", "2026-01", "2026-Q1", "2026"],
  ["2025-12-31T23:59:59.999Z", "2025-12", "2025-Q4", "2025"],
  ["2026-04-01T00:00:00.000Z", "2026-04", "2026-Q2", "2026"],
  ["2026-03-31T00:00:00.000Z", "2026-03", "2026-Q1", "2026"],
])("%s is in %s, %s and %s", (time, month, quarter, year) => {
  expect([periodAt(time, "month"), periodAt(time, "quarter"), periodAt(time, "year")]).toEqual([month, quarter, year]);
  expect([month, quarter, year, "all"].map(parsePeriodUnit)).toEqual(["month", "quarter", "year", null]);
});

test.each([
  ["2025-11", "2026-02", "month", ["2025-11", "2025-12", "2026-01", "2026-02"]],
  ["2025-Q3", "2026-Q1", "quarter", ["2025-Q3", "2025-Q4", "2026-Q1"]],
  ["2024", "2026", "year", ["2024", "2025", "2026"]],
  ["2026-05", "2026-05", "month", ["2026-05"]],
  ["2026-06", "2026-05", "month", []],
] as const)("from %s to %s", (first, last, unit, periods) => {
  expect(periodsBetween(first, last, unit)).toEqual(periods);
});

test.each([
  ["2026-02", 3, "month", ["2025-12", "2026-01", "2026-02"]],
  ["2026-Q1", 2, "quarter", ["2025-Q4", "2026-Q1"]],
  ["0001", 5, "year", ["0000", "0001"]],
] as const)("up to %s, %d of them", (last, count, unit, periods) => {
  expect(periodsUpTo(last, count, unit)).toEqual(periods);
});

test.each([
  [["2026", "2026-11"], ["2026"]],
  [
    ["2026-11", "2026-Q4", "2026-07"],
    ["2026-Q4", "2026-07"],
  ],
  [["all", "2026", "1999-01"], ["all"]],
  [
    ["2026-10", "2026-11", "2025"],
    ["2026-10", "2026-11", "2025"],
  ],
])("of %j %j count: a result in two periods of a query would count twice", (requested, counted) => {
  expect(withoutNested(requested)).toEqual(counted);
});
