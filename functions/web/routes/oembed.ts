// GET /oembed: what an editor shows in place of the URL of a share (oEmbed 1.0).

import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import { AppError } from "../../../shared/errors.ts";
import { FRAME_HEIGHT, shareFrame, shareUrls } from "../../../shared/render/links.ts";
import { WIDTH } from "../../../shared/report/model.ts";
import { printable, quoted } from "../../../shared/run/text.ts";
import { openShare, sharedKind } from "../../service/shares.ts";
import type { HttpApp } from "../http/app.ts";
import { originOf } from "../http/origin.ts";
import { queryBy } from "../http/parameters.ts";
import type { EmbedDeps } from "./embed.ts";
import type { ShareDocuments } from "./share-documents.ts";

/** A share in any of its formats, or its badge. The host before it does not matter: nobody guesses an id. */
const SHARE_PATH = /^\/s\/([0-9a-f]{32})(\.[a-z]+|\/badge\.svg)?$/;

export function addOembedRoute(app: HttpApp, deps: EmbedDeps, documents: ShareDocuments): void {
  app.get("/oembed", async (c) => {
    const { oembedQuery } = await import("../../../shared/api/shares.ts");
    const { url, maxwidth = WIDTH.default, maxheight = FRAME_HEIGHT, format } = queryBy(c, oembedQuery);
    if (format !== "json") {
      throw new AppError("not_implemented", `format: expected json, the only format, found ${quoted(format)}`);
    }
    const origin = originOf(c, deps.publicUrl);
    const [, id] = SHARE_PATH.exec(pathOf(url, origin)) ?? [];
    if (id === undefined) throw new AppError("not_found", `url: expected the URL of a share, found ${quoted(url)}`);
    const share = await openShare(deps, id);
    const title = printable(await documents.title(share));
    const [width, height] = [Math.min(maxwidth, WIDTH.default), Math.min(maxheight, FRAME_HEIGHT)];
    c.header("Cache-Control", CACHE_CONTROL.live);
    return c.json({
      version: "1.0",
      type: "rich",
      title,
      provider_name: "vbdstat",
      provider_url: origin,
      cache_age: 300,
      width,
      height,
      html: shareFrame(shareUrls(origin, id, sharedKind(deps.summaries, share)).html, title, { width, height }),
    });
  });
}

/** The path of a URL, with or without its origin; empty for text that is not a URL. */
function pathOf(url: string, origin: string): string {
  try {
    return new URL(url, origin).pathname;
  } catch {
    return "";
  }
}
