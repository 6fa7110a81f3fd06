import { describe, expect, it } from "vitest";
import { lowerBound, upperLimit } from "../../shared/run/bound.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { LOOP, NO_FILES_200, NO_IO_200, resultOf, V197, withFields } from "../bonnie/reading.ts";

const bounds = (line: string) => METRIC_NAMES.map((metric) => lowerBound(metric, resultOf(line).setup));
const limits = (line: string) => METRIC_NAMES.map((metric) => upperLimit(metric, resultOf(line).setup));

// Work in 0.5 s, by hand: 2064 MiB x 2048; 8192 seeks x 2; 16 x 1024 files x 2; 8 GiB = 8192 MiB x 2048; 1 GiB.
const [M2064, SEEKS, FILES, G8, G1] = [4227072, 16384, 32768, 16777216, 2097152];
const SIX = Array(6);

describe("the bound that +++++ is above, as published with every censored value", () => {
  it("v1: all tests of the big file work on all of it", () => {
    expect(bounds(LOOP)).toEqual([M2064, M2064, M2064, M2064, M2064, SEEKS, ...SIX.fill(FILES)]);
    expect(limits(LOOP)).toEqual(bounds(LOOP));
  });

  it("v2: putc and getc work on an unknown part, at least 1 MiB, and have no upper limit", () => {
    expect(bounds(V197)).toEqual([2048, G8, G8, 2048, G8, SEEKS, ...SIX.fill(FILES)]);
    expect(limits(V197)).toEqual([null, G8, G8, null, G8, SEEKS, ...SIX.fill(FILES)]);
  });

  it("50 fields: seeks by their number; tests that were not run have no bound", () => {
    expect(bounds(withFields(NO_FILES_200, { 7: "1000" }))).toEqual([2048, G1, G1, 2048, G1, 2000, ...SIX.fill(null)]);
    expect(bounds(NO_IO_200)).toEqual([...SIX.fill(null), ...Array(6).fill(FILES)]);
  });
});
