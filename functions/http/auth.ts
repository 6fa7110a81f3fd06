// Who asks: the bearer token of a request, looked up by its SHA-256, and what it may do (contract, Tokens).

import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { Scope, Token } from "../../shared/model/token.ts";
import type { Clock, TokenStore } from "../../shared/ports.ts";
import type { HttpEnv } from "./http-env.ts";
import { secretHash } from "./secret.ts";

const BEARER = /^Bearer +([\x21-\x7e]{1,256}) *$/i;

async function authenticate(c: Context<HttpEnv>, tokens: TokenStore, clock: Clock): Promise<Token> {
  const header = c.req.header("Authorization");
  if (header === undefined) {
    throw new AppError("unauthorized", 'no token: send the header "Authorization: Bearer TOKEN"');
  }
  const secret = BEARER.exec(header)?.[1];
  if (secret === undefined) throw new AppError("unauthorized", 'the Authorization header is not "Bearer TOKEN"');
  const token = await tokens.find(secretHash(secret));
  if (token === null) throw new AppError("unauthorized", "this token is not known here; it may have been ended");
  if (token.expires_at !== null && Date.parse(token.expires_at) <= clock()) {
    throw new AppError("unauthorized", `this token expired at ${token.expires_at}`);
  }
  return token;
}

/** Lets a request through whose token has one of the scopes; `admin` has them all. */
export function allow(
  deps: { tokens: TokenStore; clock: Clock },
  ...scopes: readonly Scope[]
): MiddlewareHandler<HttpEnv> {
  return async function allowScopes(c, next) {
    const token = await authenticate(c, deps.tokens, deps.clock);
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
