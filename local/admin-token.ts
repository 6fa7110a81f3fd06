// The first admin token of a machine: made once, printed once, kept in a file that only its owner can read.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { makeSecret, secretHash } from "../functions/http/secret.ts";
import { firstAdminToken } from "../functions/ingest/first-admin-token.ts";
import type { Clock, TokenStore } from "../shared/ports.ts";

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
  if ((await tokens.find(hash)) === null) await tokens.add(firstAdminToken(clock), hash);
  // Written last: a file whose token the table does not know would be mended by the next start, as above.
  if (isNew) writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return { secret, isNew };
}
