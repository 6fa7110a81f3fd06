// Who asks: the bearer token of a request or the one in a browser's cookie, looked up by its SHA-256, and what it may do
// (docs/api.md#start-and-a-token).

import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../../shared/errors.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Scope, Token } from "../../../shared/run/token.ts";
import { secretHash } from "../../service/secret.ts";
import type { HttpEnv } from "./app.ts";
import { assertSameOrigin, sessionSecret } from "./session.ts";

const BEARER = /^Bearer +([\x21-\x7e]{1,256}) *$/i;

/** Finds tokens. */
export interface TokenLookup {
  /** The token with this SHA-256 of its secret, revoked or not; null when the service has stored none. */
  find(secretHash: string): Promise<Token | null>;
}

/** What tokens are checked with. */
export interface AuthDeps {
  readonly tokens: TokenLookup;
  readonly clock: Clock;
}

/** The secret that a request brings: the header's, whatever else it has, or the cookie's. Throws `unauthorized`, `forbidden`. */
function secretOf(c: Context<HttpEnv>): string {
  const header = c.req.header("Authorization");
  const session = header === undefined ? sessionSecret(c) : null;
  if (session !== null) {
    // Browsers send cookies by themselves, whoever made them ask.
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

/** The token with a secret. Throws `unauthorized` for one that is unknown, was revoked or has expired. */
export async function tokenBy(secret: string, { tokens, clock }: AuthDeps): Promise<Token> {
  const token = await tokens.find(secretHash(secret));
  if (token === null) throw new AppError("unauthorized", "this token is not known here");
  if (token.revoked_at !== null) throw new AppError("unauthorized", `this token was revoked at ${token.revoked_at}`);
  if (token.expires_at !== null && !(Date.parse(token.expires_at) > clock())) {
    throw new AppError("unauthorized", `this token expired at ${token.expires_at}`);
  }
  return token;
}

/** Lets a request through whose token has one of the scopes; `admin` has them all. */
export function allow(deps: AuthDeps, ...scopes: readonly Scope[]): MiddlewareHandler<HttpEnv> {
  return async function allowScopes(c, next) {
    const token = await tokenBy(secretOf(c), deps);
    c.set("token", token);
    if (token.scope !== "admin" && !scopes.includes(token.scope)) {
      const wanted = [...scopes, "admin"].join(" or ");
      throw new AppError("forbidden", `this token has scope ${token.scope}; this needs scope ${wanted}`);
    }
    await next();
  };
}

/** The token that `allow` has let through. */
export function tokenOf(c: Context<HttpEnv>): Token {
  const token = c.get("token");
  if (token === null) throw new Error("a route without allow() asked for its token");
  return token;
}
