// Query parameters, checked by a schema: a parameter nobody knows is refused by name, for a misspelt filter would
// otherwise answer another question than the one asked.

import type { Context } from "hono";
import * as z from "zod";
import { AppError } from "../../shared/errors.ts";
import type { Issue } from "../../shared/model/issue.ts";
import { quoted } from "../../shared/model/quoted.ts";

/** Each parameter once, as text. Throws `bad_parameter` for one given twice. */
export function singleParameters(c: Context): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [key, values] of Object.entries(c.req.queries())) {
    if (values.length > 1)
      throw new AppError("bad_parameter", `${quoted(key)} is given ${values.length} times; expected once`);
    single[key] = values[0] ?? "";
  }
  return single;
}

/** The query by a schema whose values are lists of texts. Throws `bad_parameter` with one issue for each fault. */
export function queryBy<T extends z.ZodType>(c: Context, schema: T): z.output<T> {
  return checked(schema, c.req.queries(), "bad_parameter");
}

/** A JSON body by a schema. Throws `bad_body`. */
export async function bodyBy<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch {
    throw new AppError("bad_body", "the body is not JSON");
  }
  return checked(schema, body, "bad_body");
}

function checked<T extends z.ZodType>(schema: T, value: unknown, code: "bad_parameter" | "bad_body"): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue): Issue => {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const field = unknown ?? issue.path[0]?.toString() ?? null;
    const text =
      unknown === undefined ? issue.message : `unknown ${code === "bad_body" ? "key" : "parameter"} ${quoted(unknown)}`;
    return {
      line: 0,
      column: 0,
      field,
      code,
      text: field === null || unknown !== undefined ? text : `${field}: ${text}`,
      raw: "",
    };
  });
  throw new AppError(code, issues[0]?.text ?? "not understood", { issues });
}

/** A parameter that may be given once; given twice, the schema sees a list and refuses it. */
export const once = <T extends z.ZodType>(schema: T) =>
  z.preprocess((values) => (Array.isArray(values) && values.length === 1 ? values[0] : values), schema);
