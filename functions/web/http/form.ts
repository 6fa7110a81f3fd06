// Queries and forms of pages, as browsers encode them: for each name its values, parsed by a schema. A field that was left
// empty counts as not given.

import type { Context } from "hono";
import type * as z from "zod";
import { AppError } from "../../../shared/errors.ts";
import { validate } from "../../service/validation.ts";
import { type BodyLimit, readBody } from "./body.ts";
import { rejectTooMany } from "./parameters.ts";

/** The query of a page by a schema whose values are lists of text. Throws `bad_parameter`. */
export function parsePageQuery<T extends z.ZodType>(c: Context, schema: T): z.output<T> {
  return validate(schema, sentQuery(c), "bad_parameter");
}

/** The query of a page as sent, valid or not. Throws `bad_parameter` for more parameters than any page has. */
export function sentQuery(c: Context): Record<string, string[]> {
  const { search } = new URL(c.req.url);
  rejectTooMany("parameters", search);
  return groupByName(new URLSearchParams(search));
}

/** Reads a form by such a schema, up to the limit. Throws `bad_body`, and what `readBody` throws. */
export async function readForm<T extends z.ZodType>(c: Context, schema: T, limit: BodyLimit): Promise<z.output<T>> {
  assertForm(c);
  const { text } = await readBody(c.req.raw, limit);
  return parseForm(text, schema);
}

/** Throws `bad_body` unless the Content-Type of the request is that of a form. */
export function assertForm(c: Context): void {
  const type = c.req.header("Content-Type") ?? "";
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(type)) {
    throw new AppError("bad_body", "expected a form, encoded as application/x-www-form-urlencoded");
  }
}

/** Parses a form that was read. Throws `bad_body`. */
export function parseForm<T extends z.ZodType>(text: string, schema: T): z.output<T> {
  rejectTooMany("fields", text);
  return validate(schema, groupByName(new URLSearchParams(text)), "bad_body");
}

/** For each name its values, without the empty ones. */
export function groupByName(parameters: URLSearchParams): Record<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    if (value === "") continue;
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [value]);
    else values.push(value);
  }
  return Object.fromEntries(byName);
}
