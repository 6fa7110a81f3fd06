// The docs app behind API Gateway; it needs no table. Wiring only.

import { addDocsRoutes } from "./web/docs/page.tsx";
import { makeHttpApp } from "./web/http/app.ts";
import { gatewayHandler } from "./web/http/gateway.ts";
import { jsonLog } from "./web/http/log.ts";

const app = makeHttpApp({ clock: Date.now, log: jsonLog() });
addDocsRoutes(app);

/** Handles an API Gateway event (payload format 2.0). */
export const handler = gatewayHandler(app);
