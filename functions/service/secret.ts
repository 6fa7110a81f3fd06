// The secret of a token: made here, known to its holder only, stored as a hash.

import { createHash, randomBytes } from "node:crypto";

/** A secret with 256 bits of chance and a prefix by which a leaked one can be recognised. */
export function makeSecret(): string {
  return `vbd_${randomBytes(32).toString("base64url")}`;
}

/** The id of a share, 128 bits of chance: who knows it sees the share. */
export function makeShareId(): string {
  return randomBytes(16).toString("hex");
}

/** The hash under which a secret is stored: SHA-256 in hexadecimal digits. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
