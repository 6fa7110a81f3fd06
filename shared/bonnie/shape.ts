// Shapes: what kind of line it is, before it is read. A line that looks like part of a result must be read or become an
// issue; everything else is noise. Source: bonnie-formats.md, section 8; docs/api.md#post-results (`# key: value`).

import { isKnownKey } from "../run/facts.ts";
import type { Directive } from "./types.ts";
import { type Fields, isOuterBlank } from "./fields.ts";

const TAB = 9;
const BLANK = 32;
const PLUS = 43;
const COMMA = 44;
const SEMICOLON = 59;
const LETTER_F = 102;
const LETTER_N = 110;

/** Separators from which on a line is a damaged result: tight ones, or of any kind (prose has fewer). */
const TIGHT_SEPARATORS = 8;
const SEPARATORS = 20;

const DATA_CHARACTERS = new Set([...",;0123456789+. \tuskmMgG"].map((character) => character.charCodeAt(0)));

/** Whether the line is a header that `-x 2` and above print. */
export function isHeader({ text, start }: Fields): boolean {
  const first = text.charCodeAt(start);
  if (first !== LETTER_N && first !== LETTER_F) return false;
  return text.startsWith("name,file_size,putc", start) || text.startsWith("format_version,bonnie_version,name", start);
}

/**
 * Whether the line, read or not, tries to be a CSV line: it has the fields of a layout, many separators (commas, or the
 * semicolons of a spreadsheet), three plus signs in a row, or it is a fragment: nothing but numbers behind its first
 * separator. Takes one pass.
 */
export function isAttempt({ text, start, end, count }: Fields): boolean {
  if (count > SEPARATORS) return true;
  let separators = 0;
  let tight = 0;
  let pluses = 0;
  let digits = 0;
  let onlyData = true;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    pluses = code === PLUS ? pluses + 1 : 0;
    if (pluses === 3) return true;
    if (code === COMMA || code === SEMICOLON) {
      separators += 1;
      const next = at + 1 < end ? text.charCodeAt(at + 1) : COMMA;
      if (next !== BLANK && next !== TAB) tight += 1;
      if (tight >= TIGHT_SEPARATORS || separators >= SEPARATORS) return true;
    } else if (separators > 0) {
      if (code >= 48 && code <= 57) digits += 1;
      if (!DATA_CHARACTERS.has(code)) onlyData = false;
    }
  }
  return tight > 0 && tight === separators && onlyData && digits > 0;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function isKeyCharacter(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 95 || code === 45 || code === 46;
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isOuterBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** A directive as the contract writes it, up to the blank before its value. */
const AS_WRITTEN = /^# [a-z][a-z0-9_.]*: $/;

/**
 * A line that starts with `#` as a directive; null for any other comment. With a known key it is one in any case and with
 * any blanks around key and colon. With an unknown key it is one, to be refused by name, only where it is written just as
 * the contract writes directives, `# hots: x`: people write remarks and dates with colons as well.
 */
export function directiveOf({ text, line, from, to, start, end }: Fields): Directive | null {
  const keyStart = skipBlanks(text, start + 1, end);
  let keyEnd = keyStart;
  while (keyEnd < end && isKeyCharacter(text.charCodeAt(keyEnd))) keyEnd += 1;
  const colon = skipBlanks(text, keyEnd, end);
  if (keyEnd === keyStart || colon === end || text[colon] !== ":") return null;
  const key = text.slice(keyStart, keyEnd).toLowerCase();
  if (!isKnownKey(key) && !AS_WRITTEN.test(text.slice(start, Math.min(colon + 2, end)))) return null;
  return {
    line,
    column: keyStart - from + 1,
    key,
    value: text.slice(colon + 1, end).trim(),
    raw: text.slice(from, to),
  };
}
