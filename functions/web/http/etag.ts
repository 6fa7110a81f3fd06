// Answers that a client may have already: an ETag for bytes, and 304 to those who name it (RFC 9110, 13.1.2).

import { createHash } from "node:crypto";
import type { Context } from "hono";

/** The ETag of bytes, quoted. */
export function etagOf(bytes: Uint8Array): string {
  return `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`;
}

/**
 * Bytes with their ETag, or 304 where the client has them. With 304 come all headers but the type: a cache takes them over,
 * and without its policy a page would be under another one from then on.
 */
export function conditionalResponse(
  c: Context,
  { bytes, etag }: { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string },
  { "Content-Type": type, ...headers }: Readonly<Record<string, string>>,
): Response {
  if (isKnown(c, etag)) return c.body(null, 304, { ...headers, ETag: etag });
  return c.body(bytes, 200, { ...headers, ...(type === undefined ? {} : { "Content-Type": type }), ETag: etag });
}

function isKnown(c: Context, etag: string): boolean {
  const known = c.req.header("If-None-Match");
  if (known === undefined) return false;
  return known.trim() === "*" || known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** An answer that is the same for everybody: made when it is first asked for, and held once however many read it. */
export function constantResponse(
  make: () => { readonly text: string; readonly headers: Readonly<Record<string, string>> },
) {
  let made: { bytes: Uint8Array<ArrayBuffer>; etag: string; headers: Readonly<Record<string, string>> } | null = null;
  return (c: Context, further: Readonly<Record<string, string>> = {}): Response => {
    if (made === null) {
      const { text, headers } = make();
      const bytes = new Uint8Array(Buffer.from(text));
      made = { bytes, etag: etagOf(bytes), headers };
    }
    return conditionalResponse(c, made, { ...made.headers, ...further });
  };
}
