// What whoever has the link of a share sees: /s/ID in every format, and a badge. No token is needed, other sites may embed
// it, and caches may keep it: a frozen one for ever.

import type { Context } from "hono";
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import { AppError } from "../../../shared/errors.ts";
import { SHARE_ID, type Share } from "../../../shared/run/share.ts";
import { suffixOf } from "../http/formats.ts";
import type { HttpApp, HttpEnv } from "../../http/http-env.ts";
import { queryBy } from "../http/parameters.ts";
import type { EmbedDeps } from "../../embed/deps.ts";
import { discoveryUrl } from "../../embed/discovery.ts";
import { originOf } from "../../embed/origin.ts";
import { refusal } from "../../embed/refusal.ts";
import type { DocumentFormat } from "../../service/renderer.ts";
import { lookRequests, shareRequests } from "../../embed/requests.ts";
import { sent } from "../../embed/sent.ts";
import { FORMATS, type ShareDocuments, type ShownDocument } from "./share-documents.ts";

export function addLinkRoutes(app: HttpApp, deps: EmbedDeps, documents: ShareDocuments): void {
  app.get("/s/:id", (c) => {
    const format = suffixOf(c) ?? "html";
    return orRefusal(c, deps, format, async () => {
      const look = queryBy(c, (await lookRequests()).lookQuery);
      const share = await openShare(deps, c.req.param("id"));
      if (!FORMATS[share.kind].includes(format)) {
        throw new AppError("not_found", `a share of kind ${share.kind} has no .${format}`);
      }
      const document = await documents.document(share, format, { ...look, title: share.title });
      if (format === "html") {
        const address = discoveryUrl(originOf(c, deps.publicUrl), share.id);
        c.header("Link", `<${address}>; rel="alternate"; type="application/json+oembed"`);
      }
      return shown(c, document);
    });
  });

  app.get("/s/:id/badge.svg", (c) =>
    orRefusal(c, deps, "badge", async () => {
      const { metric, theme } = queryBy(c, (await shareRequests()).badgeQuery);
      const share = await openShare(deps, c.req.param("id"));
      return shown(c, await documents.badge(share, metric, theme));
    }),
  );
}

/** The answer with a document; it names its own address where that shows another width than was asked for. */
function shown(c: Context<HttpEnv>, { cache, width, ...document }: ShownDocument): Response {
  c.header("Cache-Control", CACHE_CONTROL[cache]);
  const { pathname, searchParams } = new URL(c.req.url);
  const asked = searchParams.get("width");
  if (width !== null && asked !== null && asked !== String(width)) {
    searchParams.set("width", String(width));
    c.header("Content-Location", `${pathname}?${searchParams}`);
  }
  return sent(c, document);
}

/** The share with an id. Throws `not_found`, or `gone` for one that was ended. */
export async function openShare({ shares }: Pick<EmbedDeps, "shares">, id: string): Promise<Share> {
  const found = SHARE_ID.test(id) ? await shares.find(id) : null;
  if (found === null) throw new AppError("not_found", "there is no share with this address; it may be misspelt");
  if (found.endedAt !== null) throw new AppError("gone", "this summary is not shared any more");
  return found.share;
}

async function orRefusal(
  c: Context<HttpEnv>,
  deps: EmbedDeps,
  shown: DocumentFormat | "badge",
  answer: () => Promise<Response>,
): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.cause !== undefined) c.get("fault")(error);
    return refusal(c, deps, shown, error);
  }
}
