// Sample size: how many hosts it takes to change a verdict. These are projections, not statistics: they apply the rules of
// the verdict (statistics.md, section 6) to more hosts that split as the present ones do, or that all show the opposite.

import { TICKS_PER_LOG } from "../cells/host-values.ts";
import type { ConfidenceInterval, Estimate } from "./comparison.ts";
import { MIN_HOSTS } from "./median.ts";
import { medianRank, signTest } from "./tests.ts";
import { isSignificant, marginTicks } from "./verdict.ts";

/** How the certainly distinct hosts split; the rest are ties or undetermined. Counts may be fractions. */
export interface Split {
  readonly hosts: number;
  readonly faster: number;
  readonly slower: number;
}

/** No fleet has more hosts. */
const MAX_HOSTS = 1_000_000;

/** The fewest hosts that can give a verdict of faster or slower, if all of them agree, with so many metrics tested together. */
export function fewestHosts(tests: number): number {
  let hosts = MIN_HOSTS;
  while (!decides(hosts, hosts, 0, tests)) hosts += 1;
  return hosts;
}

/**
 * About how many hosts there must be in all for a verdict of faster or slower, if further hosts split as the present ones:
 * exact up to a hundred, within one per cent beyond. Null when the larger side is not the majority, or no fleet is that
 * large. `tests` is the number of metrics tested together, the largest factor of Holm's correction.
 */
export function hostsForDirection({ hosts, faster, slower }: Split, tests: number): number | null {
  const [winning, losing] = [Math.max(faster, slower), Math.min(faster, slower)];
  if (2 * winning <= hosts) return null;
  for (let count = Math.max(MIN_HOSTS, Math.ceil(hosts)); count <= MAX_HOSTS; count += Math.ceil(count / 100)) {
    // Rounded against the majority, like the test itself.
    const [on, against] = [Math.floor((winning * count) / hosts), Math.ceil((losing * count) / hosts)];
    if (decides(count, on, against, tests)) return count;
  }
  return null;
}

/**
 * How many further hosts that all show the opposite would overturn a verdict of faster or slower; at least 1. `factor` is
 * the one by which Holm's correction multiplied the p value.
 */
export function hostsToOverturn({ hosts, faster, slower }: Split, factor: number): number {
  const [all, winning, losing] = [
    Math.floor(hosts),
    Math.floor(Math.max(faster, slower)),
    Math.ceil(Math.min(faster, slower)),
  ];
  let [low, high] = [1, Math.max(1, winning)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (decides(all + middle, winning, losing + middle, factor)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * About how many hosts there must be in all for the interval to fit into the margin, if the median does not move: the
 * interval shrinks with the root of their number. Null where the median is not known exactly, lies outside the margin, or
 * the interval has no limit on a side.
 */
export function hostsForEquality(
  hosts: number,
  ratio: Estimate,
  ci: ConfidenceInterval | null,
  margin: number,
): number | null {
  if (ratio.relation !== "=" || ratio.low === null || ci === null || ci.low === null || ci.high === null) return null;
  const reach = marginTicks(margin) / TICKS_PER_LOG;
  const [median, low, high] = [Math.log(ratio.low), Math.log(ci.low), Math.log(ci.high)];
  if (Math.abs(median) >= reach) return null;
  const shrink = Math.max((median - low) / (median + reach), (high - median) / (reach - median));
  const count = Math.round(hosts * shrink ** 2);
  return count <= MAX_HOSTS ? Math.max(MIN_HOSTS, count) : null;
}

/**
 * Whether so many winning hosts decide: the sign test is significant after a correction by `factor`, and so few hosts
 * are not on the winning side that the interval of the median excludes 1.
 */
function decides(hosts: number, winning: number, losing: number, factor: number): boolean {
  if (hosts < MIN_HOSTS || !isSignificant(factor * signTest(winning, losing))) return false;
  return hosts - winning < medianRank(hosts).k;
}
