import { expect, test } from "vitest";
import { pairedEffects } from "../../shared/compare/estimate.ts";
import { scores } from "../../shared/compare/scores.ts";
import { METRIC_NAMES, type MetricName } from "../../shared/run/metrics.ts";
import { cellOf, type Host, metricCellOf, onePeriod, UNKNOWN_HOST } from "./build.ts";

function scoresOf(metrics: Partial<Record<MetricName, Host[]>>) {
  const cells = Object.fromEntries(Object.entries(metrics).map(([name, hosts]) => [name, metricCellOf(hosts)]));
  return scores(pairedEffects(onePeriod(cellOf(cells)), METRIC_NAMES));
}
const six = (value: number): Host[] => Array<number>(6).fill(value);

test("a group is the mean of its metrics' logs, the whole is the mean of its groups", () => {
  const found = scoresOf({ putc: six(1000), put_block: six(3000), rewrite: six(2000), seeks: six(-1000) });
  expect(found.write.metrics).toEqual(["putc", "put_block", "rewrite"]);
  expect(found.write.ratio.low).toBeCloseTo(Math.exp(0.2), 12);
  expect(found.write.ratio.relation).toBe("=");
  // Every interval is the estimate -+ 25 ticks, so their mean is as well.
  expect(found.write.ci?.low).toBeCloseTo(Math.exp(0.1975), 12);
  expect(found.write.ci?.high).toBeCloseTo(Math.exp(0.2025), 12);
  expect(found.read).toEqual({ metrics: [], ratio: { low: null, high: null, relation: "unknown" }, ci: null });
  // Two of the four groups are unknown, and with them the whole: the mean of two is not that of four.
  expect(found.overall).toEqual({ metrics: [], ratio: { low: null, high: null, relation: "unknown" }, ci: null });
  const whole = scoresOf({ put_block: six(2000), get_block: [[600, Infinity]], seeks: six(-1000), seq_stat: six(400) });
  expect(whole.overall.metrics).toEqual(["put_block", "get_block", "seeks", "seq_stat"]);
  expect(whole.overall.ratio.low).toBeCloseTo(Math.exp(0.049375), 12); // (2000 + 575 - 1000 + 400)/4
  expect(whole.overall.ratio.relation).toBe(">=");
  expect(whole.overall.ci).toBeNull();
});

test("unknown metrics are left out by name, bounds stay bounds, a missing interval leaves none", () => {
  const found = scoresOf({ getc: [1000], get_block: [[2000, Infinity]], putc: [UNKNOWN_HOST] });
  expect(found.read.metrics).toEqual(["getc", "get_block"]);
  expect(found.read.ratio.relation).toBe(">=");
  expect(found.read.ratio.low).toBeCloseTo(Math.exp(0.14875), 12); // (1000 + 1975)/2
  expect(found.read.ci).toBeNull();
  expect(found.write.metrics).toEqual([]);
});

test("a group that is bounded on opposite sides is unknown, and so is the whole", () => {
  const found = scoresOf({ getc: [[1000, Infinity]], get_block: [[-Infinity, 0]], seeks: [500] });
  expect(found.read.ratio.relation).toBe("unknown");
  expect(found.seek.metrics).toEqual(["seeks"]);
  expect(found.overall.metrics).toEqual([]);
  expect(found.overall.ratio.relation).toBe("unknown");
});
