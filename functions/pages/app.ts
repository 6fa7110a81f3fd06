// The pages that only read, and signing in. Every page is a file of its own, loaded when it is first asked for: most
// requests are those of programs. Pages that write are added where writing is allowed: `upload-route.ts`, `share-routes.ts`.

import { allow } from "../http/auth.ts";
import type { HttpApp } from "../http/http-env.ts";
import { endSession, refuseForeignSite } from "../http/session.ts";
import type { PageDeps } from "./deps.ts";
import { refusalsAsPages } from "./refusals.ts";

/** Adds the routes of this app. */
export function addPageRoutes(app: HttpApp, deps: PageDeps): void {
  const reader = allow(deps, "read");
  const uploader = allow(deps, "ingest");
  const anybody = allow(deps, "read", "ingest");

  app.get("/pages.css", async (c) => (await import("./assets.ts")).styleAnswer(c));
  app.get("/pages.js", async (c) => (await import("./assets.ts")).scriptAnswer(c));

  for (const path of ["/", "/matrix", "/trend", "/hosts", "/hosts/:host", "/runs", "/runs/:id", "/upload"]) {
    app.use(path, refusalsAsPages);
  }
  app.get("/", reader, async (c) => (await import("./overview.tsx")).overview(c, deps));
  app.get("/matrix", reader, async (c) => (await import("./matrix.tsx")).matrix(c, deps));
  app.get("/trend", reader, async (c) => (await import("./trend.tsx")).trend(c, deps));
  app.get("/hosts", reader, async (c) => (await import("./hosts.tsx")).hosts(c, deps));
  app.get("/hosts/:host", reader, async (c) => (await import("./host.tsx")).host(c, deps));
  app.get("/runs", reader, async (c) => (await import("./runs.tsx")).runs(c, deps));
  app.get("/runs/:id", anybody, async (c) => (await import("./run.tsx")).run(c, deps));
  app.get("/upload", uploader, async (c) => (await import("./upload.tsx")).upload(c, deps));

  app.use("/sign-in", refusalsAsPages);
  app.get("/sign-in", async (c) => (await import("./sign-in.tsx")).signIn(c, deps));
  app.post("/sign-in", async (c) => (await import("./sign-in.tsx")).signedIn(c, deps));

  app.use("/sign-out", refusalsAsPages);
  app.post("/sign-out", (c) => {
    refuseForeignSite(c);
    endSession(c);
    return c.redirect("/sign-in", 303);
  });
}
