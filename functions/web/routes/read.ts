// Read: everything that answers without writing. In: questions about runs, hosts, backends and the service. Out: JSON and text.

import type { HttpApp } from "../../http/http-env.ts";
import { addBackendsRoute } from "../../read/backends-route.ts";
import { addCompareRoute } from "./summaries.ts";
import type { ReadDeps } from "../../read/deps.ts";
import { addHostRoutes } from "./hosts.ts";
import { addMatrixRoute } from "../../read/matrix-route.ts";
import { addRunRoutes } from "./runs.ts";
import { addStatusRoutes } from "./status.ts";
import { addTrendRoute } from "../../read/trend-route.ts";

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
