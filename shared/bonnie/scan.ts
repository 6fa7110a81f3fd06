// Scanners: the text between two offsets as a number, without copying it. Each reads exactly what Bonnie++ prints
// (bonnie-formats.md, sections 2 and 3) and nothing else: no signs, exponents, leading zeros, blanks or other notations.

const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;

/** The field is empty: the test was not run. */
export const EMPTY = -1;
/** The field is `+++++` (a rate) or `+++` (a %CP): too fast to measure. */
export const CENSORED = -2;
/** The field is nothing that Bonnie++ prints there. */
export const MALFORMED = -3;

/** More digits than any rate has; up to 15 a double holds every integer. */
const MAX_DIGITS = 15;

/** A decimal integer of 1 to 15 digits without leading zeros, or `MALFORMED`. */
export function scanInteger(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start);
  if (start >= end || end - start > MAX_DIGITS || (first === ZERO && end - start > 1)) return MALFORMED;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return MALFORMED;
    value = value * 10 + (code - ZERO);
  }
  return value;
}

/** A number with exactly one decimal, e.g. `249.1`, or `MALFORMED`. */
export function scanTenths(text: string, start: number, end: number): number {
  const digit = text.charCodeAt(end - 1);
  if (end - start < 3 || text.charCodeAt(end - 2) !== POINT || digit < ZERO || digit > NINE) return MALFORMED;
  const whole = scanInteger(text, start, end - 2);
  return whole < 0 ? MALFORMED : (whole * 10 + (digit - ZERO)) / 10;
}

/**
 * A rate of seeks. v1 always prints one decimal; v2 and the tables print one below 1000 and none from 1000 on, where
 * rounding may still give `1000.0`.
 */
export function scanSeeks(text: string, start: number, end: number, alwaysTenths: boolean): number {
  const tenths = scanTenths(text, start, end);
  if (alwaysTenths) return tenths;
  if (tenths >= 0) return tenths <= 1000 ? tenths : MALFORMED;
  const whole = scanInteger(text, start, end);
  return whole >= 1000 ? whole : MALFORMED;
}

/** Whether the text is exactly `length` plus signs. */
export function isPluses(text: string, start: number, end: number, length: number): boolean {
  if (end - start !== length) return false;
  for (let at = start; at < end; at += 1) if (text.charCodeAt(at) !== PLUS) return false;
  return true;
}

/** Whether a number with a sign stands there, e.g. `-1234`. */
export function isNegative(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start) !== MINUS) return false;
  return scanInteger(text, start + 1, end) >= 0 || scanTenths(text, start + 1, end) >= 0;
}

/** A latency in microseconds: an integer of at most 9 digits with `us`, `ms` or `s`; or `EMPTY` or `MALFORMED`. */
export function scanLatency(text: string, start: number, end: number): number {
  if (start === end) return EMPTY;
  if (text[end - 1] !== "s" || end - start > 11) return MALFORMED;
  const prefix = text[end - 2];
  const value = scanInteger(text, start, prefix === "u" || prefix === "m" ? end - 2 : end - 1);
  if (value < 0) return MALFORMED;
  return prefix === "u" ? value : value * (prefix === "m" ? 1_000 : 1_000_000);
}
