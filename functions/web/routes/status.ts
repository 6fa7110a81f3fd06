// The health check for load balancers, without a token, and the status of a fleet for operators.

import { SCOPE_ALL } from "../../../shared/cells/cell.ts";
import { FLEET_NAME } from "../../../shared/cells/contribution.ts";
import type { HostCounts } from "../../../shared/run/host-counts.ts";
import { PERIOD_ALL } from "../../../shared/run/periods.ts";
import { COST } from "../../service/admission.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat } from "../http/formats.ts";
import type { ReadDeps } from "./read.ts";

/** What an operator wants to know of the store. */
export interface StoreStatus {
  /** Quarantined lines, counted up to 10 000. */
  quarantined(fleet: string): Promise<number>;
  /** Resolves when the store works, throws `unavailable` when it does not. */
  ping(): Promise<void>;
}

/** Looks up what the last sweep counted. */
export interface HostCountLookup {
  /** Null before the first sweep. */
  get(fleet: string): Promise<HostCounts | null>;
}

/** Adds both routes. */
export function addStatusRoutes(app: HttpApp, deps: ReadDeps): void {
  app.get("/healthz", async (c) => {
    await deps.status.ping();
    return c.json({ status: "ok" });
  });

  app.get("/v1/status", allow(deps, "read", "ingest"), admitted(deps, COST.summary), async (c) => {
    chooseFormat(c, ["json"]);
    const { fleet } = currentToken(c);
    const [pending, quarantined, fleetCells, counts] = await Promise.all([
      deps.pendingHosts.backlog(fleet),
      deps.status.quarantined(fleet),
      deps.cells.open({ fleet, periods: [PERIOD_ALL], filters: {} }).then((cells) => cells.read("fleet", FLEET_NAME)),
      deps.hostCounts.get(fleet),
    ]);
    const cell = fleetCells.views.all.get(SCOPE_ALL)?.cell;
    const age = pending.oldestAt === null ? 0 : Math.max(0, (deps.clock() - Date.parse(pending.oldestAt)) / 1000);
    return c.json({
      pending_hosts: pending.count,
      ...(pending.hasMore && { more_than: pending.count }),
      oldest_pending_age_s: age,
      // As aggregated: without the new runs of pending hosts, and with at most 99 of a host, backend and stratum.
      runs: cell?.runs ?? 0,
      hosts: cell?.hosts ?? 0,
      quarantined,
      silent_hosts: counts?.silent_hosts ?? null,
      retired_hosts: counts?.retired_hosts ?? null,
      newest_result_at: counts?.newest_result_at ?? null,
      agents: counts?.agents ?? [],
      hosts_counted_at: counts?.counted_at ?? null,
      ...deps.about,
    });
  });
}
