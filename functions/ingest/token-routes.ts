// Tokens: made, listed and ended by admins (contract, Tokens). A secret is shown once, in the answer that makes it.

import { AppError } from "../../shared/errors.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/format.ts";
import type { HttpApp } from "../http/http-env.ts";
import { bodyBy, idOf } from "../http/parameters.ts";
import { makeSecret, secretHash } from "../http/secret.ts";
import type { IngestDeps } from "./deps.ts";
import { tokenAskedFor } from "./new-token.ts";
import { tokenRequests } from "./requests.ts";

export function addTokenRoutes(app: HttpApp, deps: IngestDeps): void {
  app.post("/v1/tokens", allow(deps, "admin"), async (c) => {
    formatOf(c, ["json"]);
    const admin = tokenOf(c);
    const { newToken } = await tokenRequests();
    const asked = await bodyBy(c, newToken);
    const { fleet = admin.fleet, scope } = asked;
    if (fleet !== admin.fleet && !admin.root) {
      throw new AppError(
        "forbidden",
        `this token makes tokens for fleet ${admin.fleet} only; the first admin token makes them for any`,
      );
    }
    const token = tokenAskedFor(asked, admin.fleet, deps.clock);
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
