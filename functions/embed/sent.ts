import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { contentPolicy } from "../http/content-policy.ts";
import { CONTENT_TYPES } from "../http/summary-answer.ts";
import type { DocumentFormat } from "./renderer.ts";

/** A document of a share as an answer; a page or picture may be framed by anybody, and may itself load and run nothing. */
export function sent(
  c: Context,
  format: DocumentFormat,
  bytes: Uint8Array,
  status: ContentfulStatusCode = 200,
): Response {
  const isMarkup = format === "html" || format === "svg";
  return c.body(new Uint8Array(bytes), status, {
    "Content-Type": format === "png" ? "image/png" : CONTENT_TYPES[format],
    "Content-Security-Policy": contentPolicy(isMarkup ? new TextDecoder().decode(bytes) : "", "anywhere"),
    "Referrer-Policy": "no-referrer",
    // Whoever finds the address sees the share, so it belongs into no index.
    "X-Robots-Tag": "noindex",
  });
}
