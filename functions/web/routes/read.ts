// Read: everything that answers without writing. In: queries about runs, hosts, backends and the service. Out: JSON and text.

import type { Cohort } from "../../../shared/run/cohort.ts";
import type { PendingBacklog } from "../../../shared/run/pending-host.ts";
import type { SummaryRegistry } from "../../../shared/summaries/registry.ts";
import type { Admission } from "../../service/admission.ts";
import type { CellStore, FleetStores, PendingHostCount } from "../../service/summary-source.ts";
import type { HttpApp } from "../http/app.ts";
import type { TokenLookup } from "../http/auth.ts";
import { runExportResponse } from "./run-export.ts";
import { addStatusRoutes, type HostCountLookup, type StoreStatus } from "./status.ts";
import { addSummaryRoutes } from "./summaries.ts";

/** Lists the cohorts of a period, for filters to choose from. */
interface CohortLister {
  cohorts(fleet: string, period: string): Promise<readonly Cohort[]>;
}

/** Counts pending hosts exactly, with the time of the oldest. */
interface PendingHostBacklog {
  backlog(fleet: string): Promise<PendingBacklog>;
}

/** What the routes need. */
export interface ReadDeps extends FleetStores {
  readonly cells: CellStore & CohortLister;
  readonly pendingHosts: PendingHostCount & PendingHostBacklog;
  readonly status: StoreStatus;
  readonly hostCounts: HostCountLookup;
  readonly tokens: TokenLookup;
  readonly summaries: SummaryRegistry;
  /** Limits what is computed at once. */
  readonly admission: Admission;
  /** Limits exports at once, each of which may last as long as its reader takes. */
  readonly exports: Admission;
  /** Version of the service and kind of the engine behind the store, for `GET /v1/status`. */
  readonly about: { readonly version: string; readonly engine: "embedded" | "dynamodb" };
}

/** Adds the routes of this app. */
export function addReadRoutes(app: HttpApp, deps: ReadDeps): void {
  addSummaryRoutes(app, deps, { "runs.csv": (c) => runExportResponse(c, deps) });
  addStatusRoutes(app, deps);
}
