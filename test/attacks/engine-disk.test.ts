// A disk that is full and a file that is damaged: the health check fails with its own words, and so does every request.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeStatusStore, StoreHealth } from "../../functions/store/status.ts";
import { getItem } from "../../functions/store/table/table.ts";
import { printTo } from "../../local/server/log.ts";
import { LOOP } from "../support/fixtures.ts";
import { pathWithout } from "../support/programs.ts";
import { BUNDLE, buildServer, removeBuild, runServer, startServerProcess } from "../support/server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "vbdstat-disk-"));

beforeAll(buildServer);
afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

/** A file system of 2 MB; whether one can be mounted, which takes root. */
const small = join(folder, "small");
const isMounted = (() => {
  mkdirSync(small);
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", small]).status === 0;
})();
afterAll(() => {
  if (isMounted) execFileSync("umount", [small]);
});

/** An upload of so many different results. */
const manyLines = (count: number, run: number) =>
  Array.from({ length: count }, (_, line) => `# run: ${run}-${line}\n${LOOP}`).join("\n");

test.skipIf(!isMounted)(
  "a full disk is told as one: by uploads, by the health check, in one line of the log (mounts a tmpfs, as root)",
  async () => {
    const server = await startServerProcess({ dataDir: join(small, "data") });
    expect((await server.send("/healthz")).status).toBe(200);
    let refused: Response | null = null;
    for (let run = 0; refused === null; run += 1) {
      const answer = await server.send("/v1/results?backend=loop", { method: "POST", body: manyLines(200, run) });
      if (answer.status === 503) refused = answer;
      else expect(answer.status).toBe(201);
    }
    expect(await refused.text()).toContain("the disk of the store is full");
    // A small write may still find room; what the upload met counts.
    const health = await server.send("/healthz");
    expect(health.status).toBe(503);
    expect(await health.text()).toContain("the disk of the store is full");
    // Reading goes on.
    expect((await server.send("/v1/runs?limit=1")).status).toBe(200);
    const told = server
      .output()
      .split("\n")
      .filter((line) => line.includes("database or disk is full"));
    expect(told.length).toBeGreaterThan(0);
    for (const line of told) expect(line.length).toBeLessThan(500);
    expect(server.output()).not.toMatch(/^\s+at /m);
    execFileSync("mount", ["-o", "remount,size=32m", small]);
    expect(
      (await server.send("/v1/results?backend=loop", { method: "POST", body: manyLines(200, 1_000) })).status,
    ).toBe(201);
    expect(await server.end("SIGTERM")).toBe(0);
  },
);

/** Fills a file system to its last byte. */
function fill(folderOnIt: string): void {
  const file = openSync(join(folderOnIt, "filling"), "a");
  try {
    for (const size of [65_536, 4_096, 512, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      }
    }
  } finally {
    closeSync(file);
  }
}

describe.skipIf(!isMounted)("a server that starts while the disk is full (mounts a tmpfs, as root)", () => {
  const dataDir = join(small, "starts");
  const command = (...words: string[]) =>
    spawnSync(process.execPath, [`${BUNDLE}/vbdstat.js`, ...words], {
      env: { PATH: process.env["PATH"], DATA_DIR: dataDir, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
      encoding: "utf8",
    });

  beforeAll(async () => {
    execFileSync("mount", ["-o", "remount,size=32m", small]);
    const server = await startServerProcess({ dataDir });
    expect((await server.send("/v1/results?backend=loop", { method: "POST", body: LOOP })).status).toBe(201);
    await server.untilAggregated();
    expect(await server.end("SIGTERM")).toBe(0);
    fill(small);
  });

  test("answers readers, and commands find its engine", async () => {
    const server = await startServerProcess({ dataDir });
    expect((await server.send("/v1/runs?limit=1")).status).toBe(200);
    expect(command("token", "list")).toMatchObject({ status: 0 });
    expect(await server.end("SIGTERM")).toBe(0);
    expect(readdirSync(dataDir).filter((name) => /^(lock|engine)\./.test(name))).toEqual([]);
  });

  test("answers them also where an earlier version has removed the lock and the engine's file", async () => {
    for (const name of ["lock", "engine"]) rmSync(join(dataDir, name));
    fill(small);
    // Without sqlite3, whose check gives room free for a moment.
    const server = await startServerProcess({ dataDir, environment: { PATH: pathWithout(folder, "sqlite3") } });
    expect((await server.send("/v1/runs?limit=1")).status).toBe(200);
    expect(server.output()).toMatch(/engine cannot be written: ENOSPC/);
    // A command finds neither, and leaves the engine of a server that it cannot see alone.
    expect(command("token", "list").status).toBe(1);
    expect((await server.send("/v1/runs?limit=1")).status).toBe(200);
    expect(server.output()).not.toContain("the engine ended");
    expect(await server.end("SIGTERM")).toBe(0);
    expect(readdirSync(dataDir).filter((name) => /^(lock|engine)\./.test(name))).toEqual([]);
  });
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  expect.assert(address !== null && typeof address === "object");
  return address.port;
}

test.skipIf(!isMounted)(
  "an engine that finds no room at all names the full disk alone, and leaves nothing behind (mounts a tmpfs, as root)",
  async () => {
    const dataDir = join(small, "starts");
    rmSync(join(dataDir, "vbdstat.db-shm"), { force: true });
    fill(small);
    const { code, output } = await runServer({ dataDir });
    expect(code).toBe(1);
    expect(output).toMatch(/^vbdstat does not start: .*\nThe disk is full: free some space\.$/m);
    expect(output).not.toContain("damaged");
    expect(readdirSync(dataDir).filter((name) => /\.\d+$/.test(name))).toEqual([]);
  },
);

describe("a log that cannot be written", () => {
  /** The server with its output where a shell sends it; it tells nobody its address, so the port is chosen before. */
  async function startWithLog(redirected: string, name: string) {
    const dataDir = join(folder, name);
    const port = await freePort();
    const child = spawn("sh", ["-c", `exec "$0" "$1" ${redirected}`, process.execPath, `${BUNDLE}/main.js`], {
      stdio: ["ignore", "pipe", "ignore"],
      env: {
        PATH: process.env["PATH"],
        DATA_DIR: dataDir,
        PORT: String(port),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      },
    });
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    const health = () => fetch(`http://127.0.0.1:${port}/healthz`).then(({ status }) => status);
    const end = async () => {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      return exited;
    };
    return {
      child,
      health,
      hasEnded,
      end,
      untilAnswers: async () => {
        while (!hasEnded() && (await health().catch(() => 0)) !== 200) await pause(20);
      },
    };
  }

  test("because its disk is full costs its lines, not the server", async () => {
    const server = await startWithLog(">/dev/full 2>&1", "log-full");
    await server.untilAnswers();
    for (let times = 0; times < 3; times += 1) expect(await server.health()).toBe(200);
    expect(await server.end()).toBe(0);
  });

  test("because nobody reads it any more costs its lines, not the server", async () => {
    const server = await startWithLog("2>&1", "log-closed");
    await new Promise((resolve) => server.child.stdout?.once("data", resolve));
    server.child.stdout?.destroy();
    await server.untilAnswers();
    for (let times = 0; times < 3; times += 1) expect(await server.health()).toBe(200);
    expect(await server.end()).toBe(0);
  });

  test.skipIf(!isMounted)("says how many lines it lacks once there is room (mounts a tmpfs, as root)", () => {
    const logFolder = join(small, "log");
    rmSync(join(small, "filling"), { force: true });
    mkdirSync(logFolder);
    const file = join(logFolder, "log");
    writeFileSync(file, "");
    const open = openSync(file, "a");
    fill(small);
    const print = printTo(open);
    print("lost");
    print("lost too");
    rmSync(join(small, "filling"));
    print("kept");
    closeSync(open);
    expect(readFileSync(file, "utf8")).toBe("\n2 lines of this log could not be written\nkept\n");
  });
});

describe("a damaged database", () => {
  const dataDir = join(folder, "damaged");

  beforeAll(async () => {
    const server = await startServerProcess({ dataDir });
    expect((await server.send("/v1/results?backend=loop", { method: "POST", body: manyLines(200, 0) })).status).toBe(
      201,
    );
    await server.untilAggregated();
    await server.end("SIGTERM");
    const file = join(dataDir, "vbdstat.db");
    const pages = Math.floor(statSync(file).size / 4096);
    const open = openSync(file, "r+");
    writeSync(open, Buffer.alloc(4096 * 20), 0, 4096 * 20, 4096 * Math.floor(pages / 2));
    closeSync(open);
  });

  test.each([
    ["SQLite's own check", []],
    ["the engine, where there is no sqlite3", ["sqlite3"]],
  ])("is found by %s when a server starts, which refuses to take results into it", async (_, missing) => {
    const { code, output } = await runServer({ dataDir, environment: { PATH: pathWithout(folder, ...missing) } });
    expect(code).toBe(1);
    expect(output).toMatch(/^vbdstat does not start: \S+vbdstat\.db is damaged: .*\nRestore the backup; /m);
  });

  test("is named by a command that reads it", () => {
    const { status, stderr } = spawnSync(process.execPath, [`${BUNDLE}/vbdstat.js`, "export"], {
      env: { PATH: process.env["PATH"], DATA_DIR: dataDir, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^vbdstat: table vbdstat in the engine of \S+ cannot be used: .*malformed$/m);
  });
});

describe("what requests meet counts for the health of the store", () => {
  /** A table behind which every request is counted, and fails with what SQLite says, if anything. */
  function standIn() {
    const client = new DynamoDBClient({
      region: "local",
      maxAttempts: 1,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    const sent = { requests: [] as string[], says: null as string | null };
    client.middlewareStack.add(
      (_, { commandName = "" }) =>
        async () => {
          sent.requests.push(commandName);
          if (sent.says !== null)
            throw Object.assign(new Error(`backend: ${sent.says}`), { name: "InternalServerError" });
          return { output: { $metadata: {} }, response: {} };
        },
      { step: "build", priority: "low" },
    );
    return { table: { name: "vbdstat", client }, sent };
  }

  test.each([
    ["database disk image is malformed", "the store is damaged"],
    ["database or disk is full", "the disk of the store is full"],
    ["disk I/O error", "the disk of the store reports errors"],
  ])("%s makes the ping fail, though what it writes itself works", async (says, message) => {
    const { table, sent } = standIn();
    const health = new StoreHealth();
    health.watch(table.client);
    const status = makeStatusStore(table, health);
    await status.ping();
    sent.says = says;
    await expect(getItem(table, { pk: "a", sk: "b" })).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
    sent.says = null;
    await expect(status.ping()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(message),
    });
  });

  test("all who ask within a second share one write; on AWS it is a read", async () => {
    const { table, sent } = standIn();
    const status = makeStatusStore(table, new StoreHealth());
    await Promise.all(Array.from({ length: 100 }, () => status.ping()));
    await makeStatusStore(table).ping();
    expect(sent.requests).toEqual(["PutItemCommand", "GetItemCommand"]);
  });
});
