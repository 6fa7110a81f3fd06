// Values of tables: rate, %CP and latency of one test. Tables are coarser than CSV lines: seeks lose their decimal from 1000
// on, and tables since 1.98 print IO rates with units and two or three digits, and wrong file rates.
// Source: bonnie-formats.md, sections 4 and 5.

import { lowerBound, upperLimit } from "../run/bound.ts";
import type { Metric } from "../run/metrics.ts";
import type { BonnieSetup, Issue, Measurement } from "../run/run.ts";
import { quoted } from "../run/text.ts";
import { isPluses, MALFORMED, scanInteger, scanLatency, scanSeeks, scanTenths } from "./fields.ts";
import { type Word, wordIssue } from "./table-lines.ts";
import { findContradiction } from "./validity.ts";

/** What printed a table: one of three groups of releases (1.00 to 1.04; 1.92b to 1.97; 1.98 to 2.00a), the tool or its converter. */
export interface Printer {
  readonly release: "1.0x" | "1.9x" | "2.00";
  /** Printed by bon_csv2txt. */
  readonly isConverter: boolean;
}

/** What a table prints of one test. */
interface PrintedCell {
  readonly metric: Metric;
  readonly rate: Word;
  readonly cpu: Word;
  /** Null where the table has no line of latencies. */
  readonly latency: Word | null;
}

/** What a table says about one test. */
interface Cell {
  /** If there is an issue, what is readable of the test; the rest is null. */
  readonly measurement: Measurement;
  readonly resolution: number;
  readonly issue: Issue | null;
}

/** Reads one test. `printer` is null for a table that lost its version, which is read only to compare it. */
export function readCell(
  { metric, rate, cpu, latency }: PrintedCell,
  setup: BonnieSetup,
  printer: Printer | null,
): Cell {
  const { name } = metric;
  const scanned = parseRate(rate.text, cpu.text, metric, printer);
  const isCensored = scanned === "censored";
  const percent = isCensored ? null : scanInteger(cpu.text, 0, cpu.text.length);
  const microseconds = latency === null ? null : scanLatency(latency.text, 0, latency.text.length);
  const latency_us = microseconds === null || microseconds < 0 ? null : microseconds;
  const bound = lowerBound(name, setup) ?? 0;
  const measurement: Measurement = isCensored
    ? { rate: null, cpu: null, latency_us, censored: true, lower_bound: bound }
    : { rate: scanned?.value ?? null, cpu: percent === MALFORMED ? null : percent, latency_us, censored: false };
  const resolution = isCensored ? 0 : (scanned?.resolution ?? 0);
  const damaged = (issue: Issue): Cell => ({ measurement, resolution, issue });
  if (scanned === null)
    return damaged(wordIssue(rate, name, "bad_number", `expected a rate, found ${quoted(rate.text)}`));
  if (percent === null ? !isPluses(cpu.text, 0, cpu.text.length, 3) : percent < 0) {
    const expected = isCensored ? "+++ next to +++++" : "a %CP in whole numbers";
    return damaged(wordIssue(cpu, `${name}_cpu`, "bad_pair", `expected ${expected}, found ${quoted(cpu.text)}`));
  }
  if (latency !== null && latency_us === null) {
    const text = `expected a latency such as 981us, 131ms or 132s, found ${quoted(latency.text)}`;
    return damaged(wordIssue(latency, `${name}_latency`, "bad_number", text));
  }
  const slack = isCensored || !scanned.isRounded ? 0 : scanned.resolution;
  const contradiction = findContradiction(name, setup, measurement, slack);
  if (contradiction === null) {
    return { measurement: limitRate(measurement, upperLimit(name, setup)), resolution, issue: null };
  }
  const word = { rate, latency: latency ?? rate }[contradiction.part];
  const field = contradiction.part === "rate" ? name : `${name}_${contradiction.part}`;
  return damaged(wordIssue(word, field, contradiction.code, contradiction.text));
}

/** Takes off what rounding added to the largest possible rate. */
function limitRate(measurement: Measurement, limit: number | null): Measurement {
  const { rate } = measurement;
  return rate !== null && limit !== null && rate > limit ? { ...measurement, rate: limit } : measurement;
}

/** A rate as printed. */
interface TableRate {
  /** In the metric's unit; null for the file rates that the tool prints since 1.98, which are not rates. */
  readonly value: number | null;
  /** One unit of the last printed digit: the true rate is less than this away. */
  readonly resolution: number;
  /** Whether the rate was rounded to a few digits, so that it may be above the true one by `resolution`. */
  readonly isRounded: boolean;
}

const KIB_PER_UNIT: Readonly<Record<string, number>> = { k: 1, m: 1024, g: 1_048_576 };

/**
 * Parses a rate: `"censored"` for `+++++`, null for a word that is no rate. The converter prints `+++++` with a unit as `0k`,
 * but leaves the `+++` after it (bonnie-formats.md, section 4.4).
 */
function parseRate(text: string, cpu: string, metric: Metric, printer: Printer | null): TableRate | "censored" | null {
  if (isPluses(text, 0, text.length, 5)) return "censored";
  if (metric.unit === "seeks/s") {
    const value = parseSeeks(text, printer);
    return value < 0 ? null : { value, resolution: text.includes(".") ? 0.1 : 1, isRounded: false };
  }
  const hasUnit = metric.unit === "K/s" && (printer === null ? /[kmg]$/.test(text) : printer.release === "2.00");
  if (hasUnit) return text === "0k" && cpu === "+++" ? "censored" : parseRateWithUnit(text);
  const value = scanInteger(text, 0, text.length);
  if (value < 0) return null;
  const isKnown = metric.unit === "K/s" || (printer !== null && (printer.release !== "2.00" || printer.isConverter));
  return { value: isKnown ? value : null, resolution: 1, isRounded: false };
}

/** The converter of 1.0x prints seeks as CSV lines do, with one decimal from 1000 on too. */
function parseSeeks(text: string, printer: Printer | null): number {
  const value = scanSeeks(text, 0, text.length, false);
  return value === MALFORMED && printer?.release === "1.0x" ? scanSeeks(text, 0, text.length, true) : value;
}

/** Parses `2608k`, `2.5m`, `243m`, `1.6g` into K/s, to the nearest K/s. `0k` is rejected: no test is that slow. */
function parseRateWithUnit(text: string): TableRate | null {
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
