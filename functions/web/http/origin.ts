// The origin of links in responses: the operator's setting, or the host of the request.

import type { Context } from "hono";
import { AppError } from "../../../shared/errors.ts";

/** A host name or address with a port that is safe in HTML, Markdown and a shell command; a URL allows more. */
const HOST = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

/**
 * The origin of links in a response: the operator's setting, or the host of the request, which is never stored. Throws
 * `bad_parameter` for a Host header that is not a host.
 */
export function findOrigin(c: Context, publicUrl: string | null): string {
  const origin = requestOrigin(c, publicUrl);
  if (origin !== null) return origin;
  throw new AppError("bad_parameter", "the Host header of this request is not a host name");
}

/** The same; null for a Host header that is not a host. */
export function requestOrigin(c: Context, publicUrl: string | null): string | null {
  if (publicUrl !== null) return publicUrl;
  const { origin, host } = new URL(c.req.url);
  return HOST.test(host) ? origin : null;
}
