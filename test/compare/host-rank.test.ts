// The rank of a host: only hosts that are certainly below or above it count.

import { expect, test } from "vitest";
import { emptyMetricCell } from "../../shared/cells/cell.ts";
import { rankHost } from "../../shared/compare/host.ts";

/** Exact hosts in bins 10 (two), 11 and 20; lower bounds in 11 and 30; an upper bound in 5. */
const cell = {
  ...emptyMetricCell(),
  n: 7,
  nx: 4,
  x: { first: 10, counts: [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
  l: { first: 11, counts: [1, ...new Array<number>(18).fill(0), 1] },
  u: { first: 5, counts: [1] },
};

test.each([
  // Exact in bin 10: below it the host at most in bin 5; above it 11, 20, and at least 30. At least 11 begins at its edge.
  [
    { lo: 500, hi: 500 },
    { hosts: 7, below: 1, above: 3 },
  ],
  // The edges of a bin are the same host's bin.
  [
    { lo: 476, hi: 476 },
    { hosts: 7, below: 1, above: 3 },
  ],
  [
    { lo: 524, hi: 524 },
    { hosts: 7, below: 1, above: 3 },
  ],
  // In bin 20: below it 10, 10, 11 and at most 5; above it at least 30.
  [
    { lo: 1_000, hi: 1_000 },
    { hosts: 7, below: 4, above: 1 },
  ],
  // At least bin 11: nothing is above it for certain.
  [
    { lo: 550, hi: Infinity },
    { hosts: 7, below: 3, above: 0 },
  ],
  // At most bin 11.
  [
    { lo: -Infinity, hi: 550 },
    { hosts: 7, below: 0, above: 2 },
  ],
  [
    { lo: -Infinity, hi: Infinity },
    { hosts: 7, below: 0, above: 0 },
  ],
])("%j: %j", (own, expected) => {
  expect(rankHost(cell, own)).toEqual(expected);
});

test("no host has the metric", () => {
  expect(rankHost(emptyMetricCell(), { lo: 0, hi: 0 })).toBeNull();
});
