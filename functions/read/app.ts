// Read: everything that answers without writing. In: questions about runs, backends and the service. Out: JSON and text.

import type { CellStore, Clock, RunStore, StatusStore, TokenStore } from "../../shared/ports.ts";
import type { HttpApp } from "../http/app.ts";
import { addCompareRoute } from "./compare-route.ts";
import { addDocsRoutes } from "./docs-routes.ts";
import { addRunRoutes } from "./run-routes.ts";
import { addStatusRoutes } from "./status-routes.ts";

export interface ReadDeps {
  readonly runs: RunStore;
  readonly cells: CellStore;
  readonly status: StatusStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  /** Version of the service and name of the engine behind the store, for `GET /v1/status`. */
  readonly about: { readonly version: string; readonly engine: string };
}

/** Adds the routes of this app. */
export function addReadRoutes(app: HttpApp, deps: ReadDeps): void {
  addRunRoutes(app, deps);
  addCompareRoute(app, deps);
  addStatusRoutes(app, deps);
  addDocsRoutes(app);
}
