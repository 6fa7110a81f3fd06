// The parameters of a request: its query, JSON body and path. A parameter that no schema knows is rejected by name, because a
// misspelled filter would silently give the result of another query.

import type { Context } from "hono";
import type * as z from "zod";
import { AppError } from "../../../shared/errors.ts";
import type { Issue } from "../../../shared/run/run.ts";
import { quoted } from "../../../shared/run/text.ts";
import { validate } from "../../service/validation.ts";
import { JSON_BODY, MAX_FIELDS, MAX_PARAMETERS, readBody, repeatedKey } from "./body.ts";

/** The query by a schema whose values are lists of text. Throws `bad_parameter` with one issue for each problem. */
export function parseQuery<T extends z.ZodType>(c: Context, schema: T): z.output<T> {
  return validate(schema, readQuery(c), "bad_parameter");
}

/** The query with each parameter once, as text. Throws `bad_parameter` for a parameter that is given twice. */
export function singleParameters(c: Context): Record<string, string> {
  return Object.fromEntries(
    Object.entries(readQuery(c)).map(([name, values]) => {
      if (values.length > 1) {
        throw new AppError("bad_parameter", `${quoted(name)} is given ${values.length} times; expected once`);
      }
      return [name, values[0] ?? ""];
    }),
  );
}

/** A JSON body of at most 64 KiB by a schema. Throws `bad_body`, and what `readBody` throws. */
export async function readJson<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  return parseJson((await readBody(c.req.raw, JSON_BODY)).text, schema);
}

/** The same; null for an empty body. Node.js gives a request without a body an empty one. */
export async function readOptionalJson<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T> | null> {
  const { text } = await readBody(c.req.raw, JSON_BODY);
  return text.trim() === "" ? null : parseJson(text, schema);
}

function parseJson<T extends z.ZodType>(text: string, schema: T): z.output<T> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AppError("bad_body", "the body is not JSON");
  }
  const repeated = repeatedKey(text);
  if (repeated !== null) {
    const problem = `key ${quoted(repeated)} is given twice in one object; expected once`;
    const field = repeated.slice(0, 255);
    const issue: Issue = { line: 0, column: 0, field, code: "bad_body", text: problem, raw: "" };
    throw new AppError("bad_body", problem, { issues: [issue] });
  }
  return validate(schema, body, "bad_body");
}

/** Ids as this service makes them: hexadecimal digits, or groups of them with hyphens. */
const ID = /^[\w-]{1,64}$/;

/** The id in the path. Throws `not_found` for text that cannot be an id, so that no store is asked for it. */
export function parseId(c: Context, what: string): string {
  const id = c.req.param("id") ?? "";
  if (!ID.test(id)) throw new AppError("not_found", `this fleet has no ${what} with that id`);
  return id;
}

/**
 * Rejects a query with more parameters, or a form with more fields, than any endpoint takes, before it is parsed. Throws
 * `bad_parameter` or `bad_body`.
 */
export function rejectTooMany(what: "parameters" | "fields", text: string): void {
  const limit = what === "fields" ? MAX_FIELDS : MAX_PARAMETERS;
  let at = -1;
  for (let count = 1; count <= limit; count += 1) {
    at = text.indexOf("&", at + 1);
    if (at < 0) return;
  }
  throw new AppError(what === "fields" ? "bad_body" : "bad_parameter", `expected at most ${limit} ${what}, found more`);
}

/** What every parameter's name looks like; names such as `__proto__`, which every object has, do not. */
const NAME = /^[a-z][a-z0-9_.-]*$/i;

/**
 * The query: for each name its values, in order. Throws `bad_parameter` for a name that no parameter can have, and for text
 * that is not percent-encoded UTF-8, since a lenient parser would store something else than was meant.
 */
function readQuery(c: Context): Record<string, string[]> {
  const { search } = new URL(c.req.url);
  rejectTooMany("parameters", search);
  const byName = new Map<string, string[]>();
  for (const part of search.slice(1).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    if (!NAME.test(name)) throw new AppError("bad_parameter", `unknown parameter ${quoted(name)}`);
    const values = byName.get(name) ?? [];
    values.push(equals < 0 ? "" : decode(part.slice(equals + 1)));
    byName.set(name, values);
  }
  return Object.fromEntries(byName);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new AppError(
      "bad_parameter",
      `expected percent-encoded UTF-8 in the URL, found ${quoted(text)}; a % itself is written %25`,
    );
  }
}
