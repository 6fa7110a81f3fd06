// Embed: summaries where people read them. In: links of shares, which need no token, and questions for PNGs. Out: pictures,
// pages and text that other sites may frame, keep and read. It alone has the painter of pixels, which is large.

import type { MiddlewareHandler } from "hono";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Admission } from "../../service/admission.ts";
import type { ShareWriter } from "../../service/new-share.ts";
import type { CellReader, PendingHostCount } from "../../service/queries.ts";
import type { Renderer } from "../../service/renderer.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import type { TokenLookup } from "../http/auth.ts";
import { addOembedRoute } from "./oembed.ts";
import { addPictureRoutes } from "./picture-routes.ts";
import { type ShareDocumentStore, shareDocuments } from "./share-documents.ts";
import { addLinkRoutes } from "./share-links.ts";
import { addShareRoutes, type ShareRegistry } from "./share-management.ts";

// What may be asked, loaded with the first question, as in `functions/read`: making the schemas of questions that nobody has
// asked yet would be a tenth of what this function takes to start.

export const lookRequests = () => import("../../../shared/api/parameters.ts");

export const pageRequests = () => import("../../../shared/api/paging.ts");

export const shareRequests = () => import("../../../shared/api/shares.ts");

/** What the app is handed. */
export interface EmbedDeps {
  readonly shares: ShareWriter & ShareRegistry & ShareDocumentStore;
  readonly cells: CellReader;
  readonly pendingHosts: PendingHostCount;
  readonly tokens: TokenLookup;
  readonly clock: Clock;
  /** Draws for those who have a token. */
  readonly renderer: Renderer;
  /** Draws for those who have a link; may be the same one. */
  readonly linkRenderer: Renderer;
  /** Lets questions in. */
  readonly admission: Admission;
  /** Origin of links to the service, e.g. `https://vbdstat.example.org`; null: that of the request. */
  readonly publicUrl: string | null;
}

/** Lets any site read and show the answer, refusals too; nothing outside of /s and /oembed is so. */
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
