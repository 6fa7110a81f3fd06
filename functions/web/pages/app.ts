// The pages that only read, and signing in. They are loaded when the first of them is asked for, since most requests are
// those of programs. Pages that write are added where writing is allowed: `upload-route.ts`, `share-routes.ts`.

import type { Context } from "hono";
import { COST, charged } from "../../service/admission.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import { allow } from "../http/auth.ts";
import { assertSameOrigin, endSession } from "../http/session.ts";
import type { EmbedDeps } from "../routes/embed.ts";
import type { IngestDeps } from "../routes/ingest.ts";
import type { ReadDeps } from "../routes/read.ts";

// The page of shares, and the forms that make and end them. It is added to the app that may write shares.

export function addSharePageRoutes(app: HttpApp, deps: EmbedDeps): void {
  const reader = allow(deps, "read");
  app.get("/shares", reader, async (c) => (await import("./shares.tsx")).shares(c, deps));
  app.post("/shares", reader, async (c) => (await import("./forms.tsx")).shareMade(c, deps));
  // The id is in the form and not in the address, which is logged: whoever has it sees the share.
  app.post("/shares/end", reader, async (c) => (await import("./forms.tsx")).shareEnded(c, deps));
}

// POST /upload: the form of /upload, read and stored like every other upload. It is added to the app that may write runs.

export function addUploadRoute(app: HttpApp, deps: IngestDeps): void {
  app.post("/upload", allow(deps, "ingest"), async (c) => (await import("./upload.tsx")).receipt(c, deps));
}

/** What the pages that read are handed. */
export interface PageDeps extends ReadDeps {
  /** Origin of addresses to copy, e.g. `https://vbdstat.example.org`; null: that of the request. */
  readonly publicUrl: string | null;
}

const pages = () => import("./reading-pages.ts");

/** Adds the routes of this app. */
export function addPageRoutes(app: HttpApp, deps: PageDeps): void {
  const reader = allow(deps, "read");
  const uploader = allow(deps, "ingest");
  const anybody = allow(deps, "read", "ingest");

  app.get("/pages.css", async (c) => (await pages()).styleResponse(c));
  app.get("/pages.js", async (c) => (await pages()).scriptResponse(c));

  // A page counts as one question, whatever it asks.
  const answer = admitted(deps, COST.answer);
  const list = admitted(deps, COST.list);
  const chargedTo = (c: Context<HttpEnv>) => charged(deps, c.get("ticket"));
  app.get("/", reader, answer, async (c) => (await pages()).overview(c, chargedTo(c)));
  app.get("/matrix", reader, answer, async (c) => (await pages()).matrix(c, chargedTo(c)));
  app.get("/trend", reader, answer, async (c) => (await pages()).trend(c, chargedTo(c)));
  app.get("/hosts", reader, list, async (c) => (await pages()).hosts(c, deps));
  app.get("/hosts/:host", reader, answer, async (c) => (await pages()).host(c, chargedTo(c)));
  app.get("/runs", reader, list, async (c) => (await pages()).runs(c, deps));
  app.get("/runs/:id", anybody, admitted(deps, COST.small), async (c) => (await pages()).run(c, deps));
  // A kind of summary without a page of its own has one without a form.
  const paths = new Set(app.routes.map(({ path }) => path));
  for (const entry of deps.summaries) {
    const { page } = entry;
    if (page === null || paths.has(page)) continue;
    app.get(page, reader, answer, async (c) => (await pages()).summary(c, chargedTo(c), entry));
  }
  app.get("/upload", uploader, async (c) => (await pages()).upload(c, deps));

  app.get("/sign-in", async (c) => (await pages()).signIn(c, deps));
  app.post("/sign-in", async (c) => (await pages()).signedIn(c, deps));

  app.post("/sign-out", (c) => {
    assertSameOrigin(c);
    endSession(c);
    return c.redirect("/sign-in", 303);
  });
}
