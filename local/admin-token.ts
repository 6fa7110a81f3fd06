// The first admin token of a machine: made once, printed once, kept in a file that only its owner can read.

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { secretHash } from "../functions/http/auth.ts";
import { makeSecret } from "../functions/ingest/token-routes.ts";
import type { Clock, TokenStore } from "../shared/ports.ts";

/** The fleet of the first admin token. */
const FIRST_FLEET = "default";

/** The secret, and whether it was made just now and must be shown. */
export interface AdminToken {
  readonly secret: string;
  readonly isNew: boolean;
}

/** Makes sure that the first admin token exists: `given` if set, else the one in `file`, else a new one. */
export async function ensureAdminToken(
  tokens: TokenStore,
  file: string,
  given: string | null,
  clock: Clock,
): Promise<AdminToken> {
  const kept = given ?? (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  const isNew = kept === "";
  const secret = isNew ? makeSecret() : kept;
  const hash = secretHash(secret);
  if ((await tokens.find(hash)) === null) {
    const token = {
      id: randomUUID(),
      fleet: FIRST_FLEET,
      scope: "admin" as const,
      root: true,
      hosts: null,
      expires_at: null,
      label: "first admin token",
      created_at: new Date(clock()).toISOString(),
    };
    await tokens.add(token, hash);
  }
  // Written last: a file whose token the table does not know would be mended by the next start, as above.
  if (isNew) writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return { secret, isNew };
}
