// Read: everything that answers without writing. In: questions about runs, hosts, backends and the service. Out: JSON and text.

import type { CellStore, Clock, HostStore, RunStore, StatusStore, TokenStore } from "../../../shared/ports.ts";
import type { Admission } from "../../service/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { addHostRoutes } from "./hosts.ts";
import { addRunRoutes } from "./runs.ts";
import { addStatusRoutes } from "./status.ts";
import { addBackendsRoute, addCompareRoute, addMatrixRoute, addTrendRoute } from "./summaries.ts";

/**
 * What questions may hold, loaded with the first question: it takes a tenth of a function's start to make these schemas, and
 * what asks nothing (health, status, signing in, refusals) needs none of them.
 */
export const requests = () => import("../../../shared/api/parameters.ts");

/** What the app is handed. */
export interface ReadDeps {
  readonly runs: RunStore;
  readonly cells: CellStore;
  readonly hosts: HostStore;
  readonly status: StatusStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  /** Lets questions in. */
  readonly admission: Admission;
  /** Lets exports in, each of which may last as long as its reader takes. */
  readonly exports: Admission;
  /** Version of the service and kind of the engine behind the store, for `GET /v1/status`. */
  readonly about: { readonly version: string; readonly engine: "embedded" | "dynamodb" };
}

/** What answers from cells are made with. */
export type QueryDeps = Pick<ReadDeps, "cells" | "status" | "clock">;

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
