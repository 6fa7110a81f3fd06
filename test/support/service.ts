// The whole service over a real table, asked through Request and Response as Hono passes them on: the same apps, store and
// aggregation as on one machine and behind API Gateway, without a socket.

import { USUAL_TOKEN_LIMITS } from "../../functions/env.ts";
import { makeAdmission } from "../../functions/service/admission.ts";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { makeRasterizer } from "../../functions/service/rasterizer.ts";
import { makeRenderer, type Renderer } from "../../functions/service/renderer.ts";
import { secretHash } from "../../functions/service/tokens.ts";
import { makeUploadLimits, type TokenLimits } from "../../functions/service/upload/upload-limits.ts";
import { makeActivityStore } from "../../functions/store/fleet/activity.ts";
import { makeSettingsStore } from "../../functions/store/fleet/settings.ts";
import { makeShareStore } from "../../functions/store/fleet/shares.ts";
import { makeTokenStore, makeUseStore, type TokenStore } from "../../functions/store/fleet/tokens.ts";
import { makePendingHosts } from "../../functions/store/runs/pending-hosts.ts";
import { makeQuarantineStore } from "../../functions/store/runs/quarantine.ts";
import type { QuarantineLimits } from "../../functions/store/runs/quarantine-room.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { makeHostCountStore } from "../../functions/store/statistics/host-counts.ts";
import { makeHostStore } from "../../functions/store/statistics/hosts.ts";
import { makeRetiredHostStore } from "../../functions/store/statistics/retired-hosts.ts";
import { makeStatusStore } from "../../functions/store/status.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { addDocsRoutes } from "../../functions/web/docs/page.tsx";
import { type HttpApp, makeHttpApp } from "../../functions/web/http/app.ts";
import type { Log, RequestEntry } from "../../functions/web/http/log.ts";
import { addPageRoutes } from "../../functions/web/pages/app.ts";
import { errorPageResponse } from "../../functions/web/pages/error-responses.ts";
import { addRunChangePageRoutes } from "../../functions/web/pages/run-change-routes.ts";
import { addSharePageRoutes } from "../../functions/web/pages/share-routes.ts";
import { addUploadRoute } from "../../functions/web/pages/upload-route.ts";
import { addEmbedRoutes } from "../../functions/web/routes/embed.ts";
import { addIngestRoutes } from "../../functions/web/routes/ingest.ts";
import { addReadRoutes } from "../../functions/web/routes/read.ts";
import { MAX_EXPORTS } from "../../functions/web/routes/run-export.ts";
import { rasterizerFiles } from "../../local/server/render-thread.ts";
import type { Token } from "../../shared/run/token.ts";
import { SUMMARIES, type SummaryRegistry } from "../../shared/summaries/registry.ts";

export interface TestService {
  readonly app: HttpApp;
  readonly table: Table;
  /** The secret of the first admin token, of fleet `default`. */
  readonly admin: string;
  /** Adds a token and gives its secret. */
  token(token: Partial<Token> & Pick<Token, "scope">): Promise<string>;
  /** Sends a request with a token (the admin's unless told otherwise, none for null). */
  send(path: string, init?: RequestInit & { token?: string | null }): Promise<Response>;
  /** POST /v1/results. */
  post(body: string | Uint8Array, query: string, init?: RequestInit & { token?: string | null }): Promise<Response>;
  /** Works off all work marks of a fleet. */
  aggregate(fleet?: string): Promise<void>;
  /** The time the service sees, in milliseconds; set it to travel. */
  now: number;
  readonly requests: RequestEntry[];
  readonly faults: unknown[];
}

let tokens = 0;

/** What a test may want to be otherwise. */
interface Otherwise {
  readonly summaries?: SummaryRegistry;
  readonly renderer?: Renderer;
  readonly publicUrl?: string;
  readonly tokens?: TokenStore;
  readonly limits?: TokenLimits;
  readonly quarantineLimits?: QuarantineLimits;
}

export async function makeTestService(
  table: Table,
  {
    summaries = SUMMARIES,
    renderer = makeRenderer(makeRasterizer(rasterizerFiles), summaries),
    publicUrl,
    tokens: givenTokens,
    limits = USUAL_TOKEN_LIMITS,
    quarantineLimits,
  }: Otherwise = {},
): Promise<TestService> {
  const requests: RequestEntry[] = [];
  const faults: unknown[] = [];
  const log: Log = { request: (entry) => requests.push(entry), error: (_, error) => faults.push(error) };
  const clock = () => service.now;
  const tokenStore = givenTokens ?? makeTokenStore(table, null, clock);
  const runs = makeChangeableRuns(table, clock);
  const app = makeHttpApp({ clock, log, page: errorPageResponse, summaries, publicUrl: publicUrl ?? null });
  const settings = makeSettingsStore(table, clock);
  const ingesting = {
    runs,
    quarantine: makeQuarantineStore(table, clock, quarantineLimits),
    tokens: tokenStore,
    activity: makeActivityStore(table, clock),
    hosts: makeRetiredHostStore(table),
    settings,
    clock,
    wake: () => undefined,
    ...makeUploadLimits(makeUseStore(table), () => service.now, limits),
  };
  addIngestRoutes(app, ingesting);
  addUploadRoute(app, ingesting);
  addRunChangePageRoutes(app, ingesting);
  const answering = {
    cells: makeCellStore(table),
    pendingHosts: makePendingHosts(table),
    tokens: tokenStore,
    activity: makeActivityStore(table, clock),
    clock,
    admission: makeAdmission(),
    summaries,
  };
  const reading = {
    ...answering,
    runs,
    hosts: makeHostStore(table),
    hostCounts: makeHostCountStore(table),
    settings,
    status: makeStatusStore(table),
    exports: makeAdmission(MAX_EXPORTS),
    about: { version: "test", engine: "embedded" },
    publicUrl: publicUrl ?? null,
  } as const;
  addReadRoutes(app, reading);
  addPageRoutes(app, reading);
  const embedding = {
    ...answering,
    shares: makeShareStore(table, clock),
    renderer,
    linkRenderer: renderer,
    publicUrl: publicUrl ?? null,
  };
  addEmbedRoutes(app, embedding);
  addSharePageRoutes(app, embedding);
  addDocsRoutes(app);
  const aggregation = makeAggregationStores(table);

  const service: TestService = {
    app,
    table,
    admin: "",
    now: Date.parse("2026-11-22T10:00:00.000Z"),
    requests,
    faults,
    token: async (token) => {
      tokens += 1;
      const secret = `secret-${tokens}`;
      const base = { id: `token-${tokens}`, fleet: "default", root: false, hosts: null, expires_at: null, label: null };
      const made = { ...base, created_at: new Date(service.now).toISOString(), revoked_at: null, ...token };
      await tokenStore.add(made, secretHash(secret));
      return secret;
    },
    send: async (path, { token = service.admin, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (token !== null) headers.set("Authorization", `Bearer ${token}`);
      return app.request(`http://vbdstat.test${path}`, { ...init, headers });
    },
    post: (body, query, init) => service.send(`/v1/results${query}`, { method: "POST", body, ...init }),
    aggregate: async (fleet = "default") => {
      await aggregateFleet({ ...aggregation, clock: () => service.now, backOff }, fleet);
      await aggregation.hostCounts.refresh(fleet, service.now);
    },
  };
  return Object.assign(service, { admin: await service.token({ scope: "admin", root: true }) });
}
