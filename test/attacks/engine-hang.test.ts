// An engine that is there and does nothing is replaced; one that works and is slow is left alone.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { watchEngine } from "../../local/server/engine.ts";
import { isRunning, readIdentityFile } from "../../local/server/process-identity.ts";
import { LOOP } from "../support/fixtures.ts";
import { buildServer, removeBuild, startServerProcess } from "../support/server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "vbdstat-hang-"));

beforeAll(buildServer);
afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

const seconds = (since: number) => (performance.now() - since) / 1000;

describe.concurrent("an engine that is stopped", () => {
  test("is replaced; meanwhile requests and the health check end in bounded time", async () => {
    const dataDir = join(folder, "replaced");
    const server = await startServerProcess({ dataDir });
    const engine = readIdentityFile(join(dataDir, "engine"));
    process.kill(engine?.pid ?? 0, "SIGSTOP");
    const stopped = performance.now();
    // What is remembered of the second before is gone.
    const health = await server.send("/healthz");
    expect(health.status).toBe(503);
    expect(await health.text()).toContain("has not answered for 3 seconds");
    expect(seconds(stopped)).toBeLessThan(15);
    const answer = await server.send("/v1/results?backend=loop", { method: "POST", body: LOOP });
    expect([201, 503]).toContain(answer.status);
    while ((await server.send("/healthz")).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seconds(stopped)).toBeLessThan(30);
    expect(engine !== null && isRunning(engine)).toBe(false);
    expect(server.output()).toContain("the engine hangs: killing it");
    const again = await server.send("/v1/results?backend=loop", { method: "POST", body: LOOP });
    expect([200, 201]).toContain(again.status);
    expect(await server.end("SIGTERM")).toBe(0);
  });

  test("does not keep the server from stopping, with an upload under way", async () => {
    const dataDir = join(folder, "ended");
    const server = await startServerProcess({ dataDir });
    process.kill(readIdentityFile(join(dataDir, "engine"))?.pid ?? 0, "SIGSTOP");
    const upload = server.send("/v1/results?backend=loop", { method: "POST", body: LOOP }).catch(() => null);
    const told = performance.now();
    expect(await server.end("SIGTERM")).toBe(0);
    expect(seconds(told)).toBeLessThan(15);
    await upload;
  });
});

describe("whether a silent process hangs", () => {
  const LIMITS = { pause: 20, answer: 150, work: 1_500 };

  /** Watches a process that takes connections and never answers; milliseconds until it is said to hang. */
  async function untilHung(child: ChildProcess): Promise<number> {
    const port = await new Promise<string>((resolve) =>
      child.stdout?.once("data", (data) => resolve(String(data).trim())),
    );
    const agent = new Agent();
    const watching = new AbortController();
    const started = performance.now();
    const hung = await new Promise<number>((resolve) => {
      const onHung = () => resolve(performance.now() - started);
      const pinged = { endpoint: `http://127.0.0.1:${port}`, agent };
      void watchEngine(pinged, { pid: child.pid ?? 0, onHung }, watching.signal, LIMITS);
    });
    watching.abort();
    agent.destroy();
    child.kill("SIGKILL");
    return hung;
  }

  const silent = (doing: string) => {
    const listening = `const s = require("net").createServer(() => {}).listen(0, "127.0.0.1", () => console.log(s.address().port));`;
    return spawn(process.execPath, ["-e", listening + doing], { stdio: ["ignore", "pipe", "inherit"] });
  };

  // Only /proc tells whether a process does anything; elsewhere time alone decides.
  test.skipIf(process.platform !== "linux")(
    "one that does nothing does, and one that works only after a long time",
    async () => {
      const [idle, working] = await Promise.all([
        // The connection itself is work: what hangs does not even take it.
        untilHung(silent("setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 50)")),
        untilHung(silent("setInterval(() => {}, 5)")),
      ]);
      expect(idle).toBeLessThan(LIMITS.work);
      expect(working).toBeGreaterThanOrEqual(LIMITS.work);
    },
  );
});
