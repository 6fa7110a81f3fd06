// PNGs of the charts that functions/read answers as SVG, for places that take no SVG: mail, slides, some wikis.

import { DEFAULT_RENDER_OPTIONS } from "../../../shared/report/model.ts";
import { offersFormat, shareableIn } from "../../../shared/summaries/registry.ts";
import { COST, charged } from "../../service/admission.ts";
import { cellSource } from "../../service/summary-source.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { kindQuery } from "../http/summary-response.ts";
import type { EmbedDeps } from "./embed.ts";

/** Adds the route of every kind of summary that has a PNG. */
export function addPictureRoutes(app: HttpApp, deps: EmbedDeps): void {
  for (const entry of shareableIn(deps.summaries).filter((candidate) => offersFormat(candidate, "png"))) {
    app.get(`${entry.path}.png`, allow(deps, ...entry.scopes), admitted(deps, COST[entry.cost]), async (c) => {
      const kind = await entry.load();
      const { query, options } = await kindQuery(c, kind);
      const source = cellSource(charged(deps, c.get("ticket")), tokenOf(c).fleet);
      const summary = { kind: entry.name, result: await kind.compute(source, query) };
      const png = await deps.renderer.document("png", summary, { ...DEFAULT_RENDER_OPTIONS, ...options });
      return c.body(new Uint8Array(png), 200, { "Content-Type": "image/png" });
    });
  }
}
