// Contradictions: numbers that are well formed but cannot have been measured together. They mean a damaged line, or a
// clock that was set during the run. Limits are chosen so that no honest line meets them.

import { knownWork, upperLimit } from "../model/bound.ts";
import type { BonnieSetup, Measurement } from "../model/measurement.ts";
import type { MetricName } from "../model/metrics.ts";

/** What contradicts what; `part` is the number to point at. */
export interface Contradiction {
  readonly part: "rate" | "cpu" | "latency";
  readonly code: "above_bound" | "latency_above_elapsed" | "impossible_cpu";
  readonly text: string;
}

/** A test is too fast to measure below this, so its longest operation is shorter too. */
const CENSORED_BELOW_US = 500_000;

/** One thread uses 100 %; the rest is for coarse clocks (101 was seen). */
const CPU_OF_ONE_THREAD = 110;
/** v1 forks three seekers. */
const V1_SEEKERS = 3;
/** The default of v2, where a line does not say. */
const V2_SEEKERS = 5;

/** The largest believable %CP. Each seeker thread of v2 counts all seekers, hence the square. */
function cpuLimit(metric: MetricName, setup: BonnieSetup): number {
  if (metric !== "seeks") return CPU_OF_ONE_THREAD;
  if (setup.format === "v1") return CPU_OF_ONE_THREAD * V1_SEEKERS;
  return CPU_OF_ONE_THREAD * (setup.seek_procs ?? V2_SEEKERS) ** 2;
}

/** The unit a latency was printed in, which is how much truncation may have taken away. */
function latencyUnit(latencyUs: number): number {
  if (latencyUs > 99_999_999) return 1_000_000;
  return latencyUs > 99_999 ? 1_000 : 1;
}

/**
 * The first contradiction within one measurement, or null. `slack` is how far the printed rate may be above the true one:
 * 0 for a CSV line, which truncates; the last printed digit for a rounded rate of a table.
 * - A rate is at most twice the known work per second (bonnie-formats section 5).
 * - A latency is at most the time the test took, work / rate, with one unit of each for rounding (section 3.3).
 * - %CP is at most 110, times 3 for the seeks of v1, times the square of the seekers for those of v2 (section 7).
 */
export function contradiction(
  metric: MetricName,
  setup: BonnieSetup,
  { rate, cpu, latency_us: latency, censored }: Measurement,
  slack = 0,
): Contradiction | null {
  if (rate !== null) {
    const limit = upperLimit(metric, setup);
    if (limit !== null && rate - slack > limit) {
      const text = `expected at most ${limit}, since a faster test prints +++++, found ${rate}`;
      return { part: "rate", code: "above_bound", text };
    }
  }
  if (cpu !== null) {
    const limit = cpuLimit(metric, setup);
    if (cpu > limit) return { part: "cpu", code: "impossible_cpu", text: `expected %CP up to ${limit}, found ${cpu}` };
  }
  if (latency === null) return null;
  if (censored && latency >= CENSORED_BELOW_US) {
    const text = `expected a latency below 500 ms beside +++++, which means under 0.5 s in all, found ${latency} us`;
    return { part: "latency", code: "latency_above_elapsed", text };
  }
  const work = rate === null ? null : knownWork(metric, setup);
  if (rate === null || work === null) return null;
  const leastRate = rate - Math.max(slack, 1);
  if (leastRate > 0 && (latency - latencyUnit(latency)) * leastRate > work * 1_000_000) {
    const elapsed = Math.ceil((work / leastRate) * 1_000_000);
    const text = `expected a latency of at most ${elapsed} us, the time of the whole test, found ${latency} us`;
    return { part: "latency", code: "latency_above_elapsed", text };
  }
  return null;
}
