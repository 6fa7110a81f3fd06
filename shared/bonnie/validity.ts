// Validity: whether what was read can be true. In: a machine name, the setup of a run, one of its measurements. Out:
// contradictions, which are numbers that are well formed but cannot have been measured together and reject the line; and
// warnings, which travel with the result and stop nothing. The limits are chosen so that no correct line exceeds them.
// Source: bonnie-formats.md, sections 3.3, 5, 7 and 8.

import { knownWork, upperLimit } from "../run/bound.ts";
import type { MetricName } from "../run/metrics.ts";
import type { BonnieSetup, Measurement } from "../run/run.ts";

// Contradictions.

/** Two numbers that contradict each other; `part` is the one to point at. */
export interface Contradiction {
  readonly part: "rate" | "latency";
  readonly code: "above_bound" | "latency_above_elapsed";
  readonly text: string;
}

/**
 * Finds the first contradiction within one measurement; null if there is none. `slack` is how far the printed rate may be
 * above the true one, in the metric's unit: 0 for a CSV line, which truncates; the last printed digit for a rounded rate
 * of a table.
 * - A rate is at most twice the known work per second (bonnie-formats.md, section 5).
 * - A latency is at most the time the test took, work / rate, with one unit of each for rounding (bonnie-formats.md, section 3.3).
 * A %CP that no machine reaches is only a warning: see `addTestWarnings`.
 */
export function findContradiction(
  metric: MetricName,
  setup: BonnieSetup,
  { rate, latency_us: latency, censored }: Measurement,
  slack = 0,
): Contradiction | null {
  if (rate !== null) {
    const limit = upperLimit(metric, setup);
    if (limit !== null && rate - slack > limit) {
      const text = `expected at most ${limit}, since a faster test prints +++++, found ${rate}`;
      return { part: "rate", code: "above_bound", text };
    }
  }
  if (latency === null) return null;
  if (censored && latency >= CENSORED_BELOW_US) {
    const text = `expected a latency below 500 ms next to +++++, which means a test of under 0.5 s, found ${latency} us`;
    return { part: "latency", code: "latency_above_elapsed", text };
  }
  const work = rate === null ? null : knownWork(metric, setup);
  if (rate === null || work === null) return null;
  const minRate = rate - Math.max(slack, 1);
  if (minRate > 0 && (latency - latencyUnit(latency)) * minRate > work * 1_000_000) {
    const elapsed = Math.ceil((work / minRate) * 1_000_000);
    const text = `expected a latency of at most ${elapsed} us, the time of the whole test, found ${latency} us`;
    return { part: "latency", code: "latency_above_elapsed", text };
  }
  return null;
}

/** A test shorter than this is too fast to measure, so its longest operation is shorter too. */
const CENSORED_BELOW_US = 500_000;

/** The unit a latency was printed in: truncation removed less than one of them. */
function latencyUnit(latencyUs: number): number {
  if (latencyUs > 99_999_999) return 1_000_000;
  return latencyUs > 99_999 ? 1_000 : 1;
}

// Warnings: values that are kept as printed but deserve a look. A reader adds the warnings of the setup first, then the
// warnings of each test in registry order.

/** From 2 TiB on the amount of work overflows the 32 bits that v2 keeps it in (bonnie-formats.md, section 8). */
const OVERFLOWING_KIB = 2 ** 31;

/** Adds the warnings of a setup. `size_overflow`: block rates of so large a file may be a fraction of the true ones. */
export function addSetupWarnings(warnings: string[], { format, file_size_kib: kib }: BonnieSetup): void {
  if (format === "v2" && kib !== null && kib >= OVERFLOWING_KIB) {
    warnings.push("size_overflow: Bonnie++ overflows on files of 2 TiB or more; rates may be too low.");
  }
}

/**
 * Adds the warnings of a test.
 * - `zero_rate`: a rate of 0 has no logarithm and is left out of statistics.
 * - `impossible_cpu`: the wall clock was set back during the test, which happens in Xen guests, or the line is damaged. The
 *   %CP is kept as read: the rate has the same wrong time, so CPU time per unit of work is still right.
 * - `no_latency`, only if the output `printsLatencies`: the latency was exactly 0, or is lost.
 */
export function addTestWarnings(
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
      `impossible_cpu: ${metric} has a %CP of ${cpu}, expected at most ${limit}; was the clock changed during the test?`,
    );
  }
  if (printsLatencies && latency === null) warnings.push(`no_latency: ${metric} was run but has no latency.`);
}

/** The code words that warnings of a line begin with; the other warnings of a run are about its metadata. */
const WARNING_CODES = [
  "size_overflow",
  "zero_rate",
  "impossible_cpu",
  "no_latency",
  "rounded_rates",
  "unknown_file_rates",
] as const;

/** Whether a warning of a run is about its line, not about its metadata. */
export function isLineWarning(warning: string): boolean {
  return WARNING_CODES.some((code) => warning.startsWith(`${code}:`));
}

/** One thread uses 100 %; the rest allows for coarse clocks (101 has been seen). */
const CPU_OF_ONE_THREAD = 110;
/** v1 forks three seekers. */
const V1_SEEKERS = 3;
/** The default of v2, for lines that do not print it. */
const V2_SEEKERS = 5;

/**
 * The largest believable %CP: 110, times 3 for the seeks of v1, times the square of the seekers for the seeks of v2, where each
 * seeker counts all of them (bonnie-formats.md, section 7).
 */
function cpuLimit(metric: MetricName, setup: BonnieSetup): number {
  if (metric !== "seeks") return CPU_OF_ONE_THREAD;
  if (setup.format === "v1") return CPU_OF_ONE_THREAD * V1_SEEKERS;
  return CPU_OF_ONE_THREAD * (setup.seek_procs ?? V2_SEEKERS) ** 2;
}
