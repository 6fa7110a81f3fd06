// Contradictions: numbers that are well formed but cannot have been measured together. They mean a damaged line, or a
// clock that was set during the run. Limits are chosen so that no honest line meets them.

import { knownWork, upperLimit } from "../run/bound.ts";
import type { BonnieSetup, Measurement } from "../model/measurement.ts";
import type { MetricName } from "../run/metrics.ts";

/** What contradicts what; `part` is the number to point at. */
export interface Contradiction {
  readonly part: "rate" | "latency";
  readonly code: "above_bound" | "latency_above_elapsed";
  readonly text: string;
}

/** A test is too fast to measure below this, so its longest operation is shorter too. */
const CENSORED_BELOW_US = 500_000;

/** The unit a latency was printed in, which is how much truncation may have taken away. */
function latencyUnit(latencyUs: number): number {
  if (latencyUs > 99_999_999) return 1_000_000;
  return latencyUs > 99_999 ? 1_000 : 1;
}

/**
 * The first contradiction within one measurement, or null. `slack` is how far the printed rate may be above the true one:
 * 0 for a CSV line, which truncates; the last printed digit for a rounded rate of a table.
 * - A rate is at most twice the known work per second (bonnie-formats.md, section 5).
 * - A latency is at most the time the test took, work / rate, with one unit of each for rounding (bonnie-formats.md, section 3.3).
 * A %CP that no machine reaches is a warning only: see `warnings.ts`.
 */
export function contradiction(
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
