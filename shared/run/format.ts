// Numbers as people read them. Sentences, tables, charts and pages all write a number by the one rule for its kind here, so
// that it never stands in two roundings beside each other. What came from outside or was counted is shown as it is; what is
// derived from ticks, and so known to some four digits (statistics.md, section 10), with four at most.

/** The side to which a number is rounded. A lower bound that is shown must not be above the true one, nor an upper below. */
export type Rounding = "nearest" | "down" | "up";

/** A number of one kind as text. */
export type NumberText = (value: number, rounding?: Rounding) => string;

/** Digits in groups of three, those of the whole part. */
function grouped(text: string): string {
  const [whole = "", ...fraction] = text.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, " "), ...fraction].join(".");
}

/** A count, or a rate as Bonnie++ printed it: `25 511`, `249.1`. */
export function exactText(value: number): string {
  return grouped(String(value));
}

/** A count of things: `1 host`, `1 240 hosts`. */
export function countOf(count: number, noun: string): string {
  return `${exactText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A number of 0 or more with so many decimals; with fewer than none, zeros stand at the end of its whole part. */
function withDecimals(value: number, decimals: number, rounding: Rounding): string {
  const unit = 10 ** Math.max(0, -decimals);
  const places = Math.max(0, decimals);
  const scaled = value / unit;
  const nearest = scaled.toFixed(places);
  const isBeyond = (rounding === "down" && Number(nearest) > scaled) || (rounding === "up" && Number(nearest) < scaled);
  const half = (rounding === "down" ? -0.5 : 0.5) * 10 ** -places;
  const text = isBeyond ? (scaled + half).toFixed(places) : nearest;
  return grouped(unit === 1 ? text : String(Number(text) * unit));
}

/** A number of 0 or more with so many significant digits, whatever its size: of 3, `0.0152`, `2.72`, `938 000`. */
function significant(value: number, digits: number, rounding: Rounding = "nearest"): string {
  if (value === 0) return "0";
  const [, exponent] = value.toExponential(digits - 1).split("e");
  // Below 1e-100 nothing is measured; there toFixed ends.
  return withDecimals(value, Math.min(100, digits - 1 - Number(exponent)), rounding);
}

/** A rate that is a median or a limit of one, in four digits: 25 511.7 is `25 510`, 267.896 `267.9`. */
export function rateText(value: number, rounding?: Rounding): string {
  return significant(value, 4, rounding);
}

/**
 * A ratio in three digits: `12.4`, `2.15`, `0.0152`. From 0.9 to 1.1 in three decimals, `1.037`: with fewer nobody could tell
 * which side of the usual margin of 3 % it is on.
 */
export function ratioText(value: number, rounding: Rounding = "nearest"): string {
  return value >= 0.9 && value <= 1.1 ? withDecimals(value, 3, rounding) : significant(value, 3, rounding);
}

/** A part of 1 in per cent, in two digits: `12 %`, `0.50 %`; `-` where it is not known. */
export function percentText(part: number | null): string {
  return part === null ? "-" : `${significant(part * 100, 2)} %`;
}

/** A margin around 1 in per cent: `3 %`. */
export function marginText(margin: number): string {
  return `${Number((margin * 100).toPrecision(3))} %`;
}

/** A p value: `0.0156`, `< 0.001`; `-` where there is none. */
export function pText(p: number | null): string {
  if (p === null) return "-";
  return p < 0.001 ? "< 0.001" : significant(p, 3);
}
