// Fields: one line of an upload, split at its commas, and the scanners that read numbers out of it. In: the text of the
// upload and the offsets of a line. Out: offsets of fields, numbers, and issues that point at a field or a line. Nothing
// is copied, which keeps reading fast: a field is a range of the upload's text, and one `Fields` object is filled again
// for every line.

import type { Issue } from "../run/run.ts";

const TAB = 9;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const COMMA = 44;
const DELETE = 127;
const NO_BREAK_SPACE = 160;
const BYTE_ORDER_MARK = 0xfeff;

/** No layout has more fields; a line is not split beyond this. */
export const MAX_FIELDS = 64;

/** A line of the upload and its fields. All positions are offsets into `text`. */
export interface Fields {
  /** The whole upload. */
  readonly text: string;
  /** 1-based line number. */
  line: number;
  /** The line as received, without its line feed. */
  from: number;
  to: number;
  /** The line without byte order mark, carriage return and outer spaces. */
  sentStart: number;
  sentEnd: number;
  /** The same without the prefix of a log. */
  start: number;
  end: number;
  /** Number of commas in the prefix: the fields of the line as received are counted from there. */
  skipped: number;
  /** Number of fields; `MAX_FIELDS + 1` means any larger number. */
  count: number;
  /** Offset of the first control character other than a tab, or -1. Not looked for beyond `MAX_FIELDS`. */
  control: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** An empty `Fields` over an upload. */
export function emptyFields(text: string): Fields {
  return {
    text,
    line: 0,
    from: 0,
    to: 0,
    sentStart: 0,
    sentEnd: 0,
    start: 0,
    end: 0,
    skipped: 0,
    count: 0,
    control: -1,
    starts: new Int32Array(MAX_FIELDS + 1),
    ends: new Int32Array(MAX_FIELDS + 1),
  };
}

/** Whether a character may surround a line without being part of it. Web pages indent with no-break spaces. */
export function isOuterSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === CARRIAGE_RETURN || code === NO_BREAK_SPACE;
}

/** Whether a character is a control character other than a tab. Bonnie++ prints none. */
export function isControl(code: number): boolean {
  return code < SPACE ? code !== TAB : code === DELETE;
}

/** The message for a line that contains the control character `code`. */
export function controlCharacterText(code: number): string {
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  return `expected printable characters only, found the control character U+${hex}`;
}

/** Fills `fields` with the line between two offsets. The caller sets the line number. */
export function splitLine(fields: Fields, from: number, to: number): void {
  const { text } = fields;
  let start = from;
  let end = to;
  if (text.charCodeAt(start) === BYTE_ORDER_MARK) start += 1;
  while (start < end && isOuterSpace(text.charCodeAt(start))) start += 1;
  while (start < end && isOuterSpace(text.charCodeAt(end - 1))) end -= 1;
  fields.from = from;
  fields.to = to;
  fields.sentStart = start;
  fields.sentEnd = end;
  fields.skipped = 0;
  splitFields(fields, start, end);
}

/** Takes what is between two offsets as the fields of the line, which is set already. */
export function splitFields(fields: Fields, start: number, end: number): void {
  const { text, starts, ends } = fields;
  let count = 0;
  let control = -1;
  starts[0] = start;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COMMA) {
      ends[count] = at;
      count += 1;
      starts[count] = at + 1;
      if (count === MAX_FIELDS) break;
    } else if (isControl(code) && control < 0) control = at;
  }
  ends[count] = end;
  fields.start = start;
  fields.end = end;
  fields.count = count + 1;
  fields.control = control;
}

/** Offset of a field's first character. */
export function fieldStart(fields: Fields, index: number): number {
  return fields.starts[index] ?? fields.end;
}

/** Offset after a field's last character. */
export function fieldEnd(fields: Fields, index: number): number {
  return fields.ends[index] ?? fields.end;
}

/** Whether a field is empty or missing. */
export function isFieldEmpty(fields: Fields, index: number): boolean {
  return fieldStart(fields, index) === fieldEnd(fields, index);
}

/** The text of a field. */
export function fieldText(fields: Fields, index: number): string {
  return fields.text.slice(fieldStart(fields, index), fieldEnd(fields, index));
}

/** Inserts an empty field before the field at `index`. */
export function insertEmptyField(fields: Fields, index: number): void {
  fields.starts.copyWithin(index + 1, index, fields.count);
  fields.ends.copyWithin(index + 1, index, fields.count);
  fields.ends[index] = fieldStart(fields, index);
  fields.count += 1;
}

/** The index of the field that contains the character at `offset`. */
export function fieldAt(fields: Fields, offset: number): number {
  let index = 0;
  while (index < fields.count - 1 && fieldEnd(fields, index) < offset) index += 1;
  return index;
}

/** An issue with the line as a whole, at the character at `offset`. */
export function lineIssue(fields: Fields, code: string, text: string, offset = fields.start): Issue {
  const raw = fields.text.slice(fields.from, fields.to);
  return { line: fields.line, column: offset - fields.from + 1, field: null, code, text, raw };
}

/** An issue with one field, by its index in the layout and its name. */
export function fieldIssue(fields: Fields, index: number, field: string, code: string, text: string): Issue {
  return { ...lineIssue(fields, code, text), column: fields.skipped + index, field };
}

// Scanners: the text between two offsets as a number. Each reads exactly what Bonnie++ prints (bonnie-formats.md,
// sections 2 and 3) and nothing else: no signs, exponents, leading zeros, spaces or other notations.

const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;

/** The field is empty: the test was not run. */
export const EMPTY = -1;
/** The field is `+++++` (a rate) or `+++` (a %CP): too fast to measure. */
export const CENSORED = -2;
/** Bonnie++ never prints this in such a field. */
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

/** Whether the text is a number with a minus sign, e.g. `-1234`. */
export function isNegative(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start) !== MINUS) return false;
  return scanInteger(text, start + 1, end) >= 0 || scanTenths(text, start + 1, end) >= 0;
}

/** A latency (an integer of at most 9 digits with `us`, `ms` or `s`) in microseconds; `EMPTY` or `MALFORMED`. */
export function scanLatency(text: string, start: number, end: number): number {
  if (start === end) return EMPTY;
  if (text[end - 1] !== "s" || end - start > 11) return MALFORMED;
  const prefix = text[end - 2];
  const value = scanInteger(text, start, prefix === "u" || prefix === "m" ? end - 2 : end - 1);
  if (value < 0) return MALFORMED;
  return prefix === "u" ? value : value * (prefix === "m" ? 1_000 : 1_000_000);
}
