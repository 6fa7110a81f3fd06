// A summary as an answer, in whatever format was asked for.

import type { Context } from "hono";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions, type Summary } from "../../../shared/report/model.ts";
import type { TextFormat } from "../../../shared/summaries/documents.ts";
import { documentPolicy } from "./csp.ts";

/** The Content-Type of each format of a summary. */
export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8; header=present",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml; charset=utf-8",
};

/**
 * The answer. A page of a list names the next one in `Link`, since not every format has a place for its cursor. No other
 * site may frame it.
 */
export async function summaryResponse(
  c: Context,
  format: TextFormat,
  summary: Summary,
  { width, theme }: Pick<RenderOptions, "width" | "theme">,
): Promise<Response> {
  const next = nextPage(c, summary);
  if (next !== null) c.header("Link", `<${next}>; rel="next"`);
  const body = await bodyOf(format, summary, { ...DEFAULT_RENDER_OPTIONS, width, theme });
  if (format === "html" || format === "svg") {
    c.header("Content-Security-Policy", documentPolicy(body, "nowhere"));
    c.header("Referrer-Policy", "no-referrer");
  }
  return c.body(body, 200, { "Content-Type": CONTENT_TYPES[format] });
}

/** JSON needs none of what makes the other formats, which is loaded when the first of them is asked for. */
async function bodyOf(format: TextFormat, summary: Summary, look: RenderOptions): Promise<string> {
  if (format === "json") return JSON.stringify(summary.answer);
  const { rendered } = await import("../../../shared/summaries/documents.ts");
  return rendered(format, summary, look);
}

/** The address of the next page, from the root; null where this is all. */
function nextPage(c: Context, { answer }: Summary): string | null {
  if (!("cursor" in answer) || answer.cursor === null) return null;
  const url = new URL(c.req.url);
  url.searchParams.set("cursor", answer.cursor);
  return url.pathname + url.search;
}
