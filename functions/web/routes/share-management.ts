// Shares as their fleet sees them: made, listed and ended (docs/api.md#share). The id is the capability: it is stored as it
// is, because the list has to show the addresses, and whoever reads the table reads the numbers themselves there.

import { AppError } from "../../../shared/errors.ts";
import { shareSnippets, shareUrls } from "../../../shared/render/links.ts";
import { DEFAULT_RENDER_OPTIONS } from "../../../shared/report/model.ts";
import type { Page } from "../../../shared/run/listing.ts";
import { SHARE_ID, type Share } from "../../../shared/run/share.ts";
import type { Token } from "../../../shared/run/token.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import { bodyBy, queryBy } from "../http/parameters.ts";
import { type EmbedDeps, pageRequests, shareRequests } from "./embed.ts";
import { originOf } from "./share-links.ts";

/** Finds, lists and revokes shares. */
export interface ShareRegistry {
  /** A share, revoked or not; null when there never was one. */
  find(id: string): Promise<{ readonly share: Share; readonly revokedAt: string | null } | null>;
  /** The shares of a fleet that are not revoked, newest first. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<Share>>;
  /** Revokes a share and deletes its documents. Repeating it completes a revocation that was interrupted. */
  revoke(share: Share, at: string): Promise<void>;
}

/** Ends a share of the token's fleet, which its maker and admins may. Throws `not_found`, `forbidden`. */
export async function revokeShare(
  { shares, clock }: Pick<EmbedDeps, "shares" | "clock">,
  token: Token,
  id: string,
): Promise<Share> {
  const found = SHARE_ID.test(id) ? await shares.find(id) : null;
  if (found === null || found.share.fleet !== token.fleet) {
    throw new AppError("not_found", "this fleet has no share with that id");
  }
  if (!mayRevoke(token, found.share)) {
    throw new AppError("forbidden", "another token made this share; that one or an admin's can end it");
  }
  await shares.revoke(found.share, new Date(clock()).toISOString());
  return found.share;
}

/** Whether a token made the share or is an admin's. */
export function mayRevoke({ id, scope }: Token, { created_by }: Share): boolean {
  return scope === "admin" || created_by.token_id === id;
}

export function addShareRoutes(app: HttpApp, deps: EmbedDeps): void {
  app.post("/v1/shares", allow(deps, "read"), async (c) => {
    formatOf(c, ["json"]);
    const asked = await bodyBy(c, (await shareRequests()).newShare);
    const origin = originOf(c, deps.publicUrl);
    const { createShare } = await import("../../service/new-share.ts");
    const { share, summary } = await createShare(deps, tokenOf(c), asked);
    const { id, kind, frozen, title } = share;
    c.set("note", `made a ${frozen ? "frozen" : "live"} share of kind ${kind}`);
    const urls = shareUrls(origin, id, kind);
    const shown = await deps.renderer.title(summary, { ...DEFAULT_RENDER_OPTIONS, title });
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
    const { kind } = await revokeShare(deps, tokenOf(c), c.req.param("id"));
    c.set("note", `ended a share of kind ${kind}`);
    return c.body(null, 204);
  });
}
