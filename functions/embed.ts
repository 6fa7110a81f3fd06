// The embed app behind API Gateway, over the table of this deployment, with the rasterizer's files next to the bundle. Wiring
// only.

import { SUMMARIES } from "../shared/summaries/registry.ts";
import { functionPublicUrl, functionSettings } from "./env.ts";
import { makeAdmission } from "./service/admission.ts";
import { makeRasterizer } from "./service/rasterizer.ts";
import { makeRenderer } from "./service/renderer.ts";
import { openTable } from "./store/client.ts";
import { makeActivityStore } from "./store/fleet/activity.ts";
import { makeShareStore } from "./store/fleet/shares.ts";
import { makeTokenStore } from "./store/fleet/tokens.ts";
import { makePendingHostCounts } from "./store/runs/pending-hosts.ts";
import { makeCellStore } from "./store/statistics/cells.ts";
import { withFormatCheck } from "./store/table/format.ts";
import { makeHttpApp } from "./web/http/app.ts";
import { gatewayHandler } from "./web/http/gateway.ts";
import { jsonLog } from "./web/http/log.ts";
import { errorPageResponse } from "./web/pages/error-responses.ts";
import { addSharePageRoutes } from "./web/pages/share-routes.ts";
import { addEmbedRoutes } from "./web/routes/embed.ts";

const nextToBundle = (name: string): URL => new URL(name, import.meta.url);

/** The files that infra/bundle.ts copies. */
const FILES = {
  wasm: nextToBundle("resvg.wasm"),
  fonts: [nextToBundle("DejaVuSans.ttf"), nextToBundle("DejaVuSans-Bold.ttf")],
};

const clock = Date.now;
const table = withFormatCheck(openTable(functionSettings()));
const publicUrl = functionPublicUrl();
const app = makeHttpApp({ clock, log: jsonLog(), page: errorPageResponse, publicUrl });
// An instance handles one request at a time, so no other request waits while it draws.
const renderer = makeRenderer(makeRasterizer(() => FILES));
const deps = {
  shares: makeShareStore(table),
  cells: makeCellStore(table),
  pendingHosts: makePendingHostCounts(table),
  tokens: makeTokenStore(table),
  activity: makeActivityStore(table),
  clock,
  summaries: SUMMARIES,
  admission: makeAdmission(),
  renderer,
  linkRenderer: renderer,
  publicUrl,
};
addEmbedRoutes(app, deps);
addSharePageRoutes(app, deps);

/** Handles an API Gateway event (payload format 2.0). */
export const handler = gatewayHandler(app);
