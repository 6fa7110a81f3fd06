// The ingest app: everything that writes. It adds the routes of uploads, the quarantine, tokens, retired hosts and settings to an app; its dependencies
// are injected, so that it runs the same behind API Gateway, on one machine and in tests.

import type { Clock } from "../../../shared/run/periods.ts";
import type { RunChanger } from "../../service/run-changes.ts";
import type { NewRunStore } from "../../service/upload/ingest.ts";
import type { UploadLimits } from "../../service/upload/upload-limits.ts";
import type { ActivityDeps } from "../http/activity.ts";
import type { HttpApp } from "../http/app.ts";
import type { TokenLookup } from "../http/auth.ts";
import { addQuarantineRoutes, type Quarantine } from "./quarantine.ts";
import { addResultRoute } from "./results.ts";
import { addRetireRoute, type HostRegistry } from "./retire.ts";
import { addRunChangeRoutes } from "./run-changes.ts";
import { addSettingsRoutes, type SettingsRegistry } from "./settings.ts";
import { addTokenRoutes, type TokenRegistry } from "./tokens.ts";

export interface IngestDeps extends UploadLimits, ActivityDeps {
  readonly runs: NewRunStore & RunChanger;
  readonly quarantine: Quarantine;
  readonly hosts: HostRegistry;
  readonly settings: SettingsRegistry;
  readonly tokens: TokenLookup & TokenRegistry;
  readonly clock: Clock;
  /** Called after runs were stored or withdrawn, with the hosts that are now pending. May do nothing. */
  readonly wake: (fleet: string, hosts: readonly string[]) => void;
}

/** Adds the routes of this app. */
export function addIngestRoutes(app: HttpApp, deps: IngestDeps): void {
  addResultRoute(app, deps);
  addRunChangeRoutes(app, deps);
  addQuarantineRoutes(app, deps);
  addTokenRoutes(app, deps);
  addRetireRoute(app, deps);
  addSettingsRoutes(app, deps);
}
