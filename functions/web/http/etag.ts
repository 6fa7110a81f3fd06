// Conditional requests (RFC 9110, 13.1.2): bytes with an ETag, and 304 for a client that has them already.

import { createHash } from "node:crypto";
import type { Context } from "hono";

/** The ETag of bytes, in quotes. */
export function computeEtag(bytes: Uint8Array): string {
  return `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`;
}

/**
 * Bytes with their ETag, or 304 where the client has them. A 304 carries all headers but the type: a cache updates its stored
 * response with them, and a missing Content-Security-Policy would change the policy of the page.
 */
export function conditionalResponse(
  c: Context,
  { bytes, etag }: { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string },
  { "Content-Type": type, ...headers }: Readonly<Record<string, string>>,
): Response {
  if (matchesEtag(c, etag)) return c.body(null, 304, { ...headers, ETag: etag });
  return c.body(bytes, 200, { ...headers, ...(type === undefined ? {} : { "Content-Type": type }), ETag: etag });
}

function matchesEtag(c: Context, etag: string): boolean {
  const tags = c.req.header("If-None-Match");
  if (tags === undefined) return false;
  return tags.trim() === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** A response that is the same for every request: built on the first one, and held in memory. */
export function constantResponse(
  make: () => { readonly text: string; readonly headers: Readonly<Record<string, string>> },
) {
  let made: { bytes: Uint8Array<ArrayBuffer>; etag: string; headers: Readonly<Record<string, string>> } | null = null;
  return (c: Context, further: Readonly<Record<string, string>> = {}): Response => {
    if (made === null) {
      const { text, headers } = make();
      const bytes = new Uint8Array(Buffer.from(text));
      made = { bytes, etag: computeEtag(bytes), headers };
    }
    return conditionalResponse(c, made, { ...made.headers, ...further });
  };
}
