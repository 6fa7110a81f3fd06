import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/run/periods.ts";
import type { StoredToken, Token } from "../../shared/run/token.ts";

/** A token that makes tokens for any fleet, as the first one does; an admin's of fleet `default`. */
export function rootToken(clock: Clock, label: string | null, expires_at: string | null = null): Token {
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

/** What the first admin token is made with. */
export interface FirstAdminDeps {
  readonly tokens: Tokens;
  readonly firstAdmin: FirstAdminRecord;
  readonly clock: Clock;
}

/** The root tokens that open doors, but for those that have expired. */
export async function liveRoots({ tokens, clock }: Omit<FirstAdminDeps, "firstAdmin">): Promise<StoredToken[]> {
  return (await tokens.list(null)).filter(
    ({ isGenuine, token: { root, revoked_at, expires_at } }) =>
      isGenuine && root && revoked_at === null && (expires_at === null || Date.parse(expires_at) > clock()),
  );
}

/**
 * Makes the secret with this hash that of the first admin token, and revokes every other root token. The note comes last:
 * whatever it breaks off after, doing it again ends the same, and until then an old root token or the new one is valid.
 * Throws `forbidden` for the secret of a revoked token.
 */
export async function installFirstAdmin(deps: FirstAdminDeps, secretHash: string): Promise<void> {
  const { tokens, firstAdmin, clock } = deps;
  await tokens.add(rootToken(clock, "first admin token"), secretHash);
  const at = new Date(clock()).toISOString();
  for (const root of await liveRoots(deps)) if (root.secretHash !== secretHash) await tokens.revoke(root, at);
  await firstAdmin.set(secretHash);
}
