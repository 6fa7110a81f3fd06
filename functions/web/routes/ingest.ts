// The ingest app: everything that writes. It adds the routes of uploads, the quarantine and tokens to an app; its dependencies
// are injected, so that it runs the same behind API Gateway, on one machine and in tests.

import type { Clock, QuarantineStore, RunStore, TokenStore, Wake } from "../../../shared/ports.ts";
import type { UploadLimits } from "../../service/upload-limits.ts";
import type { HttpApp } from "../http/app.ts";
import { addQuarantineRoutes } from "./quarantine.ts";
import { addResultRoutes } from "./results.ts";
import { addTokenRoutes } from "./tokens.ts";

export interface IngestDeps extends UploadLimits {
  readonly runs: RunStore;
  readonly quarantine: QuarantineStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly wake: Wake;
}

/** Adds the routes of this app. */
export function addIngestRoutes(app: HttpApp, deps: IngestDeps): void {
  addResultRoutes(app, deps);
  addQuarantineRoutes(app, deps);
  addTokenRoutes(app, deps);
}
