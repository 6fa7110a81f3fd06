// The read app behind API Gateway, over the table of this deployment. Wiring only.

import { VERSION } from "../shared/deployment.ts";
import { SUMMARIES } from "../shared/summaries/registry.ts";
import { functionPublicUrl, functionSettings } from "./env.ts";
import { makeAdmission } from "./service/admission.ts";
import { openTable } from "./store/client.ts";
import { makeActivityStore } from "./store/fleet/activity.ts";
import { makeSettingsStore } from "./store/fleet/settings.ts";
import { makeTokenStore } from "./store/fleet/tokens.ts";
import { makePendingHostCounts } from "./store/runs/pending-hosts.ts";
import { makeRunStore } from "./store/runs/runs.ts";
import { makeCellStore } from "./store/statistics/cells.ts";
import { makeHostCountStore } from "./store/statistics/host-counts.ts";
import { makeHostStore } from "./store/statistics/hosts.ts";
import { makeStatusStore } from "./store/status.ts";
import { withFormatCheck } from "./store/table/format.ts";
import { makeHttpApp } from "./web/http/app.ts";
import { gatewayHandler } from "./web/http/gateway.ts";
import { jsonLog } from "./web/http/log.ts";
import { addPageRoutes } from "./web/pages/app.ts";
import { errorPageResponse } from "./web/pages/error-responses.ts";
import { addReadRoutes } from "./web/routes/read.ts";
import { MAX_EXPORTS } from "./web/routes/run-export.ts";

const clock = Date.now;
const table = withFormatCheck(openTable(functionSettings()));
const publicUrl = functionPublicUrl();
const app = makeHttpApp({ clock, log: jsonLog(), page: errorPageResponse, publicUrl });
const deps = {
  runs: makeRunStore(table),
  cells: makeCellStore(table),
  hosts: makeHostStore(table),
  hostCounts: makeHostCountStore(table),
  settings: makeSettingsStore(table, clock),
  pendingHosts: makePendingHostCounts(table),
  status: makeStatusStore(table),
  tokens: makeTokenStore(table),
  activity: makeActivityStore(table),
  clock,
  summaries: SUMMARIES,
  admission: makeAdmission(),
  exports: makeAdmission(MAX_EXPORTS),
  about: { version: VERSION, engine: "dynamodb" },
  publicUrl,
} as const;
addReadRoutes(app, deps);
addPageRoutes(app, deps);

/** Handles an API Gateway event (payload format 2.0). */
export const handler = gatewayHandler(app);
