// Warnings: values that are as printed and yet deserve a look. They travel with the result and stop nothing. A reader asks
// for those of the setup first, then for those of each test in registry order.

import type { BonnieSetup, Measurement } from "../model/measurement.ts";
import type { MetricName } from "../model/metrics.ts";

/** The code words that warnings of a result open with; other warnings of a run are about what was said of it. */
const WARNING_CODES = ["size_overflow", "zero_rate", "no_latency"] as const;

/** Whether a warning of a run is one about its line. */
export const isOfLine = (warning: string): boolean => WARNING_CODES.some((code) => warning.startsWith(`${code}:`));

/** From 2 TiB on the work of v2, kept in 32 bits, does not fit (bonnie-formats section 8). */
const OVERFLOWING_KIB = 2 ** 31;

/** Adds the warning of a setup. `size_overflow`: the block rates of so large a file may be a fraction of the true ones. */
export function warnOfSetup(warnings: string[], { format, file_size_kib: kib }: BonnieSetup): void {
  if (format === "v2" && kib !== null && kib >= OVERFLOWING_KIB) {
    warnings.push("size_overflow: Bonnie++ counts wrongly where a file has 2 TiB or more; rates may be too low.");
  }
}

/**
 * Adds the warnings of a test. `zero_rate`: a rate of 0 has no logarithm and is left out of statistics. `no_latency`, where
 * the output `printsLatencies`: the latency was exactly 0, or is lost.
 */
export function warnOfTest(
  warnings: string[],
  metric: MetricName,
  { rate, latency_us: latency }: Measurement,
  printsLatencies: boolean,
): void {
  if (rate === 0) warnings.push(`zero_rate: ${metric} is 0, less than one unit a second.`);
  if (printsLatencies && latency === null) warnings.push(`no_latency: ${metric} was run but has no latency.`);
}
