// Random secrets and ids. The secret of a token is known to its holder only; the store has its hash.

import { createHash, randomBytes } from "node:crypto";

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
