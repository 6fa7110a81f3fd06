// A refusal as an answer: one envelope in JSON, or two lines of text for a shell, followed by a line for each issue. For people
// some apps have pages instead (`ErrorPage` in app.ts).

import type { Context } from "hono";
import type { AppError } from "../../../shared/errors.ts";
import type { Issue } from "../../../shared/run/run.ts";
import { printable } from "../../../shared/run/text.ts";
import type { HttpEnv } from "./app.ts";
import { wantsText } from "./formats.ts";

/** The message of a refusal, which programs and shells get as it is, as a sentence. */
export function sentence(message: string): string {
  const text = printable(message);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}

/** One line of text for an issue, e.g. `line 2, column 4, put_block: expected a rate, found "12x" [bad_number]`. */
export function issueLine(issue: Pick<Issue, "line" | "column" | "field" | "code" | "text">): string {
  const place = issue.line === 0 ? "parameters" : `line ${issue.line}, column ${issue.column}`;
  const field = issue.field === null ? "" : `, ${issue.field}`;
  return printable(`${place}${field}: ${issue.text} [${issue.code}]`);
}

/** Seconds a client should wait before it tries again, where the refusal does not say. */
const RETRY_AFTER: Partial<Record<AppError["code"], number>> = { slow_down: 5, unavailable: 10 };

/** Gives the answer the headers of a refusal, whatever its body will be. */
export function setErrorHeaders(c: Context<HttpEnv>, { code, status, retryAfterS }: AppError): void {
  const retryAfter = retryAfterS ?? RETRY_AFTER[code];
  if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
  if (status === 401) c.header("WWW-Authenticate", 'Bearer realm="vbdstat"');
  c.header("Cache-Control", "no-store");
}

/** The refusal as JSON, or as text where the request wants that (`wantsText`), with its status and headers. */
export function errorResponse(c: Context<HttpEnv>, error: AppError): Response {
  const { code, message, issues } = error;
  const requestId = c.get("requestId");
  const docs = `/docs#${code}`;
  setErrorHeaders(c, error);
  if (wantsText(c)) {
    const lines = [
      `error ${code}: ${printable(message)}`,
      `see ${docs}, request ${requestId}`,
      ...issues.map(issueLine),
    ];
    return c.text(`${lines.join("\n")}\n`, error.status);
  }
  const listed = issues.map(({ line, column, field, code: issueCode, text }) => ({
    line,
    column,
    field,
    code: issueCode,
    text,
  }));
  return c.json(
    { error: { code, message, docs, request_id: requestId, ...(listed.length > 0 ? { issues: listed } : {}) } },
    error.status,
  );
}
