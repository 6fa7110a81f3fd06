import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { formatTable, goBenchmarkLine, median, percentile, type Row, timed } from "../../scripts/bench/section.ts";

const ROW: Row = {
  name: "Post/inflight=8",
  iterations: 400,
  figures: [
    { value: 2_612.4, unit: "results/s", target: 2_500 },
    { value: 5_250_000, unit: "p50-ns", target: 5e6 },
    { value: 6_800, unit: "cell-B" },
    { value: 301e6, unit: "server-B", target: 300e6 },
    { value: 0.5, unit: "RCU/comparison" },
  ],
};

test("a row is one that benchstat reads: name with cores, iterations, pairs of value and unit", () => {
  expect(goBenchmarkLine(ROW)).toBe(
    `BenchmarkPost/inflight=8-${availableParallelism()}\t400\t2612 results/s\t5250000 p50-ns\t6800 cell-B\t301000000 server-B\t0.5 RCU/comparison`,
  );
});

test("the table says which target was missed: rates are to be at least, all else at most what was wanted", () => {
  expect(formatTable([ROW]).split("\n")).toEqual([
    "Post/inflight=8  2 612 results/s       at least 2 500",
    "Post/inflight=8   5.25 p50-ms          at most 5: MISSED",
    "Post/inflight=8    6.8 cell-KB",
    "Post/inflight=8    301 server-MB       at most 300: MISSED",
    "Post/inflight=8    0.5 RCU/comparison",
  ]);
});

describe("timing", () => {
  test("percentiles are the smallest latency that covers the share, in nanoseconds", () => {
    const timing = { latencies: [4, 1, 3, 2], seconds: 1 };
    expect(percentile(timing, 0.5)).toBe(2e6);
    expect(percentile(timing, 0.51)).toBe(3e6);
    expect(percentile(timing, 0.99)).toBe(4e6);
    expect(median([3, 1, 2])).toBe(2);
  });

  test("so many operations are in flight and no more, and every input is used once", async () => {
    const seen: number[] = [];
    let [now, most] = [0, 0];
    const { latencies } = await timed([1, 2, 3, 4, 5, 6, 7], 3, async (input) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(input);
      now -= 1;
    });
    expect(most).toBe(3);
    expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(latencies).toHaveLength(7);
  });
});
