// GET /v1/backends: what each backend does by itself.

import { LIST_FORMATS } from "../../shared/api/formats.ts";
import { admitted, COST, charged } from "../web/http/admission.ts";
import { allow, tokenOf } from "../web/http/auth.ts";
import { formatOf } from "../web/http/formats.ts";
import type { HttpApp } from "../http/http-env.ts";
import { queryBy } from "../web/http/parameters.ts";
import { summaryAnswer } from "../web/http/summary-response.ts";
import { backendsAnswer } from "./backends-answer.ts";
import type { ReadDeps } from "./deps.ts";
import { requests } from "./requests.ts";

export function addBackendsRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/backends", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const format = formatOf(c, LIST_FORMATS);
    const query = queryBy(c, (await requests()).shownBackendsQuery);
    const answer = await backendsAnswer(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryAnswer(c, format, { kind: "backends", answer }, query);
  });
}
