// The page of shares, and the forms that make and end them. It is added to the app that may write shares.

import type { EmbedDeps } from "../embed/deps.ts";
import { allow } from "../web/http/auth.ts";
import type { HttpApp } from "../http/http-env.ts";

export function addSharePageRoutes(app: HttpApp, deps: EmbedDeps): void {
  const reader = allow(deps, "read");
  app.get("/shares", reader, async (c) => (await import("../web/pages/shares.tsx")).shares(c, deps));
  app.post("/shares", reader, async (c) => (await import("./share-forms.ts")).shareMade(c, deps));
  // The id is in the form and not in the address, which is logged: whoever has it sees the share.
  app.post("/shares/end", reader, async (c) => (await import("./share-forms.ts")).shareEnded(c, deps));
}
