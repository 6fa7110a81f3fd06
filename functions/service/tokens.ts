// Making tokens: those that an admin requests, and the root tokens of an operator, of which the first admin token is one. In:
// what the token is for. Out: the token; its secret, 256 random bits, is stored as a hash only.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import type * as z from "zod";
import type { newToken } from "../../shared/api/token-requests.ts";
import { AppError } from "../../shared/errors.ts";
import type { Clock } from "../../shared/run/periods.ts";
import { quoted } from "../../shared/run/text.ts";
import type { StoredToken, Token } from "../../shared/run/token.ts";

/** A new token, of `ownFleet` unless the request names another. Throws `bad_body` for a host pattern with another scope than `ingest`, and for an expiry in the past. */
export function makeToken(request: z.output<typeof newToken>, ownFleet: string, clock: Clock): Token {
  const { scope, fleet = ownFleet, hosts, expires_at, label } = request;
  if (hosts !== undefined && hosts !== null && scope !== "ingest") {
    throw new AppError("bad_body", `only an ingest token has a host pattern, this one is ${scope}`, { field: "hosts" });
  }
  if (typeof expires_at === "string" && Date.parse(expires_at) <= clock()) {
    throw new AppError("bad_body", `must be in the future, found ${quoted(expires_at)}`, { field: "expires_at" });
  }
  return {
    id: randomUUID(),
    fleet,
    scope,
    root: false,
    hosts: hosts ?? null,
    expires_at: expires_at === undefined || expires_at === null ? null : new Date(expires_at).toISOString(),
    label: label ?? null,
    created_at: new Date(clock()).toISOString(),
    revoked_at: null,
  };
}

/** A new root token: an admin token of fleet `default` that can create tokens for any fleet. */
export function makeRootToken(clock: Clock, label: string | null, expires_at: string | null = null): Token {
  return {
    id: randomUUID(),
    fleet: "default",
    scope: "admin",
    root: true,
    hosts: null,
    expires_at,
    label,
    created_at: new Date(clock()).toISOString(),
    revoked_at: null,
  };
}

/** Records which token is the first admin token. */
interface FirstAdminRecord {
  /** The SHA-256 of its secret, whether the token was revoked since or not; null when none was ever created. */
  get(): Promise<string | null>;
  set(secretHash: string): Promise<void>;
}

/** The tokens of the table. */
interface Tokens {
  find(secretHash: string): Promise<Token | null>;
  add(token: Token, secretHash: string): Promise<void>;
  list(fleet: string | null): Promise<readonly StoredToken[]>;
  revoke(stored: StoredToken, at: string): Promise<void>;
}

/** What installing the first admin token needs. */
export interface FirstAdminDeps {
  readonly tokens: Tokens;
  readonly firstAdmin: FirstAdminRecord;
  readonly clock: Clock;
}

/** The valid root tokens: genuine, not revoked and not expired. */
export async function validRootTokens({ tokens, clock }: Omit<FirstAdminDeps, "firstAdmin">): Promise<StoredToken[]> {
  return (await tokens.list(null)).filter(
    ({ isGenuine, token: { root, revoked_at, expires_at } }) =>
      isGenuine && root && revoked_at === null && (expires_at === null || Date.parse(expires_at) > clock()),
  );
}

/**
 * Makes the secret with this hash that of the first admin token, and revokes every other root token. The note of the first
 * admin is written last: after an interruption at any point the call can be repeated with the same result, and until then an
 * old root token or the new one is valid. Throws `forbidden` for the secret of a revoked token.
 */
export async function installFirstAdmin(deps: FirstAdminDeps, secretHash: string): Promise<void> {
  const { tokens, firstAdmin, clock } = deps;
  await tokens.add(makeRootToken(clock, "first admin token"), secretHash);
  const at = new Date(clock()).toISOString();
  for (const root of await validRootTokens(deps)) {
    if (root.secretHash !== secretHash) await tokens.revoke(root, at);
  }
  await firstAdmin.set(secretHash);
}

/** A token's secret: 256 random bits, with a prefix by which a leaked one can be recognized. */
export function makeSecret(): string {
  return `vbd_${randomBytes(32).toString("base64url")}`;
}

/** A share's id, 128 random bits: everybody who knows it can see the share. */
export function makeShareId(): string {
  return randomBytes(16).toString("hex");
}

/** The hash under which a secret is stored: SHA-256 in hexadecimal digits. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
