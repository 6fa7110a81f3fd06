// Stored JSON, read with care. A text that was written by another version, or whose bytes have changed, gives a fault that
// says where and what, and never a value of another type than the one that was asked for.

import { quoted } from "./quoted.ts";

/** What was expected in a stored text, and what was found. */
class FormFault extends Error {
  override readonly name = "FormFault";
}

/** Reads a value; `name` is what a fault calls it. Throws FormFault. */
type Form<T> = (value: unknown, name: string) => T;

function refused(name: string, expected: string, value: unknown): never {
  const found = value === undefined ? "nothing" : quoted(JSON.stringify(value));
  throw new FormFault(`${name}: expected ${expected}, found ${found}`);
}

/** Any text. */
export const text: Form<string> = (value, name) => (typeof value === "string" ? value : refused(name, "text", value));

/** A finite number. */
export const number: Form<number> = (value, name) =>
  typeof value === "number" && Number.isFinite(value) ? value : refused(name, "a number", value);

/** What the form reads, or null. */
export const orNull =
  <T>(form: Form<T>): Form<T | null> =>
  (value, name) =>
    value === null ? null : form(value, name);

/** One of some words. */
export const oneOf =
  <T extends string>(...words: readonly T[]): Form<T> =>
  (value, name) =>
    words.find((word) => word === value) ?? refused(name, `one of ${words.join(", ")}`, value);

/** A list of `least` to `most` values, which the caller reads one by one. */
export function row(value: unknown, name: string, least: number, most = least): readonly unknown[] {
  const isRow = Array.isArray(value) && value.length >= least && value.length <= most;
  return isRow ? value : refused(name, `a list of ${least}${most === least ? "" : ` to ${most}`} values`, value);
}

/** A list of values of one form. */
export const listOf =
  <T>(form: Form<T>): Form<readonly T[]> =>
  (value, name) =>
    row(value, name, 0, Number.POSITIVE_INFINITY).map((each) => form(each, name));

/** Named values, which the caller reads one by one. */
export const named: Form<Readonly<Record<string, unknown>>> = (value, name) =>
  isNamed(value) ? value : refused(name, "named values", value);

const isNamed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
