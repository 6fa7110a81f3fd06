// How the reasons write numbers: `199 488`, `11.2`, `more than 4 227 072`.

import { exactText } from "../run/format.ts";
import type { RateRange } from "./evidence.ts";

/** A whole number in groups of three digits. */
export function grouped(value: number): string {
  return exactText(Math.round(value));
}

/** A ratio or a small number with three significant digits. */
export function threeDigits(value: number): string {
  if (value >= 999.5) return grouped(value);
  return value < 0.001 ? `${value}` : `${Number(value.toPrecision(3))}`;
}

/** A rate as it was printed in its unit, which says so when only a bound is known. */
export function rate({ low, high }: RateRange, unit = "K/s"): string {
  return `${low === high ? "" : "more than "}${exactText(low)} ${unit}`;
}

/** How many times: `11.2 times`, or `more than 11.2 times` when either side is only bounded. */
export function times(ratio: number, ...sides: readonly RateRange[]): string {
  return `${sides.every(({ low, high }) => low === high) ? "" : "more than "}${threeDigits(ratio)} times`;
}

/** Rotating disks by number; null when nobody counted them. */
export function rotatingDisks(count: number | null): string {
  if (count === null) return "one rotating disk (number of disks unknown)";
  return count === 1 ? "one rotating disk" : `${count} rotating disks`;
}
