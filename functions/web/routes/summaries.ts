// GET /v1/compare: two backends over the fleet.

import type { Context } from "hono";
import { CHART_FORMATS, LIST_FORMATS, PICTURE_FORMATS } from "../../../shared/api/formats.ts";
import { COST, charged } from "../../service/admission.ts";
import { backendsResult, compareResult, matrixResult, trendResult } from "../../service/queries.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { acceptedOf, formatOf, suffixOf } from "../http/formats.ts";
import { queryBy } from "../http/parameters.ts";
import { summaryResponse } from "../http/summary-response.ts";
import { type ReadDeps, requests } from "./read.ts";

/**
 * Leads who asks for a PNG by `Accept` to the address with the suffix, where another function paints it. Null for all others,
 * and for whoever takes an SVG as well, which is the better picture.
 */
function pictureRedirect(c: Context): Response | null {
  if (suffixOf(c) !== null) return null;
  if (acceptedOf(c, PICTURE_FORMATS) !== "png") return null;
  if (c.req.header("Accept")?.includes("image/svg+xml")) return null;
  const { pathname, search } = new URL(c.req.url);
  return c.redirect(`${pathname}.png${search}`, 307);
}

// GET /v1/backends: what each backend does by itself.

export function addBackendsRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/backends", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const format = formatOf(c, LIST_FORMATS);
    const query = queryBy(c, (await requests()).shownBackendsQuery);
    const answer = await backendsResult(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryResponse(c, format, { kind: "backends", answer }, query);
  });
}

// GET /v1/trend: one backend and metric over periods that follow each other.

export function addTrendRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/trend", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const picture = pictureRedirect(c);
    if (picture !== null) return picture;
    const format = formatOf(c, CHART_FORMATS);
    const query = queryBy(c, (await requests()).shownTrendQuery);
    const answer = await trendResult(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryResponse(c, format, { kind: "trend", answer }, query);
  });
}

// GET /v1/matrix: every pair of backends over the fleet.

export function addMatrixRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/matrix", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const picture = pictureRedirect(c);
    if (picture !== null) return picture;
    const format = formatOf(c, CHART_FORMATS);
    const query = queryBy(c, (await requests()).shownMatrixQuery);
    const answer = await matrixResult(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryResponse(c, format, { kind: "matrix", answer }, query);
  });
}

export function addCompareRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/compare", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const picture = pictureRedirect(c);
    if (picture !== null) return picture;
    const format = formatOf(c, CHART_FORMATS);
    const query = queryBy(c, (await requests()).shownCompareQuery);
    const answer = await compareResult(charged(deps, c.get("ticket")), tokenOf(c).fleet, query);
    return summaryResponse(c, format, { kind: "compare", answer }, query);
  });
}
