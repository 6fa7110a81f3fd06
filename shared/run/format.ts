// Numbers formatted for people. Sentences, tables, charts and pages all use the one rule for each kind of number here, so
// that a number never appears in two different roundings. Counts, and rates as Bonnie++ printed them, keep all digits;
// values derived from ticks are known to about four digits (statistics.md, section 10) and get at most four.

/** The direction of rounding. A lower bound must not be shown above the true one, nor an upper bound below it. */
export type Rounding = "nearest" | "down" | "up";

/** Formats a number of one kind. */
export type NumberFormat = (value: number, rounding?: Rounding) => string;

/** Formats a count, or a rate as Bonnie++ printed it, with all its digits: `25 511`, `249.1`. */
export function formatNumber(value: number): string {
  return groupDigits(String(value));
}

/** Formats a count with its noun, a regular plural: `1 host`, `1 240 hosts`. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Formats a rate that was computed, such as a median or its limit, in four digits: 25 511.7 is `25 510`, 267.896 `267.9`. */
export function formatRate(value: number, rounding?: Rounding): string {
  return formatSignificant(value, 4, rounding);
}

/**
 * Formats a ratio in three digits: `12.4`, `2.15`, `0.0152`. From 0.9 to 1.1 with three decimals, `1.037`: fewer would not
 * show on which side of the usual margin of 3 % it is.
 */
export function formatRatio(value: number, rounding: Rounding = "nearest"): string {
  return value >= 0.9 && value <= 1.1 ? formatDecimals(value, 3, rounding) : formatSignificant(value, 3, rounding);
}

/** Formats a part of 1 in percent, in two digits: `12 %`, `0.50 %`; `-` if it is unknown. */
export function formatPercent(part: number | null): string {
  return part === null ? "-" : `${formatSignificant(part * 100, 2)} %`;
}

/** Formats a margin around 1 in percent: `3 %`. */
export function formatMargin(margin: number): string {
  return `${Number((margin * 100).toPrecision(3))} %`;
}

/** Formats a p value: `0.0156`, `< 0.001`; `-` if there is none. */
export function formatPValue(p: number | null): string {
  if (p === null) return "-";
  return p < 0.001 ? "< 0.001" : formatSignificant(p, 3);
}

/** Formats a number of 0 or more with so many decimals; below 0, so many zeros end the whole part. */
function formatDecimals(value: number, decimals: number, rounding: Rounding): string {
  const unit = 10 ** Math.max(0, -decimals);
  const places = Math.max(0, decimals);
  const scaled = value / unit;
  const nearest = scaled.toFixed(places);
  const isBeyond = (rounding === "down" && Number(nearest) > scaled) || (rounding === "up" && Number(nearest) < scaled);
  const half = (rounding === "down" ? -0.5 : 0.5) * 10 ** -places;
  const text = isBeyond ? (scaled + half).toFixed(places) : nearest;
  return groupDigits(unit === 1 ? text : String(Number(text) * unit));
}

/** Formats a number of 0 or more with so many significant digits; with 3: `0.0152`, `2.72`, `938 000`. */
function formatSignificant(value: number, digits: number, rounding: Rounding = "nearest"): string {
  if (value === 0) return "0";
  const [, exponent] = value.toExponential(digits - 1).split("e");
  // toFixed takes at most 100 decimals; nothing measured is below 1e-100.
  return formatDecimals(value, Math.min(100, digits - 1 - Number(exponent)), rounding);
}

/** Groups the digits of the whole part by three. */
function groupDigits(text: string): string {
  const [whole = "", ...fraction] = text.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, " "), ...fraction].join(".");
}
