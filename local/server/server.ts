// The single-machine deployment: the embedded engine (or any DynamoDB endpoint), all apps on one port, and the aggregation
// worker, in one process. The apps, the store and the aggregation are those of the Lambda functions.

import { getRequestListener } from "@hono/node-server";
import {
  type EndpointTable,
  embeddedTable,
  type LocalSettings,
  tableAt,
  USUAL_TOKEN_LIMITS,
} from "../../functions/env.ts";
import { makeAdmission } from "../../functions/service/admission.ts";
import { makeUploadLimits } from "../../functions/service/upload-limits.ts";
import { makeCellStore } from "../../functions/store/cells.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { makeAggregationStores } from "../../functions/store/commit.ts";
import { backOff } from "../../functions/store/errors.ts";
import { requireFormat } from "../../functions/store/format.ts";
import { withGroupCommit } from "../../functions/store/group-commit.ts";
import { StoreHealth } from "../../functions/store/health.ts";
import { makePendingHosts } from "../../functions/store/pending-hosts.ts";
import { makeQuarantineStore } from "../../functions/store/quarantine.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import { makeShareStore } from "../../functions/store/shares.ts";
import { makeStatusStore } from "../../functions/store/status.ts";
import { makeHostStore } from "../../functions/store/summaries.ts";
import { makeFirstAdminStore, makeTokenStore } from "../../functions/store/tokens.ts";
import { makeUseStore } from "../../functions/store/usage.ts";
import { addDocsRoutes } from "../../functions/web/docs/app.ts";
import { makeHttpApp } from "../../functions/web/http/app.ts";
import type { Log } from "../../functions/web/http/log.ts";
import { addPageRoutes, addSharePageRoutes, addUploadRoute } from "../../functions/web/pages/app.ts";
import { errorPageResponse } from "../../functions/web/pages/error-responses.ts";
import { addEmbedRoutes } from "../../functions/web/routes/embed.ts";
import { addIngestRoutes } from "../../functions/web/routes/ingest.ts";
import { addReadRoutes } from "../../functions/web/routes/read.ts";
import { MAX_EXPORTS } from "../../functions/web/routes/run-export.ts";
import { VERSION } from "../../shared/deployment.ts";
import { SUMMARIES } from "../../shared/summaries/registry.ts";
import { type AdminToken, ensureAdminToken } from "./admin-token.ts";
import { rememberPendingCount, withTokenCache } from "./caches.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { checkDatabase, checkThroughEngine } from "./database-check.ts";
import { type Engine, startEngine } from "./engine.ts";
import { startHttpServer } from "./http-server.ts";
import { makeRenderThread } from "./render-thread.ts";
import { asStartError, toldUpgrade } from "./start-error.ts";
import { openSealedTokens } from "./token-seal.ts";
import { startWorker } from "./worker.ts";

export interface LocalServer {
  /** Address to send requests to, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly adminToken: AdminToken & { readonly file: string };
  /** The process of the embedded engine; null with another DynamoDB. */
  enginePid(): number | null;
  /** Finishes requests and the running aggregation, then stops the engine and frees the folder. */
  stop(): Promise<void>;
}

/** Requests of readers that the store works on at once: enough to keep it busy, few enough to get an upload in between. */
const READER_SOCKETS = 4;

/** Finds marks that a lost wake-up or a crash has left. */
const POLL_MS = 2_000;

/** How long uploads must pause before the aggregation starts: short to a person, long within a burst. */
const QUIET_MS = 100;

/** It starts that long after the first upload even when they never pause. */
const PATIENCE_MS = 10_000;

/**
 * Starts everything and resolves when requests are answered. Throws StartError with a message for the operator, and an
 * AbortError when `signal` is aborted while it waits for the data folder.
 */
export async function startLocalServer(
  settings: LocalSettings,
  log: Log,
  print: (line: string) => void,
  signal?: AbortSignal,
): Promise<LocalServer> {
  const folder = await openDataFolder(settings.dataDir, { role: "server", print, signal });
  let engine: Engine | null = null;
  try {
    if (settings.endpoint !== null) {
      return await serve(settings, folder, null, tableAt(settings.endpoint, settings.tableName), log, print);
    }
    const checked = await checkDatabase(folder.database, print);
    engine = await startEngine({ ...folder, isolation: settings.engineIsolation, print });
    if (engine.connect === undefined) print(reachableByOthers(engine.endpoint));
    const address = embeddedTable(engine, settings.tableName);
    if (checked === "no sqlite3") await checkThroughEngine(folder.database, address, print);
    return await serve(settings, folder, engine, { ...address, health: new StoreHealth() }, log, print);
  } catch (error) {
    await engine?.stop();
    folder.release();
    throw asStartError(error, settings);
  }
}

async function serve(
  settings: LocalSettings,
  folder: DataFolder,
  engine: Engine | null,
  address: EndpointTable,
  log: Log,
  print: (line: string) => void,
): Promise<LocalServer> {
  const clock = Date.now;
  const table = openTable(address);
  // A way of their own to the store: however much is asked, uploads, tokens and health checks do not queue behind it.
  const readTable = openTable({ ...address, sockets: READER_SOCKETS, yieldsToNewClients: true });
  // The sums are worked out for nobody who waits.
  const sumsTable = openTable({ ...address, yieldsToNewClients: true });
  await ensureTable(table);
  if (engine !== null) await toldUpgrade(table, print);
  else await requireFormat(table);
  const tokens = withTokenCache(
    engine === null ? makeTokenStore(table) : await openSealedTokens(table, folder.path, { isHolder: true, print }),
  );
  const rooting = { tokens, firstAdmin: makeFirstAdminStore(table), clock };
  const admin = await ensureAdminToken(rooting, folder.adminTokenFile, settings.adminSecret, print);
  const pending = rememberPendingCount();
  const aggregation = makeAggregationStores(sumsTable);
  const aggregating = {
    ...aggregation,
    pendingHosts: pending.clearing(aggregation.pendingHosts),
    clock,
    backOff,
    lanes: 2,
  };
  const runs = withGroupCommit(makeRunStore(table));

  const server = await startHttpServer({ ...settings, onEnded: print });
  const worker = startWorker(aggregating, {
    pollMs: POLL_MS,
    quietMs: QUIET_MS,
    patienceMs: PATIENCE_MS,
    onFault: (error) => log.error("aggregation", error),
  });
  const app = makeHttpApp({ clock, log, page: errorPageResponse });
  const wake = (fleet: string) => {
    pending.changed();
    worker.wake(fleet);
  };
  const quarantine = { ...makeQuarantineStore(table), list: makeQuarantineStore(readTable).list };
  const limits = makeUploadLimits(makeUseStore(table), clock, settings.tokenLimits ?? USUAL_TOKEN_LIMITS);
  const ingesting = { runs, quarantine, tokens, clock, wake, ...limits };
  addIngestRoutes(app, ingesting);
  addUploadRoute(app, ingesting);
  const answering = {
    cells: makeCellStore(readTable),
    pendingHosts: pending.counting(makePendingHosts(readTable)),
    tokens,
    clock,
    admission: makeAdmission(),
    summaries: SUMMARIES,
  };
  const reading = {
    ...answering,
    runs: makeRunStore(readTable),
    hosts: makeHostStore(readTable),
    status: { ...makeStatusStore(readTable), ping: makeStatusStore(table, address.health).ping },
    exports: makeAdmission(MAX_EXPORTS),
    about: { version: VERSION, engine: engine === null ? ("dynamodb" as const) : ("embedded" as const) },
    publicUrl: settings.publicUrl,
  };
  addReadRoutes(app, reading);
  addPageRoutes(app, reading);
  const drawing = makeRenderThread();
  const embedding = {
    ...answering,
    shares: makeShareStore(readTable),
    renderer: drawing.forTokens,
    linkRenderer: drawing.forLinks,
    publicUrl: settings.publicUrl,
  };
  addEmbedRoutes(app, embedding);
  addSharePageRoutes(app, embedding);
  addDocsRoutes(app);
  server.answer(getRequestListener(app.fetch));

  return {
    url: server.url,
    adminToken: { ...admin, file: folder.adminTokenFile },
    enginePid: () => engine?.pid() ?? null,
    stop: async () => {
      folder.stopping();
      await server.close();
      await drawing.stop();
      await worker.stop();
      table.client.destroy();
      readTable.client.destroy();
      sumsTable.client.destroy();
      await engine?.stop();
      folder.release();
    },
  };
}

/** Who can reach an engine that is not in a namespace of its own. */
const reachableByOthers = (endpoint: string): string =>
  [
    `WARNING: the embedded engine listens on ${endpoint} and asks nobody who they are: every user of this machine can read and`,
    "change results there, and so may pages in a browser on it. Run it where there are neither, such as in a container, or",
    "where network namespaces can be made (ENGINE_ISOLATION=namespace says why not). See docs/runbook.md, Who can reach the engine.",
  ].join("\n");
