// Uploads in numbers, and uploads as heavy as they may be and heavier. Fails where results of others are refused, where one is
// lost or not counted, and where memory grows beyond what is promised.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "../support/ask.ts";
import { type Build, command, onEachBuild, withServer } from "../support/builds.ts";
import { LOOP } from "../support/fixtures.ts";
import { crowd } from "../support/flood.ts";
import { expectHarmless, impactOf } from "../support/impact.ts";
import { buildServer, removeBuild, type ServerProcess } from "../support/server-process.ts";

beforeAll(buildServer);
afterAll(removeBuild);

async function inFolder(use: (dataDir: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  try {
    await use(join(folder, "data"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const authorized = ({ token }: ServerProcess) => ({ Authorization: `Bearer ${token}` });

/** So many results that are all different, each with so many labels of 198 characters. */
function heavyUpload(upload: number, results: number, labels: number): Uint8Array {
  const said = Array.from({ length: labels }, (_, label) => `# label.l${label}: ${"x".repeat(198)}`);
  const lines = Array.from({ length: results }, (_, line) =>
    LOOP.replace("25511", String(100_000 + upload * 10_000 + line)),
  );
  return gzipSync([...said, ...lines].join("\n"));
}

test.for(
  onEachBuild([
    ["seven uploads of 9 800 results with 100 labels of 198 characters", 9_800, 100, ["400", "429"]],
    ["seven uploads of 9 800 results with 4 labels, close to the limit", 9_800, 4, ["201", "429"]],
    ["seven uploads of 2 000 results with 19 labels, close to the limit", 2_000, 19, ["201", "429"]],
  ] as const),
)("%s", async ([name, results, labels, outcomes, build], { task }) => {
  const bodies = Array.from({ length: 7 }, (_, upload) => heavyUpload(upload, results, labels));
  await inFolder(async (dataDir) => {
    await withServer(build, dataDir, async (server) => {
      const headers = { ...authorized(server), "Content-Encoding": "gzip" };
      const post = (body: Uint8Array) =>
        ask(`${server.url}/v1/results?backend=loop`, { method: "POST", headers, body });
      const impact = await impactOf(server, () => Promise.all(bodies.map(post)), server.untilAggregated);
      task.meta.measured = { attack: name, build: build.name, impact };
      if (build.name === "other") return;
      expectHarmless(impact);
      expect(Object.keys(impact.attack.outcomes).filter((outcome) => !outcomes.some((one) => one === outcome))).toEqual(
        [],
      );
      expect(impact.attack.outcomes[outcomes[0]]).toBeGreaterThan(0);
    });
  });
});

/** What one waits for at the most, on two cores with nothing else to do that the crowd and the client share with the server. */
test.for(
  onEachBuild([
    ["3 000 hosts in one moment", 3_000, 0, { uploadsMs: 3_900, healthMs: 1_100 }],
    ["6 000 hosts in one moment", 6_000, 0, { uploadsMs: 6_500, healthMs: 1_100 }],
    ["3 000 hosts within 10 s", 3_000, 10_000, { uploadsMs: 1_000, healthMs: 250 }],
  ] as const),
)("%s", async ([name, hosts, withinMs, most, build], { task }) => {
  await inFolder(async (dataDir) => {
    await withServer(build, dataDir, async (server) => {
      const headers = authorized(server);
      const post = (host: number) =>
        ask(`${server.url}/v1/results?backend=loop&host=burst-${host}`, { method: "POST", headers, body: LOOP });
      const counted = async () => {
        await server.untilAggregated();
        // The shape is that of the contract, which other tests check.
        return ((await (await server.send("/v1/status")).json()) as { runs: number }).runs;
      };
      let runs = 0;
      const impact = await impactOf(
        server,
        () => crowd(hosts, withinMs, post),
        async () => {
          runs = await counted();
        },
      );
      const note = `${runs} runs counted`;
      task.meta.measured = { attack: name, build: build.name, impact, note };
      if (build.name === "other") return;
      expect(impact.attack.outcomes).toEqual({ 201: hosts });
      expect(impact.uploads.outcomes).toEqual({ 201: impact.uploads.count });
      expect(impact.health.outcomes).toEqual({ 200: impact.health.count });
      expect(runs).toBe(hosts + impact.uploads.count);
      expect(impact.attack.p99).toBeLessThanOrEqual(most.uploadsMs);
      expect(impact.uploads.p99).toBeLessThanOrEqual(most.uploadsMs);
      expect(impact.health.most).toBeLessThan(most.healthMs);
      expect(impact.memory.server).toBeLessThanOrEqual(450);
    });
    await expectClean(build, dataDir);
  });
});

/** Nothing that was acknowledged is missing from the sums: for any build. */
async function expectClean(build: Build, dataDir: string): Promise<void> {
  expect(await command(build, dataDir, ["audit"])).toContain("no difference");
}
