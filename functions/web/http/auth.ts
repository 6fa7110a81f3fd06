// Authentication and authorization: the bearer token of a request, or the one in a browser's cookie, is looked up by its
// SHA-256 and checked for its scope (docs/api.md#start-and-a-token). Also the sessions of browsers, which are such cookies.

import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";
import { AppError } from "../../../shared/errors.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Scope, Token } from "../../../shared/run/token.ts";
import { secretHash } from "../../service/tokens.ts";
import type { HttpEnv } from "./app.ts";

/** Finds tokens. */
export interface TokenLookup {
  /** The token with this SHA-256 of its secret, revoked or not; null when the service has stored none. */
  find(secretHash: string): Promise<Token | null>;
}

/** What checking a token needs. */
export interface AuthDeps {
  readonly tokens: TokenLookup;
  readonly clock: Clock;
}

/**
 * Lets a request pass whose token has one of the scopes, or scope `admin`, and puts the token in the context. Throws
 * `unauthorized` and `forbidden`.
 */
export function allow(deps: AuthDeps, ...scopes: readonly Scope[]): MiddlewareHandler<HttpEnv> {
  return async function allowScopes(c, next) {
    const token = await findToken(readSecret(c), deps);
    c.set("token", token);
    if (token.scope !== "admin" && !scopes.includes(token.scope)) {
      const wanted = [...new Set<Scope>([...scopes, "admin"])].join(" or ");
      throw new AppError("forbidden", `this token has scope ${token.scope}; scope ${wanted} is required`);
    }
    await next();
  };
}

/** The token that `allow` has let pass. */
export function currentToken(c: Context<HttpEnv>): Token {
  const token = c.get("token");
  if (token === null) throw new Error("a route without allow() asked for its token");
  return token;
}

/** The token with a secret. Throws `unauthorized` for a token that is unknown, revoked or expired. */
export async function findToken(secret: string, { tokens, clock }: AuthDeps): Promise<Token> {
  const token = await tokens.find(secretHash(secret));
  if (token === null) throw new AppError("unauthorized", "unknown or revoked token");
  if (token.revoked_at !== null) throw new AppError("unauthorized", `this token was revoked at ${token.revoked_at}`);
  if (token.expires_at !== null && !(Date.parse(token.expires_at) > clock())) {
    throw new AppError("unauthorized", `this token expired at ${token.expires_at}`);
  }
  return token;
}

const BEARER = /^Bearer +([\x21-\x7e]{1,256}) *$/i;

/** The secret of a request, from its Authorization header or, without one, from the cookie. Throws `unauthorized`, `forbidden`. */
function readSecret(c: Context<HttpEnv>): string {
  const header = c.req.header("Authorization");
  const session = header === undefined ? sessionSecret(c) : null;
  if (session !== null) {
    // Browsers send the cookie with every request, even one that another site caused.
    if (c.req.method !== "GET" && c.req.method !== "HEAD") assertSameOrigin(c);
    return session;
  }
  if (header === undefined) {
    throw new AppError("unauthorized", 'no token: send the header "Authorization: Bearer TOKEN"');
  }
  const secret = BEARER.exec(header)?.[1];
  if (secret === undefined) throw new AppError("unauthorized", 'the Authorization header is not "Bearer TOKEN"');
  return secret;
}

// Sessions of browsers: the user signs in with a token, and the browser keeps it in a cookie until it is closed
// (docs/api.md#start-and-a-token). The cookie holds the token itself: there is no session to store, and revoking the token signs
// every browser out. No script can read the cookie, and no other site can make the browser send it.

/** The secret in the cookie; null without one. */
export function sessionSecret(c: Context): string | null {
  return getCookie(c, NAME, cookieOptions(c).prefix) || null;
}

/** Sets a cookie with the secret of a token. */
export function startSession(c: Context, secret: string): void {
  setCookie(c, NAME, secret, cookieOptions(c));
}

/** Deletes the cookie. */
export function endSession(c: Context): void {
  deleteCookie(c, NAME, cookieOptions(c));
}

/**
 * The guard against CSRF: throws `forbidden` unless one of our own pages sent the request. Browsers state this in
 * Sec-Fetch-Site, whatever name the service is reached by; over plain HTTP they omit it, and then Origin must name the host
 * of the request.
 */
export function assertSameOrigin(c: Context): void {
  const site = c.req.header("Sec-Fetch-Site");
  const isSameOrigin =
    site === undefined ? originHost(c.req.header("Origin")) === new URL(c.req.url).host : site === "same-origin";
  if (!isSameOrigin) throw new AppError("forbidden", "cross-site request rejected");
}

/** The host of an origin; null for `null`, a missing origin, and text that is not one. */
function originHost(origin: string | undefined): string | null {
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).host : null;
}

const NAME = "vbdstat";

/** Over HTTPS the name has a prefix: browsers then reject a cookie set by a neighboring domain or over HTTP. */
function cookieOptions(c: Context): CookieOptions {
  const common = { httpOnly: true, sameSite: "Strict", path: "/" } as const;
  return isHttps(c) ? { ...common, prefix: "host", secure: true } : common;
}

/** Whether the browser uses HTTPS, to us or to a proxy before us. A client that lies about it only harms its own cookie. */
function isHttps(c: Context): boolean {
  return new URL(c.req.url).protocol === "https:" || c.req.header("X-Forwarded-Proto")?.split(",")[0] === "https";
}
