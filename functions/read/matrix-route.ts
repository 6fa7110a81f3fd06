// GET /v1/matrix: every pair of backends over the fleet.

import { CHART_FORMATS } from "../../shared/api/formats.ts";
import { admitted, COST, charged } from "../web/http/admission.ts";
import { allow, tokenOf } from "../web/http/auth.ts";
import { formatOf } from "../web/http/formats.ts";
import type { HttpApp } from "../http/http-env.ts";
import { queryBy } from "../web/http/parameters.ts";
import { summaryAnswer } from "../web/http/summary-response.ts";
import type { ReadDeps } from "./deps.ts";
import { matrixAnswer } from "./matrix-answer.ts";
import { pictureRedirect } from "./picture-redirect.ts";
import { requests } from "./requests.ts";

export function addMatrixRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/matrix", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const picture = pictureRedirect(c);
    if (picture !== null) return picture;
    const format = formatOf(c, CHART_FORMATS);
    const query = queryBy(c, (await requests()).shownMatrixQuery);
    const answer = await matrixAnswer(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryAnswer(c, format, { kind: "matrix", answer }, query);
  });
}
