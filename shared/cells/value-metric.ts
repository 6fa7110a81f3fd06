import { sumOfSquares } from "../summary/host-value.ts";
import { rnd } from "../summary/ticks.ts";
import type { HostValue } from "../summary/types.ts";
import { binsOf } from "./bins.ts";
import type { MetricCell } from "./cell.ts";
import { emptyMetricCell } from "./metric-cell.ts";

/**
 * What a host adds to one metric of a value cell, i.e. of one backend in one stratum (statistics.md, section 3, value cell).
 * `wv` and `wn` are the squared deviations and degrees of freedom of the exact runs: run-to-run noise.
 */
export function valueMetric(value: HostValue): MetricCell {
  const isExact = value.hi === value.lo;
  const cell = emptyMetricCell();
  cell.n = 1;
  cell.nx = isExact ? 1 : 0;
  cell.s1 = isExact ? value.lo : 0;
  cell.s2 = isExact ? value.lo * value.lo : 0;
  cell.wv = rnd(sumOfSquares(value));
  cell.wn = Math.max(0, value.exact - 1);
  cell.one = value.runs === 1 ? 1 : 0;
  cell.runs = value.runs;
  cell[isExact ? "x" : "l"] = binsOf(value.lo);
  return cell;
}
