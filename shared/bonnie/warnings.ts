// Warnings: values that are as printed and yet deserve a look. They travel with the result and stop nothing. A reader asks
// for those of the setup first, then for those of each test in registry order.

import type { BonnieSetup, Measurement } from "../model/measurement.ts";
import type { MetricName } from "../run/metrics.ts";

/** The code words that warnings of a result open with; other warnings of a run are about what was said of it. */
const WARNING_CODES = [
  "size_overflow",
  "zero_rate",
  "impossible_cpu",
  "no_latency",
  "rounded_rates",
  "unknown_file_rates",
] as const;

/** Whether a warning of a run is one about its line. */
export const isOfLine = (warning: string): boolean => WARNING_CODES.some((code) => warning.startsWith(`${code}:`));

/** From 2 TiB on the work of v2, kept in 32 bits, does not fit (bonnie-formats.md, section 8). */
const OVERFLOWING_KIB = 2 ** 31;

/** Adds the warning of a setup. `size_overflow`: the block rates of so large a file may be a fraction of the true ones. */
export function warnOfSetup(warnings: string[], { format, file_size_kib: kib }: BonnieSetup): void {
  if (format === "v2" && kib !== null && kib >= OVERFLOWING_KIB) {
    warnings.push("size_overflow: Bonnie++ counts wrongly where a file has 2 TiB or more; rates may be too low.");
  }
}

/** One thread uses 100 %; the rest is for coarse clocks (101 was seen). */
const CPU_OF_ONE_THREAD = 110;
/** v1 forks three seekers. */
const V1_SEEKERS = 3;
/** The default of v2, where a line does not say. */
const V2_SEEKERS = 5;

/**
 * The largest believable %CP: 110, times 3 for the seeks of v1, times the square of the seekers for those of v2, where each
 * seeker counts all of them (bonnie-formats.md, section 7).
 */
function cpuLimit(metric: MetricName, setup: BonnieSetup): number {
  if (metric !== "seeks") return CPU_OF_ONE_THREAD;
  if (setup.format === "v1") return CPU_OF_ONE_THREAD * V1_SEEKERS;
  return CPU_OF_ONE_THREAD * (setup.seek_procs ?? V2_SEEKERS) ** 2;
}

/**
 * Adds the warnings of a test.
 * - `zero_rate`: a rate of 0 has no logarithm and is left out of statistics.
 * - `impossible_cpu`: the wall clock was set back during the test, which guests of Xen do see, or the line is damaged. The
 *   %CP is kept as read: the rate had the same wrong time, so that CPU time for each unit of work is right all the same.
 * - `no_latency`, where the output `printsLatencies`: the latency was exactly 0, or is lost.
 */
export function warnOfTest(
  warnings: string[],
  metric: MetricName,
  setup: BonnieSetup,
  { rate, cpu, latency_us: latency }: Measurement,
  printsLatencies: boolean,
): void {
  if (rate === 0) warnings.push(`zero_rate: ${metric} is 0, less than one unit a second.`);
  if (cpu !== null && cpu > CPU_OF_ONE_THREAD && cpu > cpuLimit(metric, setup)) {
    const limit = cpuLimit(metric, setup);
    warnings.push(
      `impossible_cpu: ${metric} has a %CP of ${cpu}, expected at most ${limit}; was the clock set meanwhile?`,
    );
  }
  if (printsLatencies && latency === null) warnings.push(`no_latency: ${metric} was run but has no latency.`);
}
