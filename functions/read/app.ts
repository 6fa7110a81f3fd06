// Read: everything that answers without writing. In: questions about runs, hosts, backends and the service. Out: JSON and text.

import type { HttpApp } from "../http/http-env.ts";
import { addBackendsRoute } from "./backends-route.ts";
import { addCompareRoute } from "./compare-route.ts";
import type { ReadDeps } from "./deps.ts";
import { addHostRoutes } from "./host-routes.ts";
import { addMatrixRoute } from "./matrix-route.ts";
import { addRunRoutes } from "./run-routes.ts";
import { addStatusRoutes } from "./status-routes.ts";
import { addTrendRoute } from "./trend-route.ts";

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
