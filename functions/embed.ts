// Embed behind API Gateway: the app over the table of this deployment, with the painter's files beside the bundle. Wiring
// only.

import { SUMMARIES } from "../shared/summaries/registry.ts";
import { functionPublicUrl, functionSettings } from "./env.ts";
import { makeRasterizer } from "./service/rasterizer.ts";
import { makeRenderer } from "./service/renderer.ts";
import { makeCellStore } from "./store/cells.ts";
import { openTable } from "./store/client.ts";
import { withFormatCheck } from "./store/format.ts";
import { makeShareStore } from "./store/shares.ts";
import { makeStatusStore } from "./store/status.ts";
import { makeTokenStore } from "./store/tokens.ts";
import { makeAdmission } from "./web/http/admission.ts";
import { makeHttpApp } from "./web/http/app.ts";
import { gatewayHandler } from "./web/http/gateway.ts";
import { jsonLog } from "./web/http/log.ts";
import { addSharePageRoutes } from "./web/pages/app.ts";
import { errorPageResponse } from "./web/pages/error-responses.ts";
import { addEmbedRoutes } from "./web/routes/embed.ts";

const beside = (name: string): URL => new URL(name, import.meta.url);

/** As infra/bundle.ts puts them there. */
const FILES = { wasm: beside("resvg.wasm"), fonts: [beside("DejaVuSans.ttf"), beside("DejaVuSans-Bold.ttf")] };

const clock = Date.now;
const table = withFormatCheck(openTable(functionSettings()));
const app = makeHttpApp({ clock, log: jsonLog(), page: errorPageResponse });
// An instance has one request at a time: nobody waits while it draws.
const renderer = makeRenderer(makeRasterizer(() => FILES));
const deps = {
  shares: makeShareStore(table),
  cells: makeCellStore(table),
  status: makeStatusStore(table),
  tokens: makeTokenStore(table),
  clock,
  summaries: SUMMARIES,
  admission: makeAdmission(),
  renderer,
  linkRenderer: renderer,
  publicUrl: functionPublicUrl(),
};
addEmbedRoutes(app, deps);
addSharePageRoutes(app, deps);

/** Answers an API Gateway event (payload format 2.0). */
export const handler = gatewayHandler(app);
