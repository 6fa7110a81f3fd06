// Validation of requests by zod schemas: a value in, the parsed value or an error with one issue for each problem out.

import type * as z from "zod";
import { plainWords } from "../../shared/api/plain-words.ts";
import { AppError } from "../../shared/errors.ts";
import type { Issue } from "../../shared/run/run.ts";
import { quoted } from "../../shared/run/text.ts";
import type { SummaryKind } from "../../shared/summaries/kind.ts";

/** Enough to correct a request by; a list in a body can have an error in each of its entries. */
const MAX_ISSUES = 100;

/** Parses a value. Throws `code` with one issue for each problem, up to a hundred. */
export function validate<T extends z.ZodType>(
  schema: T,
  value: unknown,
  code: "bad_parameter" | "bad_body",
): z.output<T> {
  const parsed = schema.safeParse(value, { error: plainWords });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, MAX_ISSUES).map((issue): Issue => {
    const unknown = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    const field = unknown ?? issue.path[0]?.toString() ?? null;
    const text =
      unknown === undefined
        ? [field, issue.message + foundText(value, field)].filter((part) => part !== null).join(": ")
        : `unknown ${code === "bad_body" ? "key" : "parameter"} ${quoted(unknown)}`;
    return { line: 0, column: 0, field, code, text, raw: "" };
  });
  throw new AppError(code, issues[0]?.text ?? "invalid", { issues });
}

/** Computes a summary for a query as it was sent. Throws `bad_parameter` for one that is not valid, and what the kind throws. */
export function computeSummary<Query extends z.ZodObject, Result, Source>(
  kind: SummaryKind<Query, Result, Source>,
  source: Source,
  query: unknown,
): Promise<Result> {
  return kind.compute(source, validate(kind.query, query, "bad_parameter"));
}

/** What was found in a field, for a message: up to three texts of a parameter, and the kind of any other value. */
function foundText(value: unknown, field: string | null): string {
  const found: unknown = field === null || !isObject(value) ? value : new Map(Object.entries(value)).get(field);
  const texts = (Array.isArray(found) ? found : [found]).filter((text) => typeof text === "string");
  return `, found ${texts.length > 0 ? texts.map(quoted).slice(0, 3).join(", ") : kindOf(found)}`;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return isObject(value) ? "an object" : String(value);
}
