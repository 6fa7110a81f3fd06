// The pages that only read, and signing in. They are loaded when the first of them is asked for, since most requests are
// those of programs. Pages that write are added where writing is allowed: `upload-route.ts`, `share-routes.ts`.

import { allow } from "../http/auth.ts";
import type { HttpApp } from "../http/http-env.ts";
import { endSession, refuseForeignSite } from "../http/session.ts";
import type { PageDeps } from "./deps.ts";

const pages = () => import("./reading-pages.ts");

/** Adds the routes of this app. */
export function addPageRoutes(app: HttpApp, deps: PageDeps): void {
  const reader = allow(deps, "read");
  const uploader = allow(deps, "ingest");
  const anybody = allow(deps, "read", "ingest");

  app.get("/pages.css", async (c) => (await pages()).styleAnswer(c));
  app.get("/pages.js", async (c) => (await pages()).scriptAnswer(c));

  app.get("/", reader, async (c) => (await pages()).overview(c, deps));
  app.get("/matrix", reader, async (c) => (await pages()).matrix(c, deps));
  app.get("/trend", reader, async (c) => (await pages()).trend(c, deps));
  app.get("/hosts", reader, async (c) => (await pages()).hosts(c, deps));
  app.get("/hosts/:host", reader, async (c) => (await pages()).host(c, deps));
  app.get("/runs", reader, async (c) => (await pages()).runs(c, deps));
  app.get("/runs/:id", anybody, async (c) => (await pages()).run(c, deps));
  app.get("/upload", uploader, async (c) => (await pages()).upload(c, deps));

  app.get("/sign-in", async (c) => (await pages()).signIn(c, deps));
  app.post("/sign-in", async (c) => (await pages()).signedIn(c, deps));

  app.post("/sign-out", (c) => {
    refuseForeignSite(c);
    endSession(c);
    return c.redirect("/sign-in", 303);
  });
}
