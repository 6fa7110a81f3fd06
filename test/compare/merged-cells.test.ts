import { expect, test } from "vitest";
import { QUANTITY_COUNT, quantityIndex } from "../../shared/cells/quantities.ts";
import { mergePeriods } from "../../shared/compare/merged-cells.ts";
import { cellOf, metricCellOf } from "./build.ts";

test("hosts that may be in several periods are not taken for more hosts", () => {
  const october = cellOf({ put_block: metricCellOf([0, 100, 200]), seeks: metricCellOf([0]) });
  const november = cellOf({ put_block: metricCellOf([0, 100]), seeks: metricCellOf([0, 50]) });
  const { cell, nEff, headHosts } = mergePeriods([october, november]);
  expect([cell.metrics[quantityIndex("put_block")]?.n, nEff[quantityIndex("put_block")]]).toEqual([5, 3]);
  expect([cell.metrics[quantityIndex("seeks")]?.n, nEff[quantityIndex("seeks")]]).toEqual([3, 2]);
  expect([cell.metrics[quantityIndex("putc")], nEff[quantityIndex("putc")]]).toEqual([null, 0]);
  expect(headHosts).toBe(3);
  expect(october.metrics[quantityIndex("put_block")]?.n).toBe(3); // left alone
});

test("no periods are an empty cell", () => {
  const { cell, nEff, headHosts } = mergePeriods([]);
  expect([cell.hosts, headHosts, nEff.length, Math.max(...nEff)]).toEqual([0, 0, QUANTITY_COUNT, 0]);
});

test("a year of 900 000 hosts and more can be read, although its sum of squares is no exact integer any more", () => {
  // 20 000 ticks squared, 20 million times: 8e15, close below 2^53; twice that is beyond.
  const half = cellOf({ put_block: metricCellOf([0, 0], { nx: 2, s2: 8e15, wv: 8e15 }) });
  const { cell } = mergePeriods([half, half, half]);
  expect(cell.metrics[quantityIndex("put_block")]).toMatchObject({ n: 6, s2: 2.4e16, wv: 2.4e16 });
});
