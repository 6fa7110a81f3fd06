// A summary as PNG: the query by the schema of its kind, the result, and its pixels.

import type { Context } from "hono";
import { DEFAULT_RENDER_OPTIONS } from "../../../shared/report/model.ts";
import type { ShareableEntry } from "../../../shared/summaries/registry.ts";
import { charged } from "../../service/admission.ts";
import { cellSource } from "../../service/summary-source.ts";
import type { HttpEnv } from "../http/app.ts";
import { currentToken } from "../http/auth.ts";
import { kindQuery } from "../http/summary-response.ts";
import type { EmbedDeps } from "./embed.ts";

/** The response with the picture of a kind of summary. Throws `bad_parameter`, `slow_down`, `too_large`. */
export async function pictureResponse(c: Context<HttpEnv>, deps: EmbedDeps, entry: ShareableEntry): Promise<Response> {
  const kind = await entry.load();
  const { query, options } = await kindQuery(c, kind);
  const source = cellSource(charged(deps, c.get("ticket")), currentToken(c).fleet);
  const summary = { kind: entry.name, result: await kind.compute(source, query) };
  const png = await deps.renderer.document("png", summary, { ...DEFAULT_RENDER_OPTIONS, ...options });
  return c.body(new Uint8Array(png), 200, { "Content-Type": "image/png" });
}
