// Twenty times: a server under load, and then -9 for the server, for its engine, or for both, at a moment of chance. What
// was acknowledged must be there, and the cells must be what the raw runs say.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { tableAt } from "../../../functions/env.ts";
import { openTable } from "../../../functions/store/client.ts";
import { PLAIN_FLEET, sameRatio } from "../../../local/demo/fleet-plan.ts";
import { generateFleet, makeRandom } from "../../../local/demo/generated-fleet.ts";
import { startEngine } from "../../../local/server/engine.ts";
import { readIdentityFile } from "../../../local/server/process-identity.ts";
import { audit } from "../../support/recompute.ts";
import { buildServer, removeBuild, type ServerProcess, startServerProcess } from "../../support/server-process.ts";

const ROUNDS = 20;
const CLIENTS = 8;
const VICTIMS = ["server", "engine", "both"] as const;

const folder = mkdtempSync(join(tmpdir(), "vbdstat-crash-"));
const dataDir = join(folder, "data");

beforeAll(buildServer);
afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

/** Bodies without end: each host of a generated fleet, round after round with other run ids. */
function* bodies(): Generator<string> {
  const candidates = [{ backend: "blktap2", trueRatio: sameRatio(1.2) }] as const;
  for (let seed = 1; ; seed += 1) {
    const from = new Date(Date.UTC(2026, seed % 12, 1)).toISOString();
    const plan = { ...PLAIN_FLEET, seed, hosts: 40, runs: 1, candidates, cachedHosts: 5, from };
    for (const { body } of generateFleet(plan)) yield body;
  }
}

/** Posts until the server no longer answers; adds the ids it acknowledged. */
async function load(server: ServerProcess, source: Generator<string>, acknowledged: Set<string>): Promise<void> {
  for (;;) {
    const body: string = source.next().value;
    try {
      const answer = await server.send("/v1/results", {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
      });
      if (answer.status === 503) continue;
      expect([200, 201]).toContain(answer.status);
      const { results } = z.object({ results: z.array(z.object({ id: z.string() })) }).parse(await answer.json());
      for (const { id } of results) acknowledged.add(id);
    } catch (error) {
      // The connection broke: nothing was acknowledged. Anything else is a failure of the test.
      if (!(error instanceof TypeError || (error instanceof Error && error.name === "SyntaxError"))) throw error;
      return;
    }
  }
}

test("no acknowledged result is lost and no cell is wrong after 20 kills under load", {
  timeout: 300_000,
}, async () => {
  const random = makeRandom(20);
  const source = bodies();
  const acknowledged = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await startServerProcess({ dataDir });
    const clients = Array.from({ length: CLIENTS }, () => load(server, source, acknowledged));
    // A slow machine gets its results in as well: what no kill can hit proves nothing.
    const enough = acknowledged.size + CLIENTS;
    while (acknowledged.size <= enough) await pause(10);
    await pause(random.uniform() * 600);
    const victim = VICTIMS[round % VICTIMS.length];
    const engine = readIdentityFile(join(dataDir, "engine"));
    if (victim !== "server" && engine !== null) process.kill(engine.pid, "SIGKILL");
    // A server that lost its engine goes on for a while, so that it meets its own restart of the engine as well.
    if (victim === "engine") await pause(random.uniform() * 400);
    await server.end("SIGKILL");
    await Promise.all(clients);
  }
  expect(acknowledged.size).toBeGreaterThan(ROUNDS * CLIENTS);

  const server = await startServerProcess({ dataDir });
  await server.untilAggregated();
  const lost: string[] = [];
  for (const id of acknowledged) if ((await server.send(`/v1/runs/${id}`)).status !== 200) lost.push(id);
  expect(lost).toEqual([]);
  expect(await server.end("SIGTERM")).toBe(0);

  const engine = await startEngine({
    database: join(dataDir, "vbdstat.db"),
    engineFile: join(dataDir, "engine"),
    isolation: "address",
    print: (reason) => {
      throw new Error(reason);
    },
  });
  const table = openTable(tableAt(engine.endpoint, "vbdstat"));
  try {
    const { runs, cells, marks, differences } = await audit(table, "default");
    expect(differences).toEqual([]);
    expect(marks).toBe(0);
    expect(runs).toBeGreaterThanOrEqual(acknowledged.size);
    expect(cells).toBeGreaterThan(0);
  } finally {
    table.client.destroy();
    await engine.stop();
  }
});
