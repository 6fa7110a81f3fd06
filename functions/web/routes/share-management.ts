// Shares as their fleet sees them: created, listed and revoked (docs/api.md#share).

import { shareSnippets, shareUrls } from "../../../shared/render/links.ts";
import { DEFAULT_RENDER_OPTIONS } from "../../../shared/report/model.ts";
import type { Share } from "../../../shared/run/share.ts";
import { revokeShare, sharedKind } from "../../service/shares.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import { originOf } from "../http/origin.ts";
import { bodyBy, queryBy } from "../http/parameters.ts";
import type { EmbedDeps } from "./embed.ts";

export function addShareRoutes(app: HttpApp, deps: EmbedDeps): void {
  const urlsOf = (share: Share, origin: string) => shareUrls(origin, share.id, sharedKind(deps.summaries, share));

  app.post("/v1/shares", allow(deps, "read"), async (c) => {
    formatOf(c, ["json"]);
    const { newShare } = await import("../../../shared/api/shares.ts");
    const body = await bodyBy(c, newShare(deps.summaries));
    const origin = originOf(c, deps.publicUrl);
    const { createShare } = await import("../../service/shared-summary.ts");
    const { share, summary } = await createShare(deps, tokenOf(c), body);
    const { kind, frozen, title } = share;
    c.set("note", `created a ${frozen ? "frozen" : "live"} share of kind ${kind}`);
    const urls = urlsOf(share, origin);
    const shown = await deps.renderer.title(summary, { ...DEFAULT_RENDER_OPTIONS, title });
    return c.json({ ...share, urls, snippets: shareSnippets(urls, shown) }, 201);
  });

  app.get("/v1/shares", allow(deps, "read"), async (c) => {
    formatOf(c, ["json"]);
    const { pageQuery } = await import("../../../shared/summaries/fields.ts");
    const { limit, cursor } = queryBy(c, pageQuery);
    const origin = originOf(c, deps.publicUrl);
    const page = await deps.shares.list(tokenOf(c).fleet, limit, cursor);
    const shares = page.items.map((share) => ({ ...share, urls: urlsOf(share, origin) }));
    return c.json({ shares, cursor: page.cursor });
  });

  app.delete("/v1/shares/:id", allow(deps, "read"), async (c) => {
    const { kind } = await revokeShare(deps, tokenOf(c), c.req.param("id"));
    c.set("note", `revoked a share of kind ${kind}`);
    return c.body(null, 204);
  });
}
