// Read: everything that answers without writing. In: questions about runs, backends and the service. Out: JSON and text.

import type { HttpApp } from "../http/http-env.ts";
import { addCompareRoute } from "./compare-route.ts";
import type { ReadDeps } from "./deps.ts";
import { addRunRoutes } from "./run-routes.ts";
import { addStatusRoutes } from "./status-routes.ts";

/** Adds the routes of this app. */
export function addReadRoutes(app: HttpApp, deps: ReadDeps): void {
  addRunRoutes(app, deps);
  addCompareRoute(app, deps);
  addStatusRoutes(app, deps);
}
