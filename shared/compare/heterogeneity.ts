// How much the hosts differ from one another: a decision about a whole fleet needs this in addition to the median
// (statistics.md, section 6, heterogeneity). In: the cell of one metric and its ordered ends. Out: ranges, shares, spreads.

import type { MetricCell } from "../cells/cell.ts";
import { TICKS_PER_LOG } from "../cells/host-values.ts";
import type { HostRange, Share } from "./comparison.ts";
import { fromTicks } from "./estimate.ts";
import { at, atFromLargest, countAbove, countBelow, type Ends, quantile } from "./order-statistics.ts";

/** From this many hosts on, the range leaves out the outer 5 % on either side. */
const MIN_HOSTS_CENTRAL = 20;

/** Hosts within 3 % count as the same. Fixed, so that shares of answers with other margins can be compared. */
const SAME_TICKS = 300;

/** The range of the ratio over hosts; without hosts both ends are null. */
export function hostRange({ lower, upper }: Ends): HostRange {
  if (lower.size >= MIN_HOSTS_CENTRAL) {
    return { low: fromTicks(quantile(lower, 5)), high: fromTicks(quantile(upper, 95)), kind: "central_90" };
  }
  if (lower.size === 0) return { low: null, high: null, kind: "min_max" };
  return { low: fromTicks(at(lower, 1)), high: fromTicks(atFromLargest(upper, 1)), kind: "min_max" };
}

/** The shares of hosts that are certainly faster, slower or the same, judged by the center of a bin or the edge of a bound. */
export function hostShares({ n, nx }: MetricCell, { lower, upper, exact }: Ends): Share {
  if (n === 0) return { faster: 0, slower: 0, same: 0, undetermined: 0 };
  const faster = countAbove(lower, SAME_TICKS);
  const slower = countBelow(upper, -SAME_TICKS);
  const same = nx - countAbove(exact, SAME_TICKS) - countBelow(exact, -SAME_TICKS);
  return {
    faster: faster / n,
    slower: slower / n,
    same: same / n,
    undetermined: (n - faster - slower - same) / n,
  };
}

/** Standard deviation of the exact log-ratios, in natural logs; null below two. */
export function sdLog(cell: MetricCell): number | null {
  const ticks = variance(cell);
  return ticks === null ? null : Math.sqrt(ticks) / TICKS_PER_LOG;
}

/** The part of that variance that noise between runs explains, 0 to 1; null with fewer than two hosts that have repeated runs. */
export function noiseShare(cell: MetricCell): number | null {
  const ticks = variance(cell);
  if (ticks === null || cell.wn < 2) return null;
  const noise = cell.wv / cell.wn;
  return noise === 0 && ticks === 0 ? null : Math.min(1, noise / ticks);
}

/** The geometric mean of ratios or rates, exp of the mean log value; null unless every value is exact. */
export function geometricMean({ n, nx, s1 }: MetricCell): number | null {
  return n > 0 && nx === n ? fromTicks(s1 / n) : null;
}

/** Variance of the exact values in ticks^2, with n - 1; null below two. Free of cancellation: it subtracts integers. */
function variance({ nx, s1, s2 }: MetricCell): number | null {
  if (nx < 2) return null;
  const scaled = BigInt(nx) * BigInt(s2) - BigInt(s1) ** 2n;
  return Number(scaled) / nx / (nx - 1);
}
