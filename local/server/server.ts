// The single-machine deployment in one process: the embedded engine (or any DynamoDB endpoint), all apps on one port, and the aggregation
// worker. Apps, store and aggregation are the same code as in the Lambda functions.

import { getRequestListener } from "@hono/node-server";
import {
  type EndpointTable,
  embeddedTable,
  type LocalSettings,
  tableAt,
  USUAL_TOKEN_LIMITS,
} from "../../functions/env.ts";
import { makeAdmission } from "../../functions/service/admission.ts";
import { makeUploadLimits } from "../../functions/service/upload/upload-limits.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { makeActivityStore } from "../../functions/store/fleet/activity.ts";
import { makeSettingsStore } from "../../functions/store/fleet/settings.ts";
import { makeShareStore } from "../../functions/store/fleet/shares.ts";
import { makeFirstAdminStore, makeTokenStore, makeUseStore } from "../../functions/store/fleet/tokens.ts";
import { withGroupCommit } from "../../functions/store/runs/group-commit.ts";
import { makePendingHostCounts } from "../../functions/store/runs/pending-hosts.ts";
import { makeQuarantineStore } from "../../functions/store/runs/quarantine.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { makeHostCountStore } from "../../functions/store/statistics/host-counts.ts";
import { makeHostStore } from "../../functions/store/statistics/hosts.ts";
import { makeRetiredHostStore } from "../../functions/store/statistics/retired-hosts.ts";
import { makeStatusStore, StoreHealth } from "../../functions/store/status.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import { FORMAT, isServed, readFormat, requireFormat } from "../../functions/store/table/format.ts";
import { addDocsRoutes } from "../../functions/web/docs/page.tsx";
import { makeHttpApp } from "../../functions/web/http/app.ts";
import type { Log } from "../../functions/web/http/log.ts";
import { addPageRoutes } from "../../functions/web/pages/app.ts";
import { errorPageResponse } from "../../functions/web/pages/error-responses.ts";
import { addRunChangePageRoutes } from "../../functions/web/pages/run-change-routes.ts";
import { addSharePageRoutes } from "../../functions/web/pages/share-routes.ts";
import { addUploadRoute } from "../../functions/web/pages/upload-route.ts";
import { addEmbedRoutes } from "../../functions/web/routes/embed.ts";
import { addIngestRoutes } from "../../functions/web/routes/ingest.ts";
import { addReadRoutes } from "../../functions/web/routes/read.ts";
import { MAX_EXPORTS } from "../../functions/web/routes/run-export.ts";
import { VERSION } from "../../shared/deployment.ts";
import { SUMMARIES } from "../../shared/summaries/registry.ts";
import { type AdminToken, ensureAdminToken } from "./admin-token.ts";
import { makePendingCountCache, withTokenCache } from "./caches.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { checkDatabase, checkThroughEngine, upgradeAndReport } from "./database.ts";
import { type Engine, startEngine } from "./engine.ts";
import { startHttpServer } from "./http-server.ts";
import { makeRenderThread } from "./render-thread.ts";
import { startRetention } from "./retention.ts";
import { asStartError } from "./start-error.ts";
import { openSealedTokens } from "./token-seal.ts";
import { startWorker } from "./worker.ts";

export interface LocalServer {
  /** The URL of the server, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly adminToken: AdminToken & { readonly file: string };
  /** The process id of the embedded engine; null with another DynamoDB. */
  enginePid(): number | null;
  /** Finishes requests and the running aggregation, then stops the engine and releases the folder. */
  stop(): Promise<void>;
}

/** How many requests of readers the store processes at once: enough to keep it busy, few enough to let uploads in between. */
const READER_SOCKETS = 4;

/** How often pending hosts are looked for that a lost wake-up or a crash has left. */
const POLL_MS = 2_000;

/** When expired items are deleted: not during a start, and then often enough that they take little of the disk. */
const EXPIRY_AFTER_MS = 600_000;
const EXPIRY_EVERY_MS = 6 * 3_600_000;

/** How long uploads must pause before the aggregation starts: short for a person, long within a burst. */
const QUIET_MS = 100;

/** The aggregation starts this long after the first upload even if uploads never pause. */
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
    if (engine.connect === undefined) print(isolationWarning(engine.endpoint));
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
  // Separate connections for readers: uploads, tokens and health checks never queue behind queries.
  const readTable = openTable({ ...address, sockets: READER_SOCKETS, yieldsToNewClients: true });
  // Nobody waits for the aggregation.
  const sumsTable = openTable({ ...address, yieldsToNewClients: true });
  await ensureTable(table);
  // A table of the format before this version's keeps it, so that the version before can be started again.
  if (engine !== null && !isServed((await readFormat(table)) ?? FORMAT)) await upgradeAndReport(table, print);
  for (const each of [table, sumsTable]) await requireFormat(each);
  const tokens = withTokenCache(
    engine === null ? makeTokenStore(table) : await openSealedTokens(table, folder.path, { isHolder: true, print }),
  );
  const adminDeps = { tokens, firstAdmin: makeFirstAdminStore(table), clock };
  const admin = await ensureAdminToken(adminDeps, folder.adminTokenFile, settings.adminSecret, print);
  const pending = makePendingCountCache();
  const aggregation = makeAggregationStores(sumsTable);
  const aggregating = {
    ...aggregation,
    pendingHosts: pending.clearing(aggregation.pendingHosts),
    clock,
    backOff,
    lanes: 2,
  };
  const runs = withGroupCommit(makeChangeableRuns(table));

  const server = await startHttpServer({ ...settings, onEnded: print });
  const worker = startWorker(aggregating, {
    pollMs: POLL_MS,
    quietMs: QUIET_MS,
    patienceMs: PATIENCE_MS,
    onError: (error) => log.error("aggregation", error),
  });
  // Another DynamoDB deletes them itself.
  const retention =
    engine === null
      ? null
      : startRetention(sumsTable, {
          firstAfterMs: EXPIRY_AFTER_MS,
          everyMs: EXPIRY_EVERY_MS,
          clock,
          onError: (error) => log.error("retention", error),
        });
  const app = makeHttpApp({ clock, log, page: errorPageResponse, publicUrl: settings.publicUrl });
  const wake = (fleet: string) => {
    pending.changed();
    worker.wake(fleet);
  };
  const quarantine = { ...makeQuarantineStore(table), list: makeQuarantineStore(readTable).list };
  const limits = makeUploadLimits(makeUseStore(table), clock, settings.tokenLimits ?? USUAL_TOKEN_LIMITS);
  const activity = makeActivityStore(table);
  const settingsStore = makeSettingsStore(table, clock);
  const hosts = makeRetiredHostStore(table);
  const ingestDeps = { runs, quarantine, tokens, activity, hosts, settings: settingsStore, clock, wake, ...limits };
  addIngestRoutes(app, ingestDeps);
  addUploadRoute(app, ingestDeps);
  addRunChangePageRoutes(app, ingestDeps);
  const queryDeps = {
    cells: makeCellStore(readTable),
    pendingHosts: pending.counting(makePendingHostCounts(readTable)),
    tokens,
    activity,
    clock,
    admission: makeAdmission(),
    summaries: SUMMARIES,
  };
  const readDeps = {
    ...queryDeps,
    runs: makeRunStore(readTable),
    hosts: makeHostStore(readTable),
    hostCounts: makeHostCountStore(readTable),
    settings: settingsStore,
    status: { ...makeStatusStore(readTable), ping: makeStatusStore(table, address.health).ping },
    exports: makeAdmission(MAX_EXPORTS),
    about: { version: VERSION, engine: engine === null ? ("dynamodb" as const) : ("embedded" as const) },
    publicUrl: settings.publicUrl,
  };
  addReadRoutes(app, readDeps);
  addPageRoutes(app, readDeps);
  const rendering = makeRenderThread();
  const embedDeps = {
    ...queryDeps,
    shares: makeShareStore(readTable),
    renderer: rendering.forTokens,
    linkRenderer: rendering.forLinks,
    publicUrl: settings.publicUrl,
  };
  addEmbedRoutes(app, embedDeps);
  addSharePageRoutes(app, embedDeps);
  addDocsRoutes(app);
  server.answer(getRequestListener(app.fetch));

  return {
    url: server.url,
    adminToken: { ...admin, file: folder.adminTokenFile },
    enginePid: () => engine?.pid() ?? null,
    stop: async () => {
      folder.stopping();
      await server.close();
      await rendering.stop();
      await worker.stop();
      await retention?.stop();
      table.client.destroy();
      readTable.client.destroy();
      sumsTable.client.destroy();
      await engine?.stop();
      folder.release();
    },
  };
}

/** The warning about an engine that is not in a namespace of its own. */
const isolationWarning = (endpoint: string): string =>
  [
    `WARNING: the embedded engine listens on ${endpoint} without authentication: every user of this machine, and every page in`,
    "a browser on it, can read and change results there. Run it on a machine without other users and browsers, such as a container, or",
    "with network namespaces (ENGINE_ISOLATION=namespace reports why they fail). See docs/runbook.md, Who can reach the engine.",
  ].join("\n");
