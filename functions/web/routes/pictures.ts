// The PNGs of GET /v1/compare.png, /v1/matrix.png and /v1/trend.png: answered as `functions/read` does, and painted.

import type { Context } from "hono";
import { shownCompareQuery, shownMatrixQuery, shownTrendQuery } from "../../../shared/api/parameters.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions, type Summary } from "../../../shared/report/model.ts";
import { charged } from "../../service/admission.ts";
import { compareResult, matrixResult, trendResult } from "../../service/queries.ts";
import type { HttpEnv } from "../http/app.ts";
import { tokenOf } from "../http/auth.ts";
import { queryBy } from "../http/parameters.ts";
import type { EmbedDeps } from "./embed.ts";

type Picture = (c: Context<HttpEnv>, deps: EmbedDeps) => Promise<Response>;

export const comparePicture: Picture = async (c, deps) => {
  const query = queryBy(c, shownCompareQuery);
  const answer = await compareResult(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
  return painted(c, deps, { kind: "compare", answer }, query);
};

export const matrixPicture: Picture = async (c, deps) => {
  const query = queryBy(c, shownMatrixQuery);
  const answer = await matrixResult(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
  return painted(c, deps, { kind: "matrix", answer }, query);
};

export const trendPicture: Picture = async (c, deps) => {
  const query = queryBy(c, shownTrendQuery);
  const answer = await trendResult(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
  return painted(c, deps, { kind: "trend", answer }, query);
};

async function painted(
  c: Context<HttpEnv>,
  { renderer }: EmbedDeps,
  summary: Summary,
  { width, theme }: Pick<RenderOptions, "width" | "theme">,
): Promise<Response> {
  const png = await renderer.document("png", summary, { ...DEFAULT_RENDER_OPTIONS, width, theme });
  return c.body(new Uint8Array(png), 200, { "Content-Type": "image/png" });
}
