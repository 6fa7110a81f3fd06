// Table rates: a rate as a text table prints it. Tables are coarser than CSV lines: seeks lose their decimal from 1000
// on, and tables since 1.98 print IO rates with units and two or three digits, and wrong file rates (bonnie-formats 4).

import type { Metric } from "../run/metrics.ts";
import { isPluses, MALFORMED, scanInteger, scanSeeks, scanTenths } from "./scan.ts";
import type { Release } from "./table-setup.ts";

/** A rate as printed. */
export interface TableRate {
  /** In the metric's unit; null for the file rates of 1.98 to 2.00a, which are not rates. */
  readonly value: number | null;
  /** One unit of the last printed digit: the true rate is less than that away. */
  readonly resolution: number;
  /** Whether the rate was rounded to a few digits, so that it may be above the true one by `resolution`. */
  readonly isRounded: boolean;
}

const KIB_PER_UNIT: Readonly<Record<string, number>> = { k: 1, m: 1024, g: 1_048_576 };

/** The rate, `"censored"` for `+++++`, or null when the word is neither. */
export function tableRate(text: string, metric: Metric, release: Release): TableRate | "censored" | null {
  if (isPluses(text, 0, text.length, 5)) return "censored";
  if (metric.unit === "seeks/s") {
    const value = scanSeeks(text, 0, text.length, false);
    return value < 0 ? null : { value, resolution: text.includes(".") ? 0.1 : 1, isRounded: false };
  }
  if (release === "2.00" && metric.unit === "K/s") return withUnit(text);
  const value = scanInteger(text, 0, text.length);
  if (value < 0) return null;
  return { value: release === "2.00" ? null : value, resolution: 1, isRounded: false };
}

/**
 * `2608k`, `2.5m`, `243m`, `1.6g` in K/s, to the nearest K/s. `0k` is refused: no test of the tool is that slow, but its
 * converter bon_csv2txt prints it for a test too fast to measure (bonnie-formats.md, section 8).
 */
function withUnit(text: string): TableRate | null {
  const end = text.length - 1;
  const factor = KIB_PER_UNIT[text.slice(end)];
  if (factor === undefined) return null;
  const hasTenths = factor > 1 && text.includes(".");
  const number = hasTenths ? scanTenths(text, 0, end) : scanInteger(text, 0, end);
  if (number === MALFORMED || number === 0) return null;
  return {
    value: Math.round(number * factor),
    resolution: hasTenths ? factor / 10 : factor,
    isRounded: factor > 1,
  };
}
