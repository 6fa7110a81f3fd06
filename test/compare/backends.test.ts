import { expect, test } from "vitest";
import { backendValues } from "../../shared/compare/backends.ts";
import { estimateQuantity } from "../../shared/compare/estimate.ts";
import type { Merged } from "../../shared/compare/merged-cells.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import { cellOf, metricCellOf, onePeriod, put } from "./build.ts";

const valuesOf = (merged: Merged, metrics: readonly MetricName[]) =>
  backendValues(new Map(metrics.map((metric) => [metric, estimateQuantity(merged, metric)])));

const rate = (ticks: number) => Math.exp(ticks / 1e4);

test("median, percentiles and noise in the unit of the metric", () => {
  // 100 000 ticks = 22026 K/s. N = 5: p10 has rank 1, p90 rank 5. sqrt(360 000/4) = 300 ticks = 0.03.
  const hosts = [100_000, 100_100, 100_200, 100_300, 100_400];
  const found = valuesOf(put(hosts, { one: 2, wv: 360_000, wn: 4 }), ["putc", "put_block"]);
  expect(Object.keys(found)).toEqual(["put_block"]);
  expect(found.put_block).toEqual({
    hosts: 5,
    runs: 30,
    censored_hosts: 0,
    single_run_hosts: 2,
    median: { low: rate(100_200), high: rate(100_200), relation: "=" },
    ci: null,
    p10: { low: rate(100_000), high: rate(100_000), relation: "=" },
    p90: { low: rate(100_400), high: rate(100_400), relation: "=" },
    geometric_mean: rate(100_200),
    run_sd_log: 0.03,
  });
});

test("too fast hosts are a lower bound, never a number", () => {
  // ln 32768 = 10.39721: 103 972 ticks, bin 2079 (103 950), edge 103 925: 32 614, half a per cent under the bound.
  const seq_stat = metricCellOf([90_000, [103_972, Infinity], [103_972, Infinity]]);
  const { seq_stat: found } = valuesOf(onePeriod(cellOf({ seq_stat })), ["seq_stat"]);
  expect(found?.censored_hosts).toBe(2);
  expect(found?.median).toEqual({ low: rate(103_925), high: null, relation: ">=" });
  expect(found?.geometric_mean).toBeNull();
  expect(found?.run_sd_log).toBeNull();
});
