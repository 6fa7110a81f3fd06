// Read: everything that answers without writing. In: queries about runs, hosts, backends and the service. Out: JSON and text.

import type { CellStore, Clock, HostStore, RunStore, StatusStore, TokenStore } from "../../../shared/ports.ts";
import type { SummaryRegistry } from "../../../shared/summaries/registry.ts";
import type { Admission } from "../http/admission.ts";
import type { HttpApp } from "../http/app.ts";
import { runExportResponse } from "./run-export.ts";
import { addStatusRoutes } from "./status.ts";
import { addSummaryRoutes } from "./summaries.ts";

/** What the routes need. */
export interface ReadDeps {
  readonly runs: RunStore;
  readonly cells: CellStore;
  readonly hosts: HostStore;
  readonly status: StatusStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
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
