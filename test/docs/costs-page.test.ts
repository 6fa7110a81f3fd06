// The costs that an operator plans with are those that follow from the prices and figures named beside them.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  comparisons,
  costTable,
  FLEETS,
  idleMonth,
  PRICES,
  priceTable,
  results,
  sumCost,
} from "../../scripts/costs.ts";
import { resourcesOf, synthesised } from "../infra/synthesised.ts";

const page = readFileSync("docs/costs.md", "utf8");

test("the page has the tables that scripts/costs.ts prints", () => {
  expect(page).toContain(costTable());
  // It is part of a list, and so indented or not.
  for (const line of priceTable().split("\n")) expect(page).toContain(line);
});

test("a million results and comparisons on 10 000 hosts cost what their units and milliseconds say, reckoned by hand", () => {
  const fleet = FLEETS.find(({ hosts }) => hosts === 10_000);
  if (fleet === undefined) throw new Error("no such fleet");
  // 91 read units at 0.125 and 288 write units at 0.625 dollars a million.
  expect(results(fleet, 1).table).toBeCloseTo(91 * 0.125 + 288 * 0.625, 9);
  expect(comparisons(fleet).table).toBeCloseTo(54 * 0.125, 9);
  // 37 ms at 1.73 GB, and the call.
  expect(comparisons(fleet).functions).toBeCloseTo(37_000 * (1769 / 1024) * 0.0000133334 + 0.2, 9);
  expect(sumCost(comparisons(fleet))).toBeGreaterThan(comparisons(fleet).table);
});

test("an idle month counts the metrics and alarms that the stack has", () => {
  const template = synthesised("prod");
  const names = Object.values(resourcesOf(template, "AWS::Logs::MetricFilter")).map(
    ({ Properties }) => Properties.MetricTransformations[0].MetricName,
  );
  const alarms = Object.values(resourcesOf(template, "AWS::CloudWatch::Alarm")).flatMap(({ Properties }) =>
    (Properties.Metrics ?? [{ MetricStat: {} }]).filter(({ MetricStat }: { MetricStat?: object }) => MetricStat),
  );
  const month = idleMonth(new Set(names).size, alarms.length);
  expect(month).toBeGreaterThan(PRICES.dashboard);
  expect(page).toContain(`What an idle deployment costs a month: ${month.toFixed(0)} dollars`);
});
