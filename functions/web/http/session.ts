// Browsers: they sign in with a token and keep it in a cookie (docs/api.md#start-and-a-token). The cookie holds the token itself, so that
// nothing but the token has to be looked up, kept or ended: whoever ends the token has signed every browser out. No script
// can read it and no other site's page can send it along. It is the browser's until it is closed.

import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { AppError } from "../../../shared/errors.ts";

const NAME = "vbdstat";

/** Over HTTPS the name has a prefix with which browsers refuse a cookie that came from a neighbouring name or over HTTP. */
function optionsOf(c: Context): CookieOptions {
  const common = { httpOnly: true, sameSite: "Strict", path: "/" } as const;
  return isHttps(c) ? { ...common, prefix: "host", secure: true } : common;
}

/** Whether the browser came over HTTPS, to us or to what stands before us. Who lies about it harms their own cookie only. */
function isHttps(c: Context): boolean {
  return new URL(c.req.url).protocol === "https:" || c.req.header("X-Forwarded-Proto")?.split(",")[0] === "https";
}

/** The secret in the cookie; null without one. */
export function sessionSecret(c: Context): string | null {
  return getCookie(c, NAME, optionsOf(c).prefix) || null;
}

/** Gives the browser a cookie with the secret of a token. */
export function startSession(c: Context, secret: string): void {
  setCookie(c, NAME, secret, optionsOf(c));
}

/** Takes the cookie from the browser. */
export function endSession(c: Context): void {
  deleteCookie(c, NAME, optionsOf(c));
}

/**
 * Refuses a request that changes something unless one of our own pages sent it. Browsers say so in Sec-Fetch-Site, whatever
 * name we are known by; over plain HTTP they leave it out, and then Origin must name the host that was asked. Throws
 * `forbidden`.
 */
export function assertSameOrigin(c: Context): void {
  const site = c.req.header("Sec-Fetch-Site");
  const isOurs =
    site === undefined ? hostOf(c.req.header("Origin")) === new URL(c.req.url).host : site === "same-origin";
  if (!isOurs) {
    throw new AppError("forbidden", "this was not sent by a page of this service; nothing was done");
  }
}

/** The host of an origin; null for `null`, text that is none, and nothing. */
function hostOf(origin: string | undefined): string | null {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).host : null;
}
