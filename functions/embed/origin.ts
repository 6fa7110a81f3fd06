import type { Context } from "hono";
import { AppError } from "../../shared/errors.ts";

/** A name or address with a port, as it may stand in HTML, Markdown and a shell's command; an URL allows more. */
const HOST = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

/**
 * The origin of links in an answer: the one the operator has set, else that of the request, which is never stored. Throws
 * `bad_parameter` for a Host header that is no host.
 */
export function originOf(c: Context, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  const { origin, host } = new URL(c.req.url);
  if (HOST.test(host)) return origin;
  throw new AppError("bad_parameter", "the Host header of this request is not the name of a host");
}
