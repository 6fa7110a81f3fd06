// PNGs of what `functions/read` answers as SVG, for where an SVG cannot go: mail, slides, some wikis.

import { COST } from "../../service/admission.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { allow } from "../http/auth.ts";
import type { EmbedDeps } from "./embed.ts";

/** What answers and paints, loaded with the first picture. */
const pictures = () => import("./pictures.ts");

export function addPictureRoutes(app: HttpApp, deps: EmbedDeps): void {
  const reader = allow(deps, "read");
  const answer = admitted(deps, COST.answer);
  app.get("/v1/compare.png", reader, answer, async (c) => (await pictures()).comparePicture(c, deps));
  app.get("/v1/matrix.png", reader, answer, async (c) => (await pictures()).matrixPicture(c, deps));
  app.get("/v1/trend.png", reader, answer, async (c) => (await pictures()).trendPicture(c, deps));
}
