// GET /v1/backends: what each backend does by itself. It reads one range of cells for each backend there is, at most 12 of
// them for each period and matching cohort, and as many small reads to find out which there are.

import { backendsQuery } from "../../shared/api/requests.ts";
import { allBackends } from "../../shared/compare/all-backends.ts";
import { backendsText } from "../../shared/render/backends-text.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/format.ts";
import type { HttpApp } from "../http/http-env.ts";
import { queryBy } from "../http/parameters.ts";
import type { ReadDeps } from "./deps.ts";
import { filtersOf } from "./filters-of.ts";
import { newest, noticesOf } from "./freshness.ts";

export function addBackendsRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/backends", allow(deps, "read"), async (c) => {
    const format = formatOf(c, ["json", "txt"]);
    const { period: periods, view, metric: metrics = [], ...cohort } = queryBy(c, backendsQuery);
    const filters = filtersOf(cohort);
    const { fleet } = tokenOf(c);
    const [readings, pendingHosts] = await Promise.all([
      deps.cells.open({ fleet, periods, filters, metrics }).then(({ readAll }) => readAll("backend")),
      deps.status.pendingHosts(fleet),
    ]);
    const backends = allBackends({
      question: { periods, view, filters, metrics },
      asOf: newest(readings.values()),
      pendingHosts,
      notices: noticesOf(readings.values()),
      values: new Map([...readings].map(([name, { views }]) => [name, views[view]])),
    });
    return format === "json" ? c.json(backends) : c.text(backendsText(backends));
  });
}
