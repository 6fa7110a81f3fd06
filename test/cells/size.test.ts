import { describe, expect, it } from "vitest";
import { emptyCell, type MetricCell } from "../../shared/cells/cell.ts";
import { encodeCell } from "../../shared/cells/codec.ts";
import { pairMetric, valueMetric } from "../../shared/cells/contribution.ts";
import type { HostValue } from "../../shared/cells/host-values.ts";
import { QUANTITY_NAMES } from "../../shared/cells/quantities.ts";
import { mergedCell } from "./hosts.ts";

/** Normal deviates from a linear congruential generator with a fixed seed (Box-Muller). */
function normalDeviates(): () => number {
  let state = 20_261_101;
  const uniform = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

const exact = (ticks: number): HostValue => ({ lo: ticks, hi: ticks, runs: 3, exact: 3, spread: 900_000 });

/** Bytes of one metric of a cell of so many hosts. */
function bytesPerMetric(hosts: number, metricOf: (deviate: number) => MetricCell): number {
  const deviate = normalDeviates();
  const merged = emptyCell();
  const added = Array.from({ length: hosts }, () => {
    const cell = { ...emptyCell(), hosts: 1, runs: 6 };
    cell.metrics[0] = metricOf(deviate());
    return cell;
  });
  merged.hosts = hosts;
  merged.metrics = QUANTITY_NAMES.map(() => mergedCell(added).metrics[0] ?? null);
  return encodeCell(merged).length / QUANTITY_NAMES.length;
}

// The sizes in statistics.md, section 3; an item of all quantities must stay far below 400 KB.
describe("one metric of a stored cell takes at most the bytes of statistics.md, section 3", () => {
  it.each([
    [1, 60],
    [100, 500],
    [300, 1200],
    [1000, 2000],
    [5000, 3900],
  ])("pair cell of %d hosts, sd of host log-ratios 0.3: %d", (hosts, limit) => {
    const pairOf = (deviate: number) =>
      pairMetric([{ baseline: exact(100_000), candidate: exact(Math.round(100_000 + 3000 * deviate)) }]);
    expect(bytesPerMetric(hosts, pairOf)).toBeLessThanOrEqual(limit);
  });

  it.each([
    [100, 600],
    [300, 1400],
    [1000, 3100],
    [5000, 6500],
  ])("value cell of %d hosts, sd 0.6: %d", (hosts, limit) => {
    const valueCellOf = (deviate: number) => valueMetric(exact(Math.round(110_000 + 6000 * deviate)));
    expect(bytesPerMetric(hosts, valueCellOf)).toBeLessThanOrEqual(limit);
  });
});
