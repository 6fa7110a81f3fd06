import { expect, test } from "vitest";
import { mergePeriods } from "../../shared/compare/merge-periods.ts";
import { METRIC_NAMES } from "../../shared/model/metrics.ts";
import { cellOf, metricCellOf } from "./build.ts";

test("hosts that may be in several periods are not taken for more hosts", () => {
  const october = cellOf({ put_block: metricCellOf([0, 100, 200]), seeks: metricCellOf([0]) });
  const november = cellOf({ put_block: metricCellOf([0, 100]), seeks: metricCellOf([0, 50]) });
  const { cell, nEff, headHosts } = mergePeriods([october, november]);
  const at = (name: "putc" | "put_block" | "seeks") => METRIC_NAMES.indexOf(name);
  expect([cell.metrics[at("put_block")]?.n, nEff[at("put_block")]]).toEqual([5, 3]);
  expect([cell.metrics[at("seeks")]?.n, nEff[at("seeks")]]).toEqual([3, 2]);
  expect([cell.metrics[at("putc")], nEff[at("putc")]]).toEqual([null, 0]);
  expect(headHosts).toBe(3);
  expect(october.metrics[at("put_block")]?.n).toBe(3); // left alone
});

test("no periods are an empty cell", () => {
  const { cell, nEff, headHosts } = mergePeriods([]);
  expect([cell.hosts, headHosts, nEff.length, Math.max(...nEff)]).toEqual([0, 0, METRIC_NAMES.length, 0]);
});
