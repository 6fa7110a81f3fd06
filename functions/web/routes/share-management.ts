// Shares as their fleet sees them: created, listed and revoked (docs/api.md#share).

import { shareSnippets, shareUrls } from "../../../shared/render/links.ts";
import { DEFAULT_RENDER_OPTIONS } from "../../../shared/report/model.ts";
import type { Share } from "../../../shared/run/share.ts";
import { findSharedKind, revokeShare } from "../../service/shares.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat } from "../http/formats.ts";
import { findOrigin } from "../http/origin.ts";
import { parseQuery, readJson } from "../http/parameters.ts";
import type { EmbedDeps } from "./embed.ts";

export function addShareRoutes(app: HttpApp, deps: EmbedDeps): void {
  const buildUrls = (share: Share, origin: string) =>
    shareUrls(origin, share.id, findSharedKind(deps.summaries, share));

  app.post("/v1/shares", allow(deps, "read"), async (c) => {
    chooseFormat(c, ["json"]);
    const { newShare } = await import("../../../shared/api/shares.ts");
    const body = await readJson(c, newShare(deps.summaries));
    const origin = findOrigin(c, deps.publicUrl);
    const { createShare } = await import("../../service/shared-summary.ts");
    const { share, summary } = await createShare(deps, currentToken(c), body);
    const { kind, frozen, title } = share;
    c.set("note", `created a ${frozen ? "frozen" : "live"} share of kind ${kind}`);
    const urls = buildUrls(share, origin);
    const shown = await deps.renderer.title(summary, { ...DEFAULT_RENDER_OPTIONS, title });
    return c.json({ ...share, urls, snippets: shareSnippets(urls, shown) }, 201);
  });

  app.get("/v1/shares", allow(deps, "read"), async (c) => {
    chooseFormat(c, ["json"]);
    const { pageQuery } = await import("../../../shared/summaries/fields.ts");
    const { limit, cursor } = parseQuery(c, pageQuery);
    const origin = findOrigin(c, deps.publicUrl);
    const page = await deps.shares.list(currentToken(c).fleet, limit, cursor);
    const shares = page.items.map((share) => ({ ...share, urls: buildUrls(share, origin) }));
    return c.json({ shares, cursor: page.cursor });
  });

  app.delete("/v1/shares/:id", allow(deps, "read"), async (c) => {
    const { kind } = await revokeShare(deps, currentToken(c), c.req.param("id"));
    c.set("note", `revoked a share of kind ${kind}`);
    return c.body(null, 204);
  });
}
