// Embed: summaries where people read them. In: links of shares, which need no token, and requests for PNGs. Out: images,
// pages and text that other sites may frame, cache and read. Only this function has the PNG rasterizer, which is large.

import type { MiddlewareHandler } from "hono";
import type { SummaryRegistry } from "../../../shared/summaries/registry.ts";
import type { Admission } from "../../service/admission.ts";
import type { Renderer } from "../../service/renderer.ts";
import type { ShareWriter } from "../../service/shared-summary.ts";
import type { ShareDocumentStore, ShareList } from "../../service/shares.ts";
import type { CellStores } from "../../service/summary-source.ts";
import type { ActivityDeps } from "../http/activity.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import type { TokenLookup } from "../http/auth.ts";
import { addPictureRoutes } from "./pictures.ts";
import { shareDocuments } from "./share-documents.ts";
import { addLinkRoutes, addOembedRoute } from "./share-links.ts";
import { addShareRoutes } from "./share-management.ts";

/** What the routes need. */
export interface EmbedDeps extends CellStores, ActivityDeps {
  readonly shares: ShareWriter & ShareList & ShareDocumentStore;
  readonly tokens: TokenLookup;
  readonly summaries: SummaryRegistry;
  /** Renders for requests with a token. */
  readonly renderer: Renderer;
  /** Renders for links; may be the same one. */
  readonly linkRenderer: Renderer;
  /** Limits what is computed at once. */
  readonly admission: Admission;
  /** Origin of links to the service, e.g. `https://vbdstat.example.org`; null: that of the request. */
  readonly publicUrl: string | null;
}

/** Lets any site read and show the response, errors too; no path outside of /s and /oembed allows that. */
const openToAnySite: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  c.res.headers.set("Access-Control-Allow-Origin", "*");
  c.res.headers.set("Access-Control-Expose-Headers", "ETag, Content-Location");
  c.res.headers.set("Cross-Origin-Resource-Policy", "cross-origin");
};

/** Adds the routes of this app. */
export function addEmbedRoutes(app: HttpApp, deps: EmbedDeps): void {
  app.use("/s/*", openToAnySite);
  app.use("/oembed", openToAnySite);
  const documents = shareDocuments(deps);
  addLinkRoutes(app, deps, documents);
  addOembedRoute(app, deps, documents);
  addPictureRoutes(app, deps);
  addShareRoutes(app, deps);
}
