// GET /v1/compare: two backends over the fleet.

import { CHART_FORMATS } from "../../../shared/api/formats.ts";
import { admitted, COST, charged } from "../http/admission.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import type { HttpApp } from "../../http/http-env.ts";
import { queryBy } from "../http/parameters.ts";
import { summaryAnswer } from "../http/summary-response.ts";
import { compareAnswer } from "../../service/queries.ts";
import type { ReadDeps } from "../../read/deps.ts";
import { pictureRedirect } from "../../read/picture-redirect.ts";
import { requests } from "../../read/requests.ts";

export function addCompareRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/compare", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const picture = pictureRedirect(c);
    if (picture !== null) return picture;
    const format = formatOf(c, CHART_FORMATS);
    const query = queryBy(c, (await requests()).shownCompareQuery);
    const answer = await compareAnswer(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryAnswer(c, format, { kind: "compare", answer }, query);
  });
}
