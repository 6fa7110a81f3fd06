import type { Interval, Median } from "./median.ts";
import { contrast, mover } from "./mover.ts";

/** 5 %: smaller changes are not worth a hint. */
const MIN_CHANGE = 500;

/** What became of a median from one period to a later one, in ticks. */
export interface Change {
  readonly estimate: Interval;
  readonly interval: Interval;
  /** A hint and no verdict: without correction for the many hints of a table, 1 in 40 is false in either direction. */
  readonly hint: "faster" | "slower" | "none";
}

/**
 * The change of one backend's median in one stratum between two periods (statistics.md, section 8): a hint when the interval
 * leaves 0 and the estimate exceeds 5 %. Hosts that are in both periods only make it more cautious. Null when one of the
 * periods has fewer than 6 hosts.
 */
export function change(before: Median, now: Median): Change | null {
  const step = contrast(before, now);
  if (step === null) return null;
  const { estimate, interval } = mover([{ ...step, weight: 1 }]);
  const faster = interval.lo > 0 && estimate.lo > MIN_CHANGE;
  const slower = interval.hi < 0 && estimate.hi < -MIN_CHANGE;
  return { estimate, interval, hint: faster ? "faster" : slower ? "slower" : "none" };
}
