// Values that may be bounds, intervals that may have no limit, and times, in words for people.

import type { ConfidenceInterval, Estimate } from "../compare/comparison.ts";
import { COHORT_KEYS, type Cohort } from "../run/cohort.ts";
import { formatCount, formatNumber, formatRatio, type NumberFormat } from "../run/format.ts";

// Values in the few characters that a picture has room for, with the digits that they have everywhere (`number-text.ts`).

/** `25 510 K/s`, `≥ 32 760 files/s`, `1.37–1.39×`, with the unit as it follows the number; `–` where nothing is known. */
export function valueText({ low, high }: Estimate, numberText: NumberFormat, unit: string): string {
  if (low !== null && high !== null) {
    const number = low === high ? numberText(low) : `${numberText(low, "down")}–${numberText(high, "up")}`;
    return `${number}${unit}`;
  }
  if (low !== null) return `≥ ${numberText(low, "down")}${unit}`;
  return high === null ? "–" : `≤ ${numberText(high, "up")}${unit}`;
}

/** A ratio: `2.12×`, `≥ 1.081×`, `≤ 0.0153×`. */
export function timesText(ratio: Estimate): string {
  return valueText(ratio, formatRatio, "×");
}

/** `2.04–2.19`, `2.04 or more`, `0.91 or less`; empty where there is no interval or it has no limits. Limits are rounded outwards. */
export function limitsText(limits: ConfidenceInterval | null): string {
  if (limits === null) return "";
  const { low, high } = limits;
  if (low !== null && high !== null) return `${formatRatio(low, "down")}–${formatRatio(high, "up")}`;
  if (low !== null) return `${formatRatio(low, "down")} or more`;
  return high === null ? "" : `${formatRatio(high, "up")} or less`;
}

/** Both: `2.12× (2.04–2.19)`. */
export function estimateText(ratio: Estimate, limits: ConfidenceInterval | null): string {
  const interval = limitsText(limits);
  return interval === "" ? timesText(ratio) : `${timesText(ratio)} (${interval})`;
}

/** The attributes of a host, e.g. `site=fra storage=lvm`; `-` without any. */
export function cohortText(cohort: Cohort): string {
  const parts = COHORT_KEYS.flatMap((key) => (cohort[key] === undefined ? [] : [`${key}=${cohort[key]}`]));
  return parts.length === 0 ? "-" : parts.join(" ");
}

// How many hosts stand behind a number. Over several periods a host has a result in each, and only `n_eff` of the hosts are
// certainly different ones.

/** What counts hosts. */
interface Counted {
  readonly hosts: number;
  readonly n_eff: number;
}

const isRepeated = ({ hosts, n_eff }: Counted): boolean => n_eff < hosts;

/** The hosts of one metric, in a column: `40`, `>= 10`. */
export function hostCountText(counted: Counted): string {
  return `${isRepeated(counted) ? ">= " : ""}${formatNumber(counted.n_eff)}`;
}

/** The hosts of one metric in a sentence: `40 hosts`, `at least 10 hosts (30 results over the periods)`. */
export function hostsText(counted: Counted): string {
  const hosts = formatCount(counted.n_eff, "host");
  return isRepeated(counted) ? `at least ${hosts} (${formatCount(counted.hosts, "result")} over the periods)` : hosts;
}

/** The hosts of several metrics, from the one with fewest to the one with most: `9 to 40 hosts`, `at least 10 hosts`. */
export function hostsOfAll(metrics: readonly Counted[]): string {
  const counts = metrics.flatMap(({ n_eff }) => (n_eff > 0 ? [n_eff] : []));
  const most = Math.max(0, ...counts);
  const fewest = Math.min(most, ...counts);
  const range = fewest === most ? formatCount(most, "host") : `${formatNumber(fewest)} to ${formatCount(most, "host")}`;
  return metrics.some(isRepeated) ? `at least ${range}` : range;
}

/** A value that may be a bound: `2.72`, `>= 1.08`, `<= 0.9`, `1.1 to 1.4`, or `unknown`. Bounds are rounded to the safe side. */
export function knownText({ low, high, relation }: Estimate, numberText: NumberFormat): string {
  if (low !== null && high !== null) {
    return relation === "=" ? numberText(low) : `${numberText(low, "down")} to ${numberText(high, "up")}`;
  }
  if (low !== null) return `>= ${numberText(low, "down")}`;
  return high === null ? "unknown" : `<= ${numberText(high, "up")}`;
}

/** An interval: `1.1 to 1.4`, `up to 0.9`, `1.08 and up`, or `no limits`. Limits are rounded outwards. */
export function intervalText({ low, high }: ConfidenceInterval, numberText: NumberFormat): string {
  if (low !== null && high !== null) return `${numberText(low, "down")} to ${numberText(high, "up")}`;
  if (low !== null) return `${numberText(low, "down")} and up`;
  return high === null ? "no limits" : `up to ${numberText(high, "up")}`;
}

/** The same for an interval that may not exist: `-`. */
export function intervalOrNone(limits: ConfidenceInterval | null, numberText: NumberFormat): string {
  return limits === null ? "-" : intervalText(limits, numberText);
}

/** An instant of ISO 8601 in UTC, for people: `2026-11-22 10:15:00 UTC`. */
export function instantText(instant: string): string {
  return `${instant.slice(0, 19).replace("T", " ")} UTC`;
}
