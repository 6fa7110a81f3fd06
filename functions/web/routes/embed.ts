// Embed: summaries where people read them. In: links of shares, which need no token, and questions for PNGs. Out: pictures,
// pages and text that other sites may frame, keep and read. It alone has the painter of pixels, which is large.

import type { MiddlewareHandler } from "hono";
import type { HttpApp, HttpEnv } from "../../http/http-env.ts";
import type { EmbedDeps } from "../../embed/deps.ts";
import { addLinkRoutes } from "./share-links.ts";
import { addOembedRoute } from "./oembed.ts";
import { addPictureRoutes } from "./picture-routes.ts";
import { shareDocuments } from "./share-documents.ts";
import { addShareRoutes } from "./share-management.ts";

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
