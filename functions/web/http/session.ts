// Sessions of browsers: the user signs in with a token, and the browser keeps it in a cookie until it is closed
// (docs/api.md#start-and-a-token). The cookie holds the token itself: there is no session to store, and revoking the token signs
// every browser out. No script can read the cookie, and no other site can make the browser send it.

import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { AppError } from "../../../shared/errors.ts";

/** The secret in the cookie; null without one. */
export function sessionSecret(c: Context): string | null {
  return getCookie(c, NAME, optionsOf(c).prefix) || null;
}

/** Sets a cookie with the secret of a token. */
export function startSession(c: Context, secret: string): void {
  setCookie(c, NAME, secret, optionsOf(c));
}

/** Deletes the cookie. */
export function endSession(c: Context): void {
  deleteCookie(c, NAME, optionsOf(c));
}

/**
 * The guard against CSRF: throws `forbidden` unless one of our own pages sent the request. Browsers state this in
 * Sec-Fetch-Site, whatever name the service is reached by; over plain HTTP they omit it, and then Origin must name the host
 * of the request.
 */
export function assertSameOrigin(c: Context): void {
  const site = c.req.header("Sec-Fetch-Site");
  const isSameOrigin =
    site === undefined ? hostOf(c.req.header("Origin")) === new URL(c.req.url).host : site === "same-origin";
  if (!isSameOrigin) throw new AppError("forbidden", "cross-site request rejected");
}

/** The host of an origin; null for `null`, a missing origin, and text that is not one. */
function hostOf(origin: string | undefined): string | null {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).host : null;
}

const NAME = "vbdstat";

/** Over HTTPS the name has a prefix: browsers then reject a cookie set by a neighboring domain or over HTTP. */
function optionsOf(c: Context): CookieOptions {
  const common = { httpOnly: true, sameSite: "Strict", path: "/" } as const;
  return isHttps(c) ? { ...common, prefix: "host", secure: true } : common;
}

/** Whether the browser uses HTTPS, to us or to a proxy before us. A client that lies about it only harms its own cookie. */
function isHttps(c: Context): boolean {
  return new URL(c.req.url).protocol === "https:" || c.req.header("X-Forwarded-Proto")?.split(",")[0] === "https";
}
