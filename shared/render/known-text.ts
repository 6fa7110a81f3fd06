// Values that may be bounds, and intervals that may have no limit, in words for people.

import type { Known, Limits } from "../compare/comparison.ts";
import { significant } from "./significant.ts";

/** A value that may be a bound: `2.72`, `>= 1.08`, `<= 0.9`, `1.1 to 1.4`, or `unknown`. */
export function knownText({ low, high, relation }: Known): string {
  if (relation === "unknown" || (low === null && high === null)) return "unknown";
  if (low === null) return `<= ${significant(high ?? 0, 3)}`;
  if (high === null) return `>= ${significant(low, 3)}`;
  return relation === "=" ? significant(low, 3) : `${significant(low, 3)} to ${significant(high, 3)}`;
}

/** An interval: `1.1 to 1.4`, `up to 0.9`, `1.08 and up`, or `no limits`. */
export function intervalText({ low, high }: Limits): string {
  if (low === null && high === null) return "no limits";
  if (low === null) return `up to ${significant(high ?? 0, 3)}`;
  if (high === null) return `${significant(low, 3)} and up`;
  return `${significant(low, 3)} to ${significant(high, 3)}`;
}
