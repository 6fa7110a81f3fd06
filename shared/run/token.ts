// Tokens: each has one scope in one fleet, and an ingest token may be restricted to some hosts
// (docs/api.md#start-and-a-token).

export const SCOPES = ["ingest", "read", "admin"] as const;

export type Scope = (typeof SCOPES)[number];

/** A token as it is stored: everything but the secret, of which only the SHA-256 exists on the server. */
export interface Token {
  readonly id: string;
  readonly fleet: string;
  readonly scope: Scope;
  /** True for the first admin token and others like it: they create tokens for any fleet, and only they revoke each other. */
  readonly root: boolean;
  /** The hosts that an ingest token may post for, `*` matching any characters; null means all. */
  readonly hosts: string | null;
  /** ISO 8601 UTC; null for a token that does not expire. */
  readonly expires_at: string | null;
  readonly label: string | null;
  readonly created_at: string;
  /** When it was revoked, ISO 8601 UTC; null if it was not. A token is never restored. */
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

/** Fleet names: 1 to 63 letters, digits and `.` `_` `-`, with a letter or digit first and last. */
export const FLEET_PATTERN = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;

/**
 * Whether `host` matches `pattern`, both in NFC: `*` matches any number of any characters, every other character itself. A
 * null pattern matches every host. Takes at most time proportional to the product of the lengths.
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
