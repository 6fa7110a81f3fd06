// GET /v1/trend: one backend and metric over periods that follow each other.

import { CHART_FORMATS } from "../../shared/api/formats.ts";
import { admitted, COST, charged } from "../web/http/admission.ts";
import { allow, tokenOf } from "../web/http/auth.ts";
import { formatOf } from "../web/http/formats.ts";
import type { HttpApp } from "../http/http-env.ts";
import { queryBy } from "../web/http/parameters.ts";
import { summaryAnswer } from "../web/http/summary-response.ts";
import type { ReadDeps } from "./deps.ts";
import { pictureRedirect } from "./picture-redirect.ts";
import { requests } from "./requests.ts";
import { trendAnswer } from "./trend-answer.ts";

export function addTrendRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/trend", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const picture = pictureRedirect(c);
    if (picture !== null) return picture;
    const format = formatOf(c, CHART_FORMATS);
    const query = queryBy(c, (await requests()).shownTrendQuery);
    const answer = await trendAnswer(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryAnswer(c, format, { kind: "trend", answer }, query);
  });
}
