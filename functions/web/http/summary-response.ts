// Requests for summaries: the query by the schema of the kind, and the result as a response in the format that was requested.

import type { Context } from "hono";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions } from "../../../shared/report/model.ts";
import type { TextFormat } from "../../../shared/summaries/formats.ts";
import type { RawText, SummaryKind } from "../../../shared/summaries/kind.ts";
import { documentPolicy } from "./csp.ts";
import { parseQuery } from "./parameters.ts";

/** The Content-Type of each format of a summary. */
export const CONTENT_TYPES: Readonly<Record<TextFormat, string>> = {
  json: "application/json",
  csv: "text/csv; charset=utf-8; header=present",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml; charset=utf-8",
};

type RenderParameters = Pick<RenderOptions, "width" | "theme">;

/** The query of a request for a kind of summary, and how to render the result. Throws `bad_parameter`. */
export async function kindQuery(
  c: Context,
  { query: schema }: Pick<SummaryKind, "query">,
): Promise<{ readonly query: Record<string, unknown>; readonly options: RenderParameters }> {
  const { endpointQuery } = await import("../../../shared/summaries/parameters.ts");
  // Sound: endpointQuery adds these two to the schema.
  const { width, theme, ...query } = parseQuery(c, endpointQuery(schema)) as RenderParameters & Record<string, unknown>;
  return { query, options: { width, theme } };
}

/**
 * The response. A page of a list names the next one in `Link`, since not every format has a place for its cursor. No other
 * site may frame it.
 */
export async function summaryResponse(
  c: Context,
  format: TextFormat,
  kind: SummaryKind,
  result: unknown,
  { width, theme }: RenderParameters,
): Promise<Response> {
  if (format === "txt" && kind.raw !== undefined) return rawResponse(c, kind.raw(result));
  const next = nextPage(c, result);
  if (next !== null) c.header("Link", `<${next}>; rel="next"`);
  const body = await renderBody(format, kind, result, { ...DEFAULT_RENDER_OPTIONS, width, theme });
  if (format === "html" || format === "svg") {
    c.header("Content-Security-Policy", documentPolicy(body, "nowhere"));
    c.header("Referrer-Policy", "no-referrer");
  }
  return c.body(body, 200, { "Content-Type": CONTENT_TYPES[format] });
}

/** JSON needs nothing that renders the other formats, which is loaded when the first of them is requested. */
async function renderBody(
  format: TextFormat,
  kind: SummaryKind,
  result: unknown,
  options: RenderOptions,
): Promise<string> {
  if (format === "json") return JSON.stringify(result);
  const { rendered } = await import("../../../shared/summaries/documents.ts");
  return rendered(format, kind, result, options);
}

/** Text as it was received: the same bytes, in the encoding they came in. */
function rawResponse(c: Context, { text, encoding }: RawText): Response {
  if (encoding === "utf-8") return c.text(text);
  const bytes = new Uint8Array(Buffer.from(text, "latin1"));
  return c.body(bytes, 200, { "Content-Type": "text/plain; charset=ISO-8859-1" });
}

/** The path and query of the next page; null if there is none. */
function nextPage(c: Context, result: unknown): string | null {
  if (typeof result !== "object" || result === null || !("cursor" in result)) return null;
  if (typeof result.cursor !== "string") return null;
  const url = new URL(c.req.url);
  url.searchParams.set("cursor", result.cursor);
  return url.pathname + url.search;
}
