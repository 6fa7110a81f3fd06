// Tokens: admins create, list and revoke them (docs/api.md#start-and-a-token). A secret is shown once, in the response that
// creates its token.

import { AppError } from "../../../shared/errors.ts";
import type { StoredToken, Token } from "../../../shared/run/token.ts";
import { makeSecret, makeToken, secretHash } from "../../service/tokens.ts";
import { logActivity } from "../http/activity.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat } from "../http/formats.ts";
import { parseId, parseQuery, readJson } from "../http/parameters.ts";
import type { IngestDeps } from "./ingest.ts";

/** Adds, lists and revokes tokens. */
export interface TokenRegistry {
  /**
   * Stores a token under the SHA-256 of its secret, unless a genuine one is there already. Throws `forbidden` for the secret
   * of a revoked token.
   */
  add(token: Token, secretHash: string): Promise<void>;
  /** The tokens of a fleet, or of all fleets for null, oldest first: revoked ones and ones that are not genuine too. */
  list(fleet: string | null): Promise<readonly StoredToken[]>;
  /** Revokes a token for good; it stays in the store. Repeating it changes nothing. */
  revoke(stored: StoredToken, at: string): Promise<void>;
}

/** Loaded on the first request: no host needs these schemas, and building them would take milliseconds of every start. */
const schemas = () => import("../../../shared/api/token-requests.ts");

/** Adds the routes of tokens. */
export function addTokenRoutes(app: HttpApp, deps: IngestDeps): void {
  app.post("/v1/tokens", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const admin = currentToken(c);
    const request = await readJson(c, (await schemas()).newToken);
    const { fleet = admin.fleet, scope } = request;
    if (fleet !== admin.fleet && !admin.root) {
      throw new AppError(
        "forbidden",
        `this token creates tokens for fleet ${admin.fleet} only; a root token can create them for any fleet`,
      );
    }
    const token = makeToken(request, admin.fleet, deps.clock);
    const secret = makeSecret();
    await deps.tokens.add(token, secretHash(secret));
    const { id: subject, label } = token;
    const details = `scope ${scope}${label === null ? "" : `, label ${label}`}`;
    await logActivity(c, deps, { action: "token_created", subject, details }, fleet);
    c.set("note", `created ${scope} token ${token.id} for fleet ${fleet}`);
    return c.json({ ...token, token: secret }, 201);
  });

  app.get("/v1/tokens", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const { revoked } = parseQuery(c, (await schemas()).tokensQuery);
    const stored = await deps.tokens.list(currentToken(c).fleet);
    const shown = stored.filter(({ isGenuine, token }) => isGenuine && (revoked || token.revoked_at === null));
    return c.json({ tokens: shown.map(({ token }) => token) });
  });

  app.delete("/v1/tokens/:id", allow(deps, "admin"), async (c) => {
    const id = parseId(c, "token");
    const admin = currentToken(c);
    const stored = await deps.tokens.list(admin.fleet);
    const found = stored.filter(({ token }) => token.id === id && token.revoked_at === null);
    if (found.length === 0) throw new AppError("not_found", "this fleet has no token with that id, or it was revoked");
    if (!admin.root && found.some(({ isGenuine, token }) => isGenuine && token.root)) {
      throw new AppError("forbidden", "only a root token can revoke a root token");
    }
    const at = new Date(deps.clock()).toISOString();
    // There may be several: somebody may have written another item with this id directly to the table.
    for (const one of found) await deps.tokens.revoke(one, at);
    const label = found[0]?.token.label ?? null;
    const details = label === null ? null : `label ${label}`;
    await logActivity(c, deps, { action: "token_revoked", subject: id, details });
    c.set("note", `revoked token ${id}`);
    return c.body(null, 204);
  });
}
