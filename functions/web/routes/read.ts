// Read: everything that answers without writing. In: questions about runs, hosts, backends and the service. Out: JSON and text.

import type { Cohort } from "../../../shared/run/cohort.ts";
import type { PendingBacklog } from "../../../shared/run/pending-host.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Admission } from "../../service/admission.ts";
import type { CellReader, HostLookup, PendingHostCount, RunLookup } from "../../service/queries.ts";
import type { RunLister } from "../../service/run-pages.ts";
import type { HttpApp } from "../http/app.ts";
import type { TokenLookup } from "../http/auth.ts";
import { addHostRoutes, type HostLister } from "./hosts.ts";
import { addRunRoutes } from "./runs.ts";
import { addStatusRoutes, type StoreStatus } from "./status.ts";
import { addBackendsRoute, addCompareRoute, addMatrixRoute, addTrendRoute } from "./summaries.ts";

/**
 * What questions may hold, loaded with the first question: it takes a tenth of a function's start to make these schemas, and
 * what asks nothing (health, status, signing in, refusals) needs none of them.
 */
export const requests = () => import("../../../shared/api/parameters.ts");

/** Lists the cohorts of a period, for filters to choose from. */
interface CohortLister {
  cohorts(fleet: string, period: string): Promise<readonly Cohort[]>;
}

/** Counts pending hosts exactly, with the time of the oldest. */
interface PendingHostBacklog {
  backlog(fleet: string): Promise<PendingBacklog>;
}

/** What the app is handed. */
export interface ReadDeps {
  readonly runs: RunLookup & RunLister;
  readonly cells: CellReader & CohortLister;
  readonly hosts: HostLookup & HostLister;
  readonly pendingHosts: PendingHostCount & PendingHostBacklog;
  readonly status: StoreStatus;
  readonly tokens: TokenLookup;
  readonly clock: Clock;
  /** Lets questions in. */
  readonly admission: Admission;
  /** Lets exports in, each of which may last as long as its reader takes. */
  readonly exports: Admission;
  /** Version of the service and kind of the engine behind the store, for `GET /v1/status`. */
  readonly about: { readonly version: string; readonly engine: "embedded" | "dynamodb" };
}

/** What answers from cells are made with. */
export interface QueryDeps {
  readonly cells: CellReader;
  readonly pendingHosts: PendingHostCount;
  readonly clock: Clock;
}

/** Adds the routes of this app. */
export function addReadRoutes(app: HttpApp, deps: ReadDeps): void {
  addRunRoutes(app, deps);
  addHostRoutes(app, deps);
  addBackendsRoute(app, deps);
  addCompareRoute(app, deps);
  addMatrixRoute(app, deps);
  addTrendRoute(app, deps);
  addStatusRoutes(app, deps);
}
