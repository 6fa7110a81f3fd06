// Values that may be bounds, intervals that may have no limit, and times, in words for people.

import type { Known, Limits } from "../compare/comparison.ts";
import type { NumberText } from "../run/format.ts";

/** A value that may be a bound: `2.72`, `>= 1.08`, `<= 0.9`, `1.1 to 1.4`, or `unknown`. Bounds are rounded to the safe side. */
export function knownText({ low, high, relation }: Known, numberText: NumberText): string {
  if (low !== null && high !== null) {
    return relation === "=" ? numberText(low) : `${numberText(low, "down")} to ${numberText(high, "up")}`;
  }
  if (low !== null) return `>= ${numberText(low, "down")}`;
  return high === null ? "unknown" : `<= ${numberText(high, "up")}`;
}

/** An interval: `1.1 to 1.4`, `up to 0.9`, `1.08 and up`, or `no limits`. Limits are rounded outwards. */
export function intervalText({ low, high }: Limits, numberText: NumberText): string {
  if (low !== null && high !== null) return `${numberText(low, "down")} to ${numberText(high, "up")}`;
  if (low !== null) return `${numberText(low, "down")} and up`;
  return high === null ? "no limits" : `up to ${numberText(high, "up")}`;
}

/** The same for an interval that may not exist: `-`. */
export function intervalOrNone(limits: Limits | null, numberText: NumberText): string {
  return limits === null ? "-" : intervalText(limits, numberText);
}

/** An instant of ISO 8601 in UTC, for people: `2026-11-22 10:15:00 UTC`. */
export function instantText(instant: string): string {
  return `${instant.slice(0, 19).replace("T", " ")} UTC`;
}
