// Values that may be bounds, intervals that may have no limit, counts and times, in words for people.

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

/** The same for an interval that may not exist: `-`. */
export function intervalOrNone(limits: Limits | null): string {
  return limits === null ? "-" : intervalText(limits);
}

/** A count with its digits in groups of three: `1 240`. */
export function countText(count: number): string {
  return significant(count, 1);
}

/** A count of things: `1 host`, `1 240 hosts`. */
export function countOf(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A part of 1 in per cent: `12 %`, `0.5 %`; `-` where it is not known. */
export function percentText(part: number | null): string {
  return part === null ? "-" : `${significant(part * 100, 2)} %`;
}

/** A p value: `0.0156`, `< 0.001`; `-` where there is none. */
export function pText(p: number | null): string {
  if (p === null) return "-";
  return p < 0.001 ? "< 0.001" : significant(p, 3);
}

/** An instant of ISO 8601 in UTC, for people: `2026-11-22 10:15:00 UTC`. */
export function instantText(instant: string): string {
  return `${instant.slice(0, 19).replace("T", " ")} UTC`;
}
