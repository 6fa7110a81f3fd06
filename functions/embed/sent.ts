import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { conditionalAnswer, etagOf } from "../web/http/etag.ts";
import { contentPolicy } from "../web/http/csp.ts";
import { CONTENT_TYPES } from "../web/http/summary-response.ts";
import type { DocumentFormat } from "../service/renderer.ts";

/** A document of a share, with what its answers say about it. */
export interface SentDocument {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Text or bytes in memory of their own, which an answer can send without another copy. */
export function encoded(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof content === "string" ? Buffer.from(content) : content);
}

/** A document as it is sent; a page or picture may be framed by anybody, and may itself load and run nothing. */
export function sentDocument(format: DocumentFormat, bytes: Uint8Array<ArrayBuffer>): SentDocument {
  return { bytes, etag: etagOf(bytes), headers: headersOf(format, bytes) };
}

/** The answer with a document, or 304 to those who have it. */
export function sent(c: Context, { headers, ...document }: SentDocument): Response {
  return conditionalAnswer(c, document, headers);
}

/** A document that is a refusal. */
export function documentAnswer(
  c: Context,
  format: DocumentFormat,
  bytes: Uint8Array<ArrayBuffer>,
  status: ContentfulStatusCode,
): Response {
  return c.body(bytes, status, headersOf(format, bytes));
}

function headersOf(format: DocumentFormat, bytes: Uint8Array): Record<string, string> {
  const isMarkup = format === "html" || format === "svg";
  return {
    "Content-Type": format === "png" ? "image/png" : CONTENT_TYPES[format],
    "Content-Security-Policy": contentPolicy(isMarkup ? new TextDecoder().decode(bytes) : "", "anywhere"),
    "Referrer-Policy": "no-referrer",
    // Whoever finds the address sees the share, so it belongs into no index.
    "X-Robots-Tag": "noindex",
  };
}
