// The page of shares and its forms, added to the app that may write shares. The page is loaded with the first request for it.

import type { HttpApp } from "../http/app.ts";
import { allow } from "../http/auth.ts";
import type { EmbedDeps } from "../routes/embed.ts";

/** Adds GET /shares, and its forms that create and revoke a share. All of them take a token that may read. */
export function addSharePageRoutes(app: HttpApp, deps: EmbedDeps): void {
  const reader = allow(deps, "read");
  app.get("/shares", reader, async (c) => (await import("./shares.tsx")).shares(c, deps));
  app.post("/shares", reader, async (c) => (await import("./shares.tsx")).postShare(c, deps));
  // The id is in the form, because URLs are logged and everybody with the id can view the share.
  app.post("/shares/revoke", reader, async (c) => (await import("./shares.tsx")).postShareRevocation(c, deps));
}
