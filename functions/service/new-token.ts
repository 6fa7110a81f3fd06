import { randomUUID } from "node:crypto";
import type * as z from "zod";
import type { newToken } from "../../shared/api/token-requests.ts";
import { AppError } from "../../shared/errors.ts";
import type { Clock } from "../../shared/run/periods.ts";
import { quoted } from "../../shared/run/text.ts";
import type { Token } from "../../shared/run/token.ts";

/** The token that a request asks for, of `ownFleet` unless it names another. Throws `bad_body` for hosts it cannot have, and for an end that has passed. */
export function tokenAskedFor(request: z.output<typeof newToken>, ownFleet: string, clock: Clock): Token {
  const { scope, fleet = ownFleet, hosts, expires_at, label } = request;
  if (hosts !== undefined && hosts !== null && scope !== "ingest") {
    throw new AppError("bad_body", `hosts: only an ingest token has a host pattern, this one is ${scope}`);
  }
  if (typeof expires_at === "string" && Date.parse(expires_at) <= clock()) {
    throw new AppError("bad_body", `expires_at: expected a time to come, found ${quoted(expires_at)}`);
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
