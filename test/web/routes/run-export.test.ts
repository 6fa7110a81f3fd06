// GET /v1/runs.csv: everything that matches, in one stream that never passes a part off as the whole.

import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeAdmission } from "../../../functions/service/admission.ts";
import { makeActivityStore } from "../../../functions/store/fleet/activity.ts";
import { makeSettingsStore } from "../../../functions/store/fleet/settings.ts";
import { makeTokenStore } from "../../../functions/store/fleet/tokens.ts";
import { makePendingHosts } from "../../../functions/store/runs/pending-hosts.ts";
import { makeRunStore } from "../../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../../functions/store/statistics/cells.ts";
import { makeHostCountStore } from "../../../functions/store/statistics/host-counts.ts";
import { makeHostStore } from "../../../functions/store/statistics/hosts.ts";
import { makeStatusStore } from "../../../functions/store/status.ts";
import { makeHttpApp } from "../../../functions/web/http/app.ts";
import { addReadRoutes } from "../../../functions/web/routes/read.ts";
import { exportedRuns } from "../../../functions/web/routes/run-export.ts";
import { AppError } from "../../../shared/errors.ts";
import type { RunPage, RunQuery } from "../../../shared/run/listing.ts";
import type { Run } from "../../../shared/run/run.ts";
import { SUMMARIES } from "../../../shared/summaries/registry.ts";
import { asJson, jsonOf, textOf } from "../../support/answer.ts";
import { readTable } from "../../support/csv.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { newRun, runOf } from "../../support/runs.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

/** 1 600 runs of four hosts and two backends, a minute apart: more than three pages of 500. */
const MANY = Array.from({ length: 1_600 }, (_, number) =>
  newRun({
    number,
    fleet: "many",
    host: `h${number % 4}`,
    backend: number % 10 === 0 ? "phy" : "loop",
    at: new Date(Date.parse("2026-11-01T00:00:00Z") + number * 60_000).toISOString(),
    rates: { putc: 10_000 + number },
  }),
);

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  await jsonOf(service.post(`# backend: loop\n${LOOP}\n# backend: blktap\n${BLKTAP}\n`, "?site=fra", asJson), 201);
  await makeRunStore(service.table).add(MANY);
});
afterAll(() => engine.stop());

const csvOf = async (answer: Response) => {
  const text = await answer.text();
  expect(answer.status, text.slice(0, 500)).toBe(200);
  expect(answer.headers.get("Content-Type")).toBe("text/csv; charset=utf-8; header=present");
  return readTable(text);
};

describe("200", () => {
  test("by suffix or by Accept: what was posted, whole, with facts and the line itself", async () => {
    for (const answer of [
      await service.send("/v1/runs.csv"),
      await service.send("/v1/runs", { headers: { Accept: "text/csv" } }),
    ]) {
      expect(answer.headers.get("Content-Disposition")).toBe('attachment; filename="runs.csv"');
      const rows = await csvOf(answer);
      expect(rows.map(({ backend }) => backend).sort()).toEqual(["blktap1", "loop"]);
      const loop = rows.find(({ backend }) => backend === "loop");
      expect(loop).toMatchObject({
        putc_rate: "25511",
        putc_cpu: "35",
        seeks_lower_bound: "16384",
        verdict: "probably-cached",
      });
      expect(JSON.parse(loop?.["raw"] ?? "")).toBe(LOOP);
      expect(JSON.parse(loop?.["facts"] ?? "")).toMatchObject({ site: "fra" });
    }
  });

  test("more than three pages: each run once, newest first, through filters too", async () => {
    const token = await service.token({ scope: "read", fleet: "many" });
    const rows = await csvOf(await service.send("/v1/runs.csv", { token }));
    const expected = MANY.map(({ run }) => run).reverse();
    expect(rows.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    expect(rows.map(({ putc_rate }) => Number(putc_rate))).toEqual(expected.map(({ metrics }) => metrics.putc?.rate));
    for (const [query, keep] of [
      ["host=h1", ({ host }: Run) => host === "h1"],
      ["backend=phy&host=h2", ({ host, backend }: Run) => host === "h2" && backend === "phy"],
      ["to=2026-11-01T02:00:00Z", ({ finished_at: at }: Run) => at < "2026-11-01T02"],
    ] as const) {
      const found = await csvOf(await service.send(`/v1/runs.csv?${query}`, { token }));
      expect(found.map(({ id }) => id)).toEqual(expected.filter(keep).map(({ id }) => id));
      expect(found.length).toBeGreaterThan(0);
    }
  });

  test("no runs are a head without rows; withdrawn ones say so", async () => {
    const token = await service.token({ scope: "read", fleet: "none" });
    expect(await csvOf(await service.send("/v1/runs.csv", { token }))).toEqual([]);
    const [row] = await csvOf(await service.send("/v1/runs.csv?backend=loop"));
    await service.send(`/v1/runs/${row?.["id"]}`, { method: "DELETE" });
    const [after] = await csvOf(await service.send("/v1/runs.csv?backend=loop"));
    expect(after?.["withdrawn_at"]).toBe("2026-11-22T10:00:00.000Z");
  });
});

test.each(["limit=10", "cursor=abc", "hots=h1", "from=yesterday", "backend=nonsense"])(
  "400: %s, for an export has no pages and knows no such filter",
  async (query) => {
    const text = await textOf(service.send(`/v1/runs.csv?${query}`), 400);
    expect(text).toMatch(/^error bad_parameter: /);
    expect(text).toContain(query.split("=")[query.startsWith("backend") ? 1 : 0]);
  },
);

/** Pages of one run each; what is asked for is written down, and the page number `broken` cannot be read. */
function pagesOf(count: number, broken = -1) {
  const asked: number[] = [];
  const list = async (_: string, { cursor = "0" }: RunQuery): Promise<RunPage> => {
    const page = Number(cursor);
    asked.push(page);
    if (page === broken) throw new AppError("unavailable", "the store cannot be reached");
    return { items: [runOf({ number: page })], unreadable: [], cursor: page + 1 < count ? String(page + 1) : null };
  };
  return { asked, list };
}

test("a page is read when the one before has been taken, so memory holds one", async () => {
  const { asked, list } = pagesOf(5);
  const pieces = exportedRuns({ list }, "default", {}, () => undefined);
  for (let taken = 1; taken <= 5; taken += 1) {
    await pieces.next();
    expect(asked).toHaveLength(taken);
  }
  expect((await pieces.next()).done).toBe(true);
});

describe("a store that fails", () => {
  const faults: unknown[] = [];

  /** The read app over a run list of its own, on a socket. */
  async function listening(list: ReturnType<typeof pagesOf>["list"]) {
    const { table } = service;
    const app = makeHttpApp({
      clock: Date.now,
      log: { request: () => undefined, error: (_, error) => faults.push(error) },
    });
    addReadRoutes(app, {
      runs: { ...makeRunStore(table), list },
      cells: makeCellStore(table),
      hosts: makeHostStore(table),
      activity: makeActivityStore(table),
      hostCounts: makeHostCountStore(table),
      settings: makeSettingsStore(table, Date.now),
      pendingHosts: makePendingHosts(table),
      status: makeStatusStore(table),
      tokens: makeTokenStore(table),
      summaries: SUMMARIES,
      clock: () => service.now,
      admission: makeAdmission(),
      exports: makeAdmission(),
      about: { version: "test", engine: "embedded" },
    });
    const server = createServer(getRequestListener(app.fetch));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A server that listens on a port has an address with a port.
    return { server, port: (server.address() as AddressInfo).port };
  }

  /** Status and body as far as they came, and whether the answer came to its end. */
  async function fetched(list: ReturnType<typeof pagesOf>["list"]) {
    const { server, port } = await listening(list);
    const headers = { Authorization: `Bearer ${service.admin}` };
    const answer = await new Promise<{ status: number | undefined; body: string; isWhole: boolean }>((resolve) => {
      get({ port, path: "/v1/runs.csv", headers }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          body += piece;
        });
        response.on("error", () => undefined);
        response.on("close", () => resolve({ status: response.statusCode, body, isWhole: response.complete }));
      });
    });
    await new Promise((resolve) => server.close(resolve));
    return answer;
  }

  test("before the first piece: 503 and the envelope, as everywhere", async () => {
    const { status, body } = await fetched(pagesOf(3, 0).list);
    expect(status).toBe(503);
    expect(body).toContain("unavailable");
  });

  test("in the middle: the connection breaks off, nothing is added to the rows, and the log has the cause", async () => {
    faults.length = 0;
    // The HTTP library says it on standard error as well.
    vi.spyOn(console, "error").mockImplementationOnce(() => undefined);
    const { status, body, isWhole } = await fetched(pagesOf(3, 2).list);
    expect({ status, isWhole }).toEqual({ status: 200, isWhole: false });
    expect(body).not.toContain("rror");
    expect(faults).toHaveLength(1);
  });

  test("and the same without a fault is whole", async () => {
    const { status, body, isWhole } = await fetched(pagesOf(3).list);
    expect({ status, isWhole, rows: readTable(body).length }).toEqual({ status: 200, isWhole: true, rows: 3 });
  });
});
