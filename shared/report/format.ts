// Values, intervals and counts in words for people: one formatter for reports, pages, sentences and charts. Single numbers,
// with their digits and rounding, are in run/format.ts. Bounds are rounded to the safe side and intervals outward, so that
// what is shown is never more than what is known.

import type { ConfidenceInterval, Estimate } from "../compare/comparison.ts";
import { COHORT_KEYS, type Cohort } from "../run/cohort.ts";
import { formatCount, formatNumber, formatRatio, type NumberFormat } from "../run/format.ts";

/**
 * How bounds and ranges are written: `plain` in tables (`>= 1.08`, `1.1 to 1.4`), `compact` in charts, which have little
 * room (`≥ 1.08`, `1.1–1.4`), `words` in sentences (`at least 1.08`, `1.1 to 1.4`).
 */
type Notation = "plain" | "compact" | "words";

const SIGNS: Readonly<Record<Notation, { readonly atLeast: string; readonly atMost: string; readonly to: string }>> = {
  plain: { atLeast: ">= ", atMost: "<= ", to: " to " },
  compact: { atLeast: "≥ ", atMost: "≤ ", to: "–" },
  words: { atLeast: "at least ", atMost: "at most ", to: " to " },
};

/**
 * A value that may be a bound, e.g. `2.72`, `>= 1.08`, `<= 0.9` or `1.1 to 1.4`; `unknown`, or compact `–`, where nothing
 * is known. `unit` follows the number, with the space before it if it has one.
 */
export function formatEstimate(
  estimate: Estimate,
  numberText: NumberFormat,
  notation: Notation = "plain",
  unit = "",
): string {
  const range = formatRange(estimate, numberText, notation);
  return range === null ? (notation === "compact" ? "–" : "unknown") : `${range}${unit}`;
}

/** A ratio with as many digits as it has everywhere, for a chart: `2.12×`, `≥ 1.081×`, `1.37–1.39×`. */
export function formatTimes(ratio: Estimate): string {
  return formatEstimate(ratio, formatRatio, "compact", "×");
}

/** An interval, e.g. `1.1 to 1.4`, `<= 0.9`, `>= 1.08`, or `no limits`; `-`, or compact `–`, where there is no interval. */
export function formatInterval(
  interval: ConfidenceInterval | null,
  numberText: NumberFormat,
  notation: Notation = "plain",
): string {
  if (interval === null) return notation === "compact" ? "–" : "-";
  return formatRange(interval, numberText, notation) ?? "no limits";
}

/** A number, or the range between two; null where neither end is known. */
function formatRange({ low, high }: ConfidenceInterval, numberText: NumberFormat, notation: Notation): string | null {
  const { atLeast, atMost, to } = SIGNS[notation];
  if (low !== null && high !== null) {
    return low === high ? numberText(low) : `${numberText(low, "down")}${to}${numberText(high, "up")}`;
  }
  if (low !== null) return `${atLeast}${numberText(low, "down")}`;
  return high === null ? null : `${atMost}${numberText(high, "up")}`;
}

// Counts. Over several periods a host has a result in each, and only `n_eff` of the hosts are certainly distinct.

/** The hosts of one metric. */
export interface CountedHosts {
  readonly hosts: number;
  readonly n_eff: number;
}

const isRepeated = ({ hosts, n_eff }: CountedHosts): boolean => n_eff < hosts;

/** The hosts of one metric, in a column: `40`, `>= 10`. */
export function formatHostCount(counted: CountedHosts, notation: Notation = "plain"): string {
  return `${isRepeated(counted) ? SIGNS[notation].atLeast : ""}${formatNumber(counted.n_eff)}`;
}

/** The hosts of one metric in a sentence: `40 hosts`, `at least 10 hosts (30 results over the periods)`. */
export function formatHosts(counted: CountedHosts): string {
  const hosts = formatCount(counted.n_eff, "host");
  return isRepeated(counted) ? `at least ${hosts} (${formatCount(counted.hosts, "result")} over the periods)` : hosts;
}

/** Some of the hosts of one metric: `3 of 40 hosts`, `3 of 30 results over the periods (at least 10 hosts)`. */
export function formatPartOfHosts(part: number, counted: CountedHosts): string {
  const of = `${formatNumber(part)} of ${formatNumber(counted.hosts)}`;
  return isRepeated(counted)
    ? `${of} results over the periods (at least ${formatCount(counted.n_eff, "host")})`
    : `${of} hosts`;
}

/** The hosts of several metrics, from the one with fewest to the one with most: `9 to 40 hosts`, `at least 10 hosts`. */
export function formatHostRange(metrics: readonly CountedHosts[]): string {
  const counts = metrics.flatMap(({ n_eff }) => (n_eff > 0 ? [n_eff] : []));
  const most = Math.max(0, ...counts);
  const fewest = Math.min(most, ...counts);
  const range = fewest === most ? formatCount(most, "host") : `${formatNumber(fewest)} to ${formatCount(most, "host")}`;
  return metrics.some(isRepeated) ? `at least ${range}` : range;
}

/** A part of a whole in whole per cent; 0 and 100 mean none and all, never nearly so. The whole is above 0. */
export function formatShare(part: number, whole: number): string {
  const rounded = Math.round((100 * part) / whole);
  const honest = part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded));
  return `${honest} %`;
}

// Other texts.

/** Text as the beginning of a sentence. */
export function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The attributes of a host, e.g. `site=fra storage=lvm`; `-` without any. */
export function formatCohort(cohort: Cohort): string {
  const parts = COHORT_KEYS.flatMap((key) => (cohort[key] === undefined ? [] : [`${key}=${cohort[key]}`]));
  return parts.length === 0 ? "-" : parts.join(" ");
}

/** An instant of ISO 8601 in UTC: `2026-11-22 10:15:00 UTC`. */
export function formatInstant(instant: string): string {
  return `${instant.slice(0, 19).replace("T", " ")} UTC`;
}
