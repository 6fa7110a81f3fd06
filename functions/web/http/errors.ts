// Errors as responses: one JSON envelope for programs, or text for shells, with a line for each issue. Browsers get pages
// instead (`ErrorPage` in app.ts).

import type { Context } from "hono";
import { type Advice, type AppError, errorText, issueText } from "../../../shared/errors.ts";
import { printable } from "../../../shared/run/text.ts";
import type { HttpEnv } from "./app.ts";
import { wantsText } from "./formats.ts";
import { requestOrigin } from "./origin.ts";

/** What a client of the API can do about an error. */
const ADVICE: Advice = {
  no_backend:
    'add ?backend=loop (or phy, blktap2, qdisk ...) to the URL, or a line "# backend: loop" before the results',
};

/** A message as a sentence, for people: with a capital letter and a full stop. */
export function sentence(message: string): string {
  const text = printable(message);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}

/** The error as JSON, or as text where the request wants that (`wantsText`), with its status and headers. */
export function errorResponse(c: Context<HttpEnv>, error: AppError): Response {
  const { code, issues } = error;
  const message = errorText(error, { advice: ADVICE });
  const requestId = c.get("requestId");
  const docs = `${requestOrigin(c, c.get("publicUrl")) ?? ""}/docs#${code}`;
  setErrorHeaders(c, error);
  if (wantsText(c)) {
    const lines = [
      `error ${code}: ${printable(message)}`,
      `see ${docs}, request ${requestId}`,
      ...issues.map(issueText),
    ];
    return c.text(`${lines.join("\n")}\n`, error.status);
  }
  const listed = issues.map(({ line, column, field, code: issueCode, text }) => {
    return { line, column, field, code: issueCode, text };
  });
  return c.json(
    { error: { code, message, docs, request_id: requestId, ...(listed.length > 0 ? { issues: listed } : {}) } },
    error.status,
  );
}

/** Seconds a client should wait before it retries, where the error does not say. */
const RETRY_AFTER: Partial<Record<AppError["code"], number>> = { slow_down: 5, unavailable: 10 };

/** Sets the headers of an error, whatever its body. */
export function setErrorHeaders(c: Context<HttpEnv>, { code, status, details }: AppError): void {
  const retryAfter = details.retryAfterS ?? RETRY_AFTER[code];
  if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
  if (status === 401) c.header("WWW-Authenticate", 'Bearer realm="vbdstat"');
  c.header("Cache-Control", "no-store");
}
