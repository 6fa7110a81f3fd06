// The routes of pages: HTML for people, by the same results as the API. In: the stores and clock that pages read from. Out: routes
// on an app. The pages themselves are loaded with the first request for one. Pages that write have files of their own, because they are
// added to the function that has the permission, and its bundle then contains no other page: uploads to ingest, shares to embed.

import type { Context, MiddlewareHandler } from "hono";
import { COST, charged } from "../../service/admission.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import { allow, assertSameOrigin, currentToken, endSession } from "../http/auth.ts";
import type { ReadDeps } from "../routes/read.ts";

/** What pages that read depend on. */
export interface PageDeps extends ReadDeps {
  /** Origin of the URLs in commands to copy, e.g. `https://vbdstat.example.org`; null: the origin of the request. */
  readonly publicUrl: string | null;
}

/** The first page leads an uploader to the upload: the overview is not for its token. */
const uploadersHome: MiddlewareHandler<HttpEnv> = async (c, next) => {
  if (currentToken(c).scope === "ingest") return c.redirect("/upload", 303);
  return next();
};

/** Adds the pages that only read, their style sheet and script, the sign-in and the sign-out. */
export function addPageRoutes(app: HttpApp, deps: PageDeps): void {
  const pages = () => import("./reading-pages.ts");
  const reader = allow(deps, "read");
  const uploader = allow(deps, "ingest");
  const either = allow(deps, "read", "ingest");

  app.get("/pages.css", async (c) => (await pages()).styleResponse(c));
  app.get("/pages.js", async (c) => (await pages()).scriptResponse(c));

  // A page is charged once, however many results it computes.
  const summary = admitted(deps, COST.summary);
  const list = admitted(deps, COST.list);
  const chargedTo = (c: Context<HttpEnv>) => charged(deps, c.get("ticket"));
  app.get("/", either, uploadersHome, summary, async (c) => (await pages()).overview(c, chargedTo(c)));
  app.get("/matrix", reader, summary, async (c) => (await pages()).matrix(c, chargedTo(c)));
  app.get("/trend", reader, summary, async (c) => (await pages()).trend(c, chargedTo(c)));
  app.get("/hosts", reader, list, async (c) => (await pages()).hosts(c, deps));
  app.get("/hosts/:host", reader, summary, async (c) => (await pages()).host(c, chargedTo(c)));
  app.get("/runs", reader, list, async (c) => (await pages()).runs(c, deps));
  app.get("/runs/:id", either, admitted(deps, COST.small), async (c) => (await pages()).run(c, deps));
  // A kind of summary without a page of its own has one without a form.
  const paths = new Set(app.routes.map(({ path }) => path));
  for (const entry of deps.summaries) {
    const { page } = entry;
    if (page === null || paths.has(page)) continue;
    app.get(page, reader, summary, async (c) => (await pages()).plainSummaryPage(c, chargedTo(c), entry));
  }
  app.get("/upload", uploader, async (c) => (await pages()).upload(c, deps));

  app.get("/sign-in", async (c) => (await pages()).signIn(c, deps));
  app.post("/sign-in", async (c) => (await pages()).postSignIn(c, deps));
  app.post("/sign-out", (c) => {
    assertSameOrigin(c);
    endSession(c);
    return c.redirect("/sign-in", 303);
  });
}
