// POST /runs/withdraw and POST /runs/restore: the forms of the page of a run, added to the app that may write runs. The handlers
// are loaded with the first form that is sent.

import type { HttpApp } from "../http/app.ts";
import { allow } from "../http/auth.ts";
import type { IngestDeps } from "../routes/ingest.ts";

/** Adds both routes, for admins. */
export function addRunChangePageRoutes(app: HttpApp, deps: IngestDeps): void {
  const admin = allow(deps, "admin");
  app.post("/runs/withdraw", admin, async (c) => (await import("./run-changes.ts")).postWithdrawal(c, deps));
  app.post("/runs/restore", admin, async (c) => (await import("./run-changes.ts")).postRestoration(c, deps));
}
