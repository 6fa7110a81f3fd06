// Hosts: a list of them with what is known about each, and one with its values, its ratios and its place in the fleet. Both
// are read from host summaries over all time, which aggregation keeps; a host costs one range of cells more for each of its
// backends and each pair of them.

import { CHART_FORMATS, LIST_FORMATS } from "../../../shared/api/formats.ts";
import type { ListedHost } from "../../../shared/cells/stored-summary.ts";
import { hostEntry } from "../../../shared/compare/host.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Page } from "../../../shared/run/listing.ts";
import { COST, charged } from "../../service/admission.ts";
import { hostResult } from "../../service/queries.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { acceptedOf, formatOf, suffixOf } from "../http/formats.ts";
import { queryBy } from "../http/parameters.ts";
import { summaryResponse } from "../http/summary-response.ts";
import { type ReadDeps, requests } from "./read.ts";

/** Lists hosts. */
export interface HostLister {
  /** Hosts with runs that count, in the order of the UTF-8 bytes of their names. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<ListedHost>>;
}

export function addHostRoutes(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/hosts", allow(deps, "read"), admitted(deps, COST.list), async (c) => {
    const format = formatOf(c, LIST_FORMATS);
    const { limit, cursor, ...look } = queryBy(c, (await requests()).hostsQuery);
    const page = await deps.hosts.list(tokenOf(c).fleet, limit, cursor);
    const answer = { hosts: page.items.map(hostEntry), cursor: page.cursor };
    return summaryResponse(c, format, { kind: "hosts", answer }, look);
  });

  app.get("/v1/hosts/:host", allow(deps, "read"), admitted(deps, COST.answer), async (c) => {
    const { fleet } = tokenOf(c);
    const answering = charged(deps, c.get("ticket"));
    const look = queryBy(c, (await requests()).shownQuery);
    const name = c.req.param("host");
    const suffix = suffixOf(c);
    // A name may end like a format: a host of that very name wins, and the answer then has the format of Accept.
    const whole = suffix === null ? null : await hostResult(answering, fleet, `${name}.${suffix}`);
    const format = whole === null ? formatOf(c, CHART_FORMATS) : acceptedOf(c, CHART_FORMATS);
    const profile = whole ?? (await hostResult(answering, fleet, name));
    if (profile === null) throw new AppError("not_found", "this fleet has no results of a host with that name");
    return summaryResponse(c, format, { kind: "host", answer: profile }, look);
  });
}
