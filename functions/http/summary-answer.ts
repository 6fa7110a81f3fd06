// A summary as an answer, in whatever format was asked for.

import { createHash } from "node:crypto";
import type { Context } from "hono";
import { REPORT_STYLE } from "../../shared/render/html-style.ts";
import { rendered, type TextFormat } from "../../shared/render/rendered.ts";
import { DEFAULT_LOOK, type Look, type Summary } from "../../shared/report/summary.ts";

/** The Content-Type of each format of a summary. */
export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8; header=present",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml; charset=utf-8",
};

const hashOf = (style: string) => `'sha256-${createHash("sha256").update(style).digest("base64")}'`;

/** What a page or picture made here may do: use its own style sheet, known by its hash, and show pictures it holds itself. */
const SUMMARY_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(REPORT_STYLE)}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * The answer. A page of a list names the next one in `Link`, since not every format has a place for its cursor. No other
 * site may frame it.
 */
export function summaryAnswer(
  c: Context,
  format: TextFormat,
  summary: Summary,
  { width, theme }: Pick<Look, "width" | "theme">,
): Response {
  const next = nextPage(c, summary);
  if (next !== null) c.header("Link", `<${next}>; rel="next"`);
  if (format === "html" || format === "svg") {
    c.header("Content-Security-Policy", `${SUMMARY_POLICY}; frame-ancestors 'none'`);
    c.header("Referrer-Policy", "no-referrer");
  }
  const body = rendered(format, summary, { ...DEFAULT_LOOK, width, theme });
  return c.body(body, 200, { "Content-Type": CONTENT_TYPES[format] });
}

/** The address of the next page, from the root; null where this is all. */
function nextPage(c: Context, { answer }: Summary): string | null {
  if (!("cursor" in answer) || answer.cursor === null) return null;
  const url = new URL(c.req.url);
  url.searchParams.set("cursor", answer.cursor);
  return url.pathname + url.search;
}
