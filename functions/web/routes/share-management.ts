// Shares as their fleet sees them: made, listed and ended (docs/api.md#share). The id is the capability: it is stored as it
// is, because the list has to show the addresses, and whoever reads the table reads the numbers themselves there.

import { shareSnippets, shareUrls } from "../../../shared/render/links.ts";
import { DEFAULT_LOOK } from "../../../shared/report/summary.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import type { HttpApp } from "../../http/http-env.ts";
import { bodyBy, queryBy } from "../http/parameters.ts";
import type { EmbedDeps } from "../../embed/deps.ts";
import { endShare } from "../../embed/end-share.ts";
import { originOf } from "../../embed/origin.ts";
import { pageRequests, shareRequests } from "../../embed/requests.ts";

export function addShareRoutes(app: HttpApp, deps: EmbedDeps): void {
  app.post("/v1/shares", allow(deps, "read"), async (c) => {
    formatOf(c, ["json"]);
    const asked = await bodyBy(c, (await shareRequests()).newShare);
    const origin = originOf(c, deps.publicUrl);
    const { makeShare } = await import("../../service/new-share.ts");
    const { share, summary } = await makeShare(deps, tokenOf(c), asked);
    const { id, kind, frozen, title } = share;
    c.set("note", `made a ${frozen ? "frozen" : "live"} share of kind ${kind}`);
    const urls = shareUrls(origin, id, kind);
    const shown = await deps.renderer.title(summary, { ...DEFAULT_LOOK, title });
    return c.json({ ...share, urls, snippets: shareSnippets(urls, shown) }, 201);
  });

  app.get("/v1/shares", allow(deps, "read"), async (c) => {
    formatOf(c, ["json"]);
    const { limit, cursor } = queryBy(c, (await pageRequests()).pageQuery);
    const origin = originOf(c, deps.publicUrl);
    const page = await deps.shares.list(tokenOf(c).fleet, limit, cursor);
    const shares = page.items.map((share) => ({ ...share, urls: shareUrls(origin, share.id, share.kind) }));
    return c.json({ shares, cursor: page.cursor });
  });

  app.delete("/v1/shares/:id", allow(deps, "read"), async (c) => {
    const { kind } = await endShare(deps, tokenOf(c), c.req.param("id"));
    c.set("note", `ended a share of kind ${kind}`);
    return c.body(null, 204);
  });
}
