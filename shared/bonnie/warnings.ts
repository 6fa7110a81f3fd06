// Warnings: values that are as printed and yet deserve a look. They travel with the result and stop nothing.

import type { BonnieSetup, Measurements } from "../model/measurement.ts";
import { METRIC_NAMES } from "../model/metrics.ts";

const NONE: readonly string[] = [];

/** The code words that warnings of a result open with; other warnings of a run are about what was said of it. */
const WARNING_CODES = ["size_overflow", "zero_rate", "no_latency"] as const;

/** Whether a warning of a run is one about its line. */
export const isOfLine = (warning: string): boolean => WARNING_CODES.some((code) => warning.startsWith(`${code}:`));

/** From 2 TiB on the work of v2, kept in 32 bits, does not fit (bonnie-formats section 8). */
const OVERFLOWING_KIB = 2 ** 31;

/**
 * The warnings of any result, in registry order. `zero_rate`: a rate of 0 has no logarithm and is left out of statistics.
 * `size_overflow`: the block rates of so large a file may be a fraction of the true ones. `no_latency`, where the line
 * `printsLatencies`: the latency was exactly 0, or is lost.
 */
export function warningsOf(setup: BonnieSetup, metrics: Measurements, printsLatencies: boolean): readonly string[] {
  const warnings: string[] = [];
  if (setup.format === "v2" && setup.file_size_kib !== null && setup.file_size_kib >= OVERFLOWING_KIB) {
    warnings.push("size_overflow: Bonnie++ counts wrongly where a file has 2 TiB or more; rates may be too low.");
  }
  for (const name of METRIC_NAMES) {
    const measurement = metrics[name];
    if (measurement === null) continue;
    if (measurement.rate === 0) warnings.push(`zero_rate: ${name} is 0, less than one unit a second.`);
    if (printsLatencies && measurement.latency_us === null) {
      warnings.push(`no_latency: ${name} was run but has no latency.`);
    }
  }
  return warnings.length === 0 ? NONE : warnings;
}
