import { emptyBins } from "./bins.ts";
import type { MetricCell } from "./cell.ts";

/** The numbers of a metric cell that never fall below 0: all but s1, the sum of signed values. */
export const COUNT_FIELDS = ["n", "nx", "nb", "pos", "neg", "s2", "wv", "wn", "one", "runs"] as const;

/** The histograms of a metric cell. */
export const BIN_FIELDS = ["x", "l", "u"] as const;

/** A metric cell without hosts, to be filled. */
export function emptyMetricCell(): MetricCell {
  return {
    n: 0,
    nx: 0,
    nb: 0,
    pos: 0,
    neg: 0,
    s1: 0,
    s2: 0,
    wv: 0,
    wn: 0,
    one: 0,
    runs: 0,
    x: emptyBins(),
    l: emptyBins(),
    u: emptyBins(),
  };
}
