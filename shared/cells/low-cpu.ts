import type { MetricName } from "../run/metrics.ts";
import { ticksOf } from "../summary/ticks.ts";
import type { HostValue } from "../summary/types.ts";

/** Below 10 % the truncation of %CP alone is worth 5 % and more (statistics.md, section 8). */
const LOW_CPU_TICKS = ticksOf(10);

/** The note that counts hosts with little CPU in a metric, in pair cells. */
export function lowCpuNote(metric: MetricName): string {
  return `low_cpu:${metric}`;
}

/**
 * Whether the typical %CP of a test is below 10 on a host: the one that its rate and its efficiency, both medians over the
 * runs, imply; or so low that half of the runs printed 0.
 */
export function usesLittleCpu({
  rate,
  efficiency,
}: {
  readonly rate: HostValue;
  readonly efficiency: HostValue;
}): boolean {
  return efficiency.hi === null || rate.lo - efficiency.lo < LOW_CPU_TICKS;
}
