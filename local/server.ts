// The single-machine deployment: the embedded engine (or any DynamoDB endpoint), all apps on one port, and the aggregation
// worker, in one process. The apps, the store and the aggregation are those of the Lambda functions.

import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { addDocsRoutes } from "../functions/docs/app.ts";
import { addEmbedRoutes } from "../functions/embed/app.ts";
import { makePainter } from "../functions/embed/painter.ts";
import { makeRenderer } from "../functions/embed/renderer.ts";
import { type EndpointTable, embeddedTable, type LocalSettings, tableAt } from "../functions/env.ts";
import { makeHttpApp } from "../functions/http/app.ts";
import type { Log } from "../functions/http/log.ts";
import { addIngestRoutes } from "../functions/ingest/app.ts";
import { addPageRoutes } from "../functions/pages/app.ts";
import { refusalAsPage } from "../functions/pages/refusals.ts";
import { addSharePageRoutes } from "../functions/pages/share-routes.ts";
import { addUploadRoute } from "../functions/pages/upload-route.ts";
import { addReadRoutes } from "../functions/read/app.ts";
import { makeAggregationStore } from "../functions/store/aggregation.ts";
import { makeCellStore } from "../functions/store/cells.ts";
import { withGroupCommit } from "../functions/store/group-commit.ts";
import { makeHostStore } from "../functions/store/hosts.ts";
import { ensureTable, openTable } from "../functions/store/open-table.ts";
import { makeQuarantineStore } from "../functions/store/quarantine.ts";
import { refuseUnfinishedRestore } from "../functions/store/restore.ts";
import { backOff } from "../functions/store/retry.ts";
import { makeRunStore } from "../functions/store/runs.ts";
import { makeShareStore } from "../functions/store/shares.ts";
import { makeStatusStore } from "../functions/store/status.ts";
import { makeTokenStore } from "../functions/store/tokens.ts";
import { VERSION } from "../shared/deployment.ts";
import type { Wake } from "../shared/ports.ts";
import { ensureAdminToken } from "./admin-token.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { type Engine, startEngine } from "./engine.ts";
import { painterFiles } from "./painter-files.ts";
import { rememberPendingCount } from "./pending-count.ts";
import { StartFault } from "./start-fault.ts";
import { storeFault } from "./store-fault.ts";
import { withTokenCache } from "./token-cache.ts";
import { startWorker } from "./worker.ts";

export interface LocalServer {
  /** Address to send requests to, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The DynamoDB behind it. */
  readonly endpoint: string;
  readonly adminToken: { readonly secret: string; readonly isNew: boolean; readonly file: string };
  /** The process of the embedded engine; null with another DynamoDB. */
  enginePid(): number | null;
  /** Finishes requests and the running aggregation, then stops the engine and frees the folder. */
  stop(): Promise<void>;
}

/** Finds marks that a lost wake-up or a crash has left. */
const POLL_MS = 2_000;

/** How long uploads must pause before the aggregation starts: short to a person, long within a burst. */
const QUIET_MS = 100;

/** It starts that long after the first upload even when they never pause. */
const PATIENCE_MS = 10_000;

/** Starts everything and resolves when requests are answered. Throws StartFault with a message for the operator. */
export async function startLocalServer(
  settings: LocalSettings,
  log: Log,
  print: (line: string) => void,
): Promise<LocalServer> {
  const folder = openDataFolder(settings.dataDir);
  let engine: Engine | null = null;
  try {
    if (settings.endpoint !== null) {
      return await serve(settings, folder, null, tableAt(settings.endpoint, settings.tableName), log);
    }
    engine = await startEngine({ ...folder, onRestart: print });
    return await serve(settings, folder, engine, embeddedTable(engine.endpoint, settings.tableName), log);
  } catch (error) {
    await engine?.stop();
    folder.release();
    throw storeFault(error, settings);
  }
}

async function serve(
  settings: LocalSettings,
  folder: DataFolder,
  engine: Engine | null,
  address: EndpointTable,
  log: Log,
): Promise<LocalServer> {
  const clock = Date.now;
  const table = openTable(address);
  await ensureTable(table);
  await refuseUnfinishedRestore(table);
  const tokens = withTokenCache(makeTokenStore(table), clock);
  const admin = await ensureAdminToken(tokens, folder.adminTokenFile, settings.adminSecret, clock);
  const pending = rememberPendingCount(clock);
  const store = pending.aggregation(makeAggregationStore(table));
  const runs = withGroupCommit(makeRunStore(table));

  const server = createServer();
  await listen(server, settings);
  const worker = startWorker(
    { store, clock, backOff, lanes: 2 },
    {
      pollMs: POLL_MS,
      quietMs: QUIET_MS,
      patienceMs: PATIENCE_MS,
      onFault: (error) => log.fault("aggregation", error),
    },
  );
  const app = makeHttpApp({ clock, log, page: refusalAsPage });
  const wake: Wake = (fleet, hosts) => {
    pending.changed();
    worker.wake(fleet, hosts);
  };
  const ingesting = { runs, quarantine: makeQuarantineStore(table), tokens, clock, wake };
  addIngestRoutes(app, ingesting);
  addUploadRoute(app, ingesting);
  const answering = { cells: makeCellStore(table), status: pending.status(makeStatusStore(table)), tokens, clock };
  const reading = {
    ...answering,
    runs,
    hosts: makeHostStore(table),
    about: { version: VERSION, engine: engine === null ? ("dynamodb" as const) : ("embedded" as const) },
    publicUrl: settings.publicUrl,
  };
  addReadRoutes(app, reading);
  addPageRoutes(app, reading);
  const embedding = {
    ...answering,
    shares: makeShareStore(table),
    renderer: makeRenderer(makePainter(painterFiles)),
    publicUrl: settings.publicUrl,
  };
  addEmbedRoutes(app, embedding);
  addSharePageRoutes(app, embedding);
  addDocsRoutes(app);
  server.on("request", getRequestListener(app.fetch));

  return {
    url: urlOf(server, settings.host),
    endpoint: address.endpoint,
    adminToken: { ...admin, file: folder.adminTokenFile },
    enginePid: () => engine?.pid() ?? null,
    stop: async () => {
      await close(server);
      await worker.stop();
      table.client.destroy();
      await engine?.stop();
      folder.release();
    },
  };
}

function listen(server: Server, { port, host }: LocalSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? `port ${port} on ${host} is taken; set PORT to another one, or to 0 for any free one`
          : error.code === "EACCES"
            ? `port ${port} needs rights this process does not have; set PORT to one above 1023`
            : `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new StartFault(why));
    });
    server.listen(port, host, () => resolve());
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Stops accepting, lets requests that are being answered finish, and drops connections that only wait. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection falls idle when its last answer is out, which may be after the server was closed.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    // A client that keeps a request open for ever must not keep the server from stopping.
    const patience = setTimeout(() => server.closeAllConnections(), 10_000);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(patience);
      resolve();
    });
  });
}
