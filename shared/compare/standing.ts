import { BIN_TICKS, binsOf } from "../cells/bins.ts";
import type { MetricCell } from "../cells/cell.ts";
import type { Interval } from "./median.ts";
import { countAbove, countBelow, endsOf } from "./order-statistics.ts";

/** Where one host stands among the hosts of a cell: how many of them are certainly below it, and how many above. */
export interface Standing {
  /** Hosts with the metric, this one included. */
  readonly hosts: number;
  readonly below: number;
  readonly above: number;
}

/**
 * The place of a value in ticks among the values of a cell. Hosts in its own bin, i.e. within about half a per cent, and
 * hosts of which only a bound on the wrong side is known, are neither below nor above. Null where no host has the metric.
 */
export function standing(cell: MetricCell, { lo, hi }: Interval): Standing | null {
  if (cell.n === 0) return null;
  const { lower, upper } = endsOf(cell);
  const half = BIN_TICKS / 2;
  return {
    hosts: cell.n,
    below: Number.isFinite(lo) ? countBelow(upper, binsOf(lo).first * BIN_TICKS - half) : 0,
    above: Number.isFinite(hi) ? countAbove(lower, binsOf(hi).first * BIN_TICKS + half) : 0,
  };
}
