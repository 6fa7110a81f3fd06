// Query parameters, checked by a schema: a parameter nobody knows is refused by name, for a misspelt filter would
// otherwise answer another question than the one asked.

import type { Context } from "hono";
import type * as z from "zod";
import { AppError } from "../../../shared/errors.ts";
import type { Issue } from "../../../shared/run/run.ts";
import { quoted } from "../../../shared/run/text.ts";
import { JSON_BODY, MAX_FIELDS, MAX_PARAMETERS, readBody, repeatedKey } from "./body.ts";

/** What any parameter's name looks like; an object's own names such as `__proto__` do not. */
const NAME = /^[a-z][a-z0-9_.-]*$/i;

/**
 * The query: for each name its values, in order. Throws `bad_parameter` for a name that no parameter can have, and for
 * text that is not percent-encoded UTF-8: a lenient reading would store something else than was meant.
 */
function queryOf(c: Context): Record<string, string[]> {
  const { search } = new URL(c.req.url);
  rejectTooMany("parameters", search);
  const byName = new Map<string, string[]>();
  for (const piece of search.slice(1).split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = decoded(equals < 0 ? piece : piece.slice(0, equals));
    if (!NAME.test(name)) throw new AppError("bad_parameter", `unknown parameter ${quoted(name)}`);
    const values = byName.get(name) ?? [];
    values.push(equals < 0 ? "" : decoded(piece.slice(equals + 1)));
    byName.set(name, values);
  }
  return Object.fromEntries(byName);
}

/**
 * Refuses a query with more parameters, or a form with more fields, than any has, before it is taken apart. Throws
 * `bad_parameter` or `bad_body`.
 */
export function rejectTooMany(what: "parameters" | "fields", text: string): void {
  const most = what === "fields" ? MAX_FIELDS : MAX_PARAMETERS;
  let at = -1;
  for (let count = 1; count <= most; count += 1) {
    at = text.indexOf("&", at + 1);
    if (at < 0) return;
  }
  throw new AppError(what === "fields" ? "bad_body" : "bad_parameter", `expected at most ${most} ${what}, found more`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new AppError(
      "bad_parameter",
      `expected percent-encoded UTF-8 in the address, found ${quoted(text)}; a % itself is written %25`,
    );
  }
}

/** Each parameter once, as text. Throws `bad_parameter` for one given twice. */
export function singleParameters(c: Context): Record<string, string> {
  return Object.fromEntries(
    Object.entries(queryOf(c)).map(([name, values]) => {
      if (values.length > 1) {
        throw new AppError("bad_parameter", `${quoted(name)} is given ${values.length} times; expected once`);
      }
      return [name, values[0] ?? ""];
    }),
  );
}

/** The query by a schema whose values are lists of texts. Throws `bad_parameter` with one issue for each fault. */
export function queryBy<T extends z.ZodType>(c: Context, schema: T): z.output<T> {
  return checked(schema, queryOf(c), "bad_parameter");
}

/** A JSON body of at most 64 KiB by a schema. Throws `bad_body`, and what `readBody` throws. */
export async function bodyBy<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  const { text } = await readBody(c.req.raw, JSON_BODY);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AppError("bad_body", "the body is not JSON");
  }
  const twice = repeatedKey(text);
  if (twice !== null) {
    const fault = `key ${quoted(twice)} is given twice in one object; expected once`;
    const issue: Issue = { line: 0, column: 0, field: twice.slice(0, 255), code: "bad_body", text: fault, raw: "" };
    throw new AppError("bad_body", fault, { issues: [issue] });
  }
  return checked(schema, body, "bad_body");
}

/** Enough to mend a request by; a list in a body can have a fault in each of its entries. */
const MAX_FAULTS = 100;

/** A value by a schema. Throws `code` with one issue for each fault, of the first hundred. */
export function checked<T extends z.ZodType>(
  schema: T,
  value: unknown,
  code: "bad_parameter" | "bad_body",
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, MAX_FAULTS).map((issue): Issue => {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const field = unknown ?? issue.path[0]?.toString() ?? null;
    const text =
      unknown === undefined
        ? [field, issue.message + foundAt(value, field)].filter((part) => part !== null).join(": ")
        : `unknown ${code === "bad_body" ? "key" : "parameter"} ${quoted(unknown)}`;
    return { line: 0, column: 0, field, code, text, raw: "" };
  });
  throw new AppError(code, issues[0]?.text ?? "not understood", { issues });
}

/** What was found, for a message: the values of a parameter or the text in a body; nothing where there is none. */
function foundAt(value: unknown, field: string | null): string {
  if (field === null || typeof value !== "object" || value === null) return "";
  const found: unknown = new Map<string, unknown>(Object.entries(value)).get(field);
  const texts = (Array.isArray(found) ? found : [found]).filter((text) => typeof text === "string");
  return texts.length === 0 ? "" : `, found ${texts.map(quoted).slice(0, 3).join(", ")}`;
}

/** Ids as this service makes them: hexadecimal digits, or groups of them with hyphens. */
const ID = /^[\w-]{1,64}$/;

/** The id in the path. Throws `not_found` for text that is no id of anything, which no store needs to be asked about. */
export function idOf(c: Context, what: string): string {
  const id = c.req.param("id") ?? "";
  if (!ID.test(id)) throw new AppError("not_found", `this fleet has no ${what} with that id`);
  return id;
}
