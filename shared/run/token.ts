// Tokens: who may do what in which fleet (docs/api.md#start-and-a-token).

export const SCOPES = ["ingest", "read", "admin"] as const;

export type Scope = (typeof SCOPES)[number];

/** A token as it is stored: everything but the secret, of which only the SHA-256 exists on the server. */
export interface Token {
  readonly id: string;
  readonly fleet: string;
  readonly scope: Scope;
  /** True for the first admin token and others like it: they may make tokens for any fleet, and only they revoke each other. */
  readonly root: boolean;
  /** Which hosts an ingest token may post for, `*` matching any characters; null means all. */
  readonly hosts: string | null;
  /** ISO 8601 UTC, or null for no end. */
  readonly expires_at: string | null;
  readonly label: string | null;
  readonly created_at: string;
  /** Since when it opens nothing any more, ISO 8601 UTC; null while it does. It is never null again. */
  readonly revoked_at: string | null;
}

/** A token and the key that it is stored under. */
export interface StoredToken {
  /** SHA-256 of its secret. */
  readonly secretHash: string;
  readonly token: Token;
  /** False if the item was written or changed by anything but the service: it then grants nothing, whatever it contains. */
  readonly isGenuine: boolean;
}

/** What was stored with a token. */
export interface TokenUse {
  readonly bytes: number;
  readonly runs: number;
}

/** Fleet names: 1 to 63 letters, digits and `.` `_` `-`, of which none is first or last. */
export const FLEET_PATTERN = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;

/**
 * Whether `host` matches `pattern`, both in NFC, where `*` stands for any characters, also none, and all else for itself.
 * Takes time proportional to the product of the lengths at worst, whatever the pattern.
 */
export function hostMatches(pattern: string | null, host: string): boolean {
  if (pattern === null) return true;
  return matches(pattern.normalize("NFC"), host.normalize("NFC"));
}

function matches(pattern: string, host: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return host === first;
  const last = parts.at(-1) ?? "";
  if (!host.startsWith(first) || !host.endsWith(last) || host.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = host.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= host.length - last.length;
}
