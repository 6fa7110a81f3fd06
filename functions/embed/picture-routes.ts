// PNGs of what `functions/read` answers as SVG, for where an SVG cannot go: mail, slides, some wikis.

import type { Context } from "hono";
import { shownCompareQuery, shownMatrixQuery, shownTrendQuery } from "../../shared/api/requests.ts";
import { DEFAULT_LOOK, type Look, type Summary } from "../../shared/report/summary.ts";
import { allow, tokenOf } from "../http/auth.ts";
import type { HttpApp } from "../http/http-env.ts";
import { queryBy } from "../http/parameters.ts";
import { compareAnswer } from "../read/compare-answer.ts";
import { matrixAnswer } from "../read/matrix-answer.ts";
import { trendAnswer } from "../read/trend-answer.ts";
import type { EmbedDeps } from "./deps.ts";

export function addPictureRoutes(app: HttpApp, deps: EmbedDeps): void {
  const painted = async (c: Context, summary: Summary, { width, theme }: Pick<Look, "width" | "theme">) => {
    const png = await deps.renderer.document("png", summary, { ...DEFAULT_LOOK, width, theme });
    return c.body(new Uint8Array(png), 200, { "Content-Type": "image/png" });
  };

  app.get("/v1/compare.png", allow(deps, "read"), async (c) => {
    const query = queryBy(c, shownCompareQuery);
    return painted(c, { kind: "compare", answer: await compareAnswer(deps, tokenOf(c).fleet, query) }, query);
  });

  app.get("/v1/matrix.png", allow(deps, "read"), async (c) => {
    const query = queryBy(c, shownMatrixQuery);
    return painted(c, { kind: "matrix", answer: await matrixAnswer(deps, tokenOf(c).fleet, query) }, query);
  });

  app.get("/v1/trend.png", allow(deps, "read"), async (c) => {
    const query = queryBy(c, shownTrendQuery);
    return painted(c, { kind: "trend", answer: await trendAnswer(deps, tokenOf(c).fleet, query) }, query);
  });
}
