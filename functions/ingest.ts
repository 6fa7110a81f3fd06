// The ingest app behind API Gateway, over the table of this deployment. Wiring only.

import { functionPublicUrl, functionSettings, functionTokenLimits } from "./env.ts";
import { makeUploadLimits } from "./service/upload/upload-limits.ts";
import { openTable } from "./store/client.ts";
import { makeActivityStore } from "./store/fleet/activity.ts";
import { makeSettingsStore } from "./store/fleet/settings.ts";
import { makeTokenStore, makeUseStore } from "./store/fleet/tokens.ts";
import { makeQuarantineStore } from "./store/runs/quarantine.ts";
import { makeChangeableRuns } from "./store/runs/run-changes.ts";
import { makeRetiredHostStore } from "./store/statistics/retired-hosts.ts";
import { withFormatCheck } from "./store/table/format.ts";
import { makeHttpApp } from "./web/http/app.ts";
import { gatewayHandler } from "./web/http/gateway.ts";
import { jsonLog } from "./web/http/log.ts";
import { errorPageResponse } from "./web/pages/error-responses.ts";
import { addRunChangePageRoutes } from "./web/pages/run-change-routes.ts";
import { addUploadRoute } from "./web/pages/upload-route.ts";
import { addIngestRoutes } from "./web/routes/ingest.ts";

const clock = Date.now;
const table = withFormatCheck(openTable(functionSettings()));
const app = makeHttpApp({ clock, log: jsonLog(), page: errorPageResponse, publicUrl: functionPublicUrl() });
const deps = {
  runs: makeChangeableRuns(table),
  quarantine: makeQuarantineStore(table),
  tokens: makeTokenStore(table),
  activity: makeActivityStore(table),
  hosts: makeRetiredHostStore(table),
  settings: makeSettingsStore(table, clock),
  clock,
  // The table's stream starts the aggregation.
  wake: () => undefined,
  ...makeUploadLimits(makeUseStore(table), clock, functionTokenLimits()),
};
addIngestRoutes(app, deps);
addUploadRoute(app, deps);
addRunChangePageRoutes(app, deps);

/** Handles an API Gateway event (payload format 2.0). */
export const handler = gatewayHandler(app);
