// Floods of readers over a store of some size, on a real server: uploads of others are stored and health checks answered all
// the while. Fails where an innocent client notices more than is promised.

import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PLAIN_FLEET, sameRatio } from "../../local/demo/fleet-plan.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { type Answered, ask } from "../support/ask.ts";
import { BUILDS, type Build, onEachBuild, withServer } from "../support/builds.ts";
import { crowd, flooded, together } from "../support/flood.ts";
import { expectHarmless, impactOf } from "../support/impact.ts";
import { buildServer, removeBuild, type ServerProcess } from "../support/server-process.ts";

/** 50 000 runs, in 200 cohorts. */
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
const dataOf = ({ name }: Build) => join(folder, name);

// Over HTTP, because no two versions need write the same form into the table.
beforeAll(async () => {
  buildServer();
  folder = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  for (const build of BUILDS) {
    await withServer(build, dataOf(build), async (server) => {
      const uploads = [...generateFleet(FLEET)];
      const stored = await together(uploads.length, 4, async (index) => {
        return (await server.send("/v1/results", { method: "POST", body: uploads[index]?.body ?? "" })).status;
      });
      expect(new Set(stored)).toEqual(new Set([201]));
      await server.untilAggregated();
    });
  }
});

afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

const rareBackend = (limit: number) => `/v1/runs?backend=vnd&limit=${1 + limit}`;

const comparison = (index: number) => {
  const sites = Array.from({ length: 40 + (index % 10) }, (_, site) => `site=site-${1 + ((site + index) % 50)}`);
  return `/v1/compare?baseline=loop&candidate=blktap2&margin=${(0.01 + (index % 100) / 1_000).toFixed(3)}&${sites.join("&")}`;
};

/** Asks for some seconds, so many at once. One who is turned away waits a moment, or it is another flood than of questions. */
const asked = (atOnce: number, path: (index: number) => string) => async (server: ServerProcess) => {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const headers = { Authorization: `Bearer ${server.token}` };
  const answers = await flooded(15, atOnce, async (index) => {
    const answer = await ask(server.url + path(index % atOnce), { headers, agent });
    if (answer.outcome !== "200") await new Promise((resolve) => setTimeout(resolve, 100));
    return answer;
  });
  agent.destroy();
  return answers;
};

const ATTACKS: readonly [name: string, attack: (server: ServerProcess) => Promise<readonly Answered[]>][] = [
  ["10 who look for a backend that nobody has", asked(10, rareBackend)],
  ["30 who look for a backend that nobody has", asked(30, rareBackend)],
  ["100 who compare over 40 to 49 sites", asked(100, comparison)],
  [
    "1 000 such comparisons in one moment",
    ({ url, token }) =>
      crowd(1_000, 0, (index) => ask(url + comparison(index), { headers: { Authorization: `Bearer ${token}` } })),
  ],
];

test.for(onEachBuild(ATTACKS))("%s", async ([name, attack, build], { task }) => {
  await withServer(build, dataOf(build), async (server) => {
    const impact = await impactOf(server, () => attack(server));
    task.meta.measured = { attack: name, build: build.name, impact };
    if (build.name === "other") return;
    expectHarmless(impact);
    const { "200": good = 0, "429": refused = 0 } = impact.attack.outcomes;
    expect(good + refused).toBe(impact.attack.count);
    expect(good).toBeGreaterThan(10);
  });
});
