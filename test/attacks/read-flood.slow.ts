// Floods of readers over a store of some size, on a real server: uploads of others are stored and health checks answered all
// the while. Minutes, most of them to fill the store.

import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PLAIN_FLEET, sameRatio } from "../../local/fleet/fleet-plan.ts";
import { aggregateAll, storeFleet, withTable } from "../../scripts/bench/fleets.ts";
import { buildServer, removeBuild, type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { flood, type Seen, send, watching } from "../support/under-load.ts";

const FILL_MS = 600_000;

const FLEET = {
  ...PLAIN_FLEET,
  hosts: 500,
  runs: 10,
  months: 5,
  from: "2026-07-01T00:00:00.000Z",
  candidates: [{ backend: "blktap2" as const, trueRatio: sameRatio(1.5) }],
  cohortValues: { site: 50, hardware: 4, storage: 0, xen_version: 0 },
};

let folder: string;
let server: ServerProcess;

beforeAll(async () => {
  buildServer();
  folder = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  const dataDir = join(folder, "data");
  await withTable(dataDir, async (table) => {
    await storeFleet(table, FLEET);
    await aggregateAll(table);
  });
  server = await startServerProcess({ dataDir });
}, FILL_MS);

afterAll(async () => {
  await server.end("SIGTERM");
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

const watched = () => ({ url: server.url, token: server.token, pid: server.process.pid });

/** Everybody else is served: nothing refused, and nothing slow beside the second that an upload may take. */
function expectServed({ uploads, health, rssMb }: Seen): void {
  expect(Object.keys(uploads.statuses)).toEqual(["201"]);
  expect(Object.keys(health.statuses)).toEqual(["200"]);
  expect(uploads.p99).toBeLessThan(1_000);
  expect(health.p99).toBeLessThan(1_000);
  expect(rssMb).toBeLessThan(400);
}

const sites = (count: number, from: number) =>
  Array.from({ length: count }, (_, site) => `site=site-${1 + ((site + from) % 50)}`).join("&");

const COMPARISONS = Array.from(
  { length: 100 },
  (_, index) =>
    `/v1/compare?baseline=loop&candidate=blktap2&margin=${0.01 + index / 1_000}&${sites(40 + (index % 10), index)}`,
);

const FLOOD_MS = 15_000;

test.each([
  [
    "10 who look for a backend that nobody has",
    Array.from({ length: 10 }, (_, n) => `/v1/runs?backend=vnd&limit=${1 + n}`),
  ],
  ["30 of them", Array.from({ length: 30 }, (_, n) => `/v1/runs?backend=vnd&limit=${1 + n}`)],
  ["100 who compare over 40 to 49 sites", COMPARISONS],
])("%s", async (_, paths) => {
  let own: Record<string, number> = {};
  const seen = await watching(watched(), async () => {
    const end = performance.now() + FLOOD_MS;
    own = await flood(watched(), paths, paths.length, () => performance.now() > end);
  });
  expectServed(seen);
  expect(Object.keys(own).filter((status) => status !== "200" && status !== "429")).toEqual([]);
  expect(own["200"]).toBeGreaterThan(10);
});

// They are sent from the process that watches, whose own stall in that moment counts as the server's: so for some seconds on.
test("1 000 comparisons at one moment", async () => {
  const agent = new Agent({ maxSockets: 1_000 });
  const statuses = new Set<number>();
  const seen = await watching(watched(), async () => {
    const all = Array.from({ length: 1_000 }, (_, n) => send(watched(), COMPARISONS[n % 100] ?? "/", { agent }));
    for (const { status } of await Promise.all(all)) statuses.add(status);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  });
  agent.destroy();
  expectServed(seen);
  expect([...statuses].sort()).toEqual([200, 429]);
});
