// Tokens: made, listed and ended by admins (contract, Tokens). A secret is shown once, in the answer that makes it.

import { randomUUID } from "node:crypto";
import { newToken } from "../../shared/api/requests.ts";
import { AppError } from "../../shared/errors.ts";
import type { Token } from "../../shared/model/token.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/format.ts";
import type { HttpApp } from "../http/http-env.ts";
import { bodyBy, idOf } from "../http/parameters.ts";
import { makeSecret, secretHash } from "../http/secret.ts";
import type { IngestDeps } from "./deps.ts";

export function addTokenRoutes(app: HttpApp, deps: IngestDeps): void {
  app.post("/v1/tokens", allow(deps, "admin"), async (c) => {
    formatOf(c, ["json"]);
    const admin = tokenOf(c);
    const { scope, fleet = admin.fleet, hosts, expires_at, label } = await bodyBy(c, newToken);
    if (fleet !== admin.fleet && !admin.root) {
      throw new AppError(
        "forbidden",
        `this token makes tokens for fleet ${admin.fleet} only; the first admin token makes them for any`,
      );
    }
    if (hosts !== undefined && hosts !== null && scope !== "ingest") {
      throw new AppError("bad_body", `hosts: only an ingest token has a host pattern, this one is ${scope}`);
    }
    const token: Token = {
      id: randomUUID(),
      fleet,
      scope,
      root: false,
      hosts: hosts ?? null,
      expires_at: expires_at === undefined || expires_at === null ? null : new Date(expires_at).toISOString(),
      label: label ?? null,
      created_at: new Date(deps.clock()).toISOString(),
    };
    const secret = makeSecret();
    await deps.tokens.add(token, secretHash(secret));
    c.set("note", `made ${scope} token ${token.id} for fleet ${fleet}`);
    return c.json({ ...token, token: secret }, 201);
  });

  app.get("/v1/tokens", allow(deps, "admin"), async (c) => {
    formatOf(c, ["json"]);
    return c.json({ tokens: await deps.tokens.list(tokenOf(c).fleet) });
  });

  app.delete("/v1/tokens/:id", allow(deps, "admin"), async (c) => {
    const id = idOf(c, "token");
    const removed = await deps.tokens.remove(tokenOf(c).fleet, id);
    if (!removed) throw new AppError("not_found", "this fleet has no token with that id");
    c.set("note", `ended token ${id}`);
    return c.body(null, 204);
  });
}
