// Routes of the PNGs of charts that functions/read answers as SVG, for places that take no SVG: mail, slides, some wikis.

import { offersFormat, shareableIn } from "../../../shared/summaries/registry.ts";
import { COST } from "../../service/admission.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { allow } from "../http/auth.ts";
import type { EmbedDeps } from "./embed.ts";

/** Adds the route of every kind of summary that has a PNG. What answers is loaded with the first picture. */
export function addPictureRoutes(app: HttpApp, deps: EmbedDeps): void {
  for (const entry of shareableIn(deps.summaries).filter((candidate) => offersFormat(candidate, "png"))) {
    app.get(`${entry.path}.png`, allow(deps, ...entry.scopes), admitted(deps, COST[entry.cost]), async (c) => {
      const { pictureResponse } = await import("./picture-response.ts");
      return pictureResponse(c, deps, entry);
    });
  }
}
