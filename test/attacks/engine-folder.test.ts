// One data folder, one vbdstat: over containers, reboots, process ids that mean something else, and whatever lies in it.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { lockOpenFile } from "../../local/server/folder-lock.ts";
import { isRunning, readIdentityFile, readProcessIdentity } from "../../local/server/process-identity.ts";
import { LOOP } from "../support/fixtures.ts";
import { pathWithout, whichOf } from "../support/programs.ts";
import {
  BUNDLE,
  buildServer,
  removeBuild,
  runServer,
  type ServerProcess,
  startServerProcess,
} from "../support/server-process.ts";

let folder: string;
let dataDir: string;
const servers: ServerProcess[] = [];
const others: ChildProcess[] = [];

beforeAll(buildServer);
afterAll(removeBuild);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vbdstat-folder-"));
  dataDir = join(folder, "data");
});
afterEach(async () => {
  for (const server of servers.splice(0))
    if (server.process.exitCode === null && server.process.signalCode === null) await server.end("SIGTERM");
  for (const child of others.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function start(environment: Record<string, string> = {}): Promise<ServerProcess> {
  const server = await startServerProcess({ dataDir, environment });
  servers.push(server);
  return server;
}

const post = (server: ServerProcess, query = "") =>
  server.send(`/v1/results?backend=loop${query}`, { method: "POST", body: LOOP });

const environment = () => ({
  PATH: process.env["PATH"],
  PORT: "0",
  DATA_DIR: dataDir,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
});

/** The words before a program that runs in a pid namespace of its own, as in another container; null where there is none. */
const inOtherContainer = ((): readonly string[] | null => {
  const words = ["unshare", ...(process.geteuid?.() === 0 ? [] : ["--user", "--map-root-user"])];
  words.push("--pid", "--fork", "--kill-child", "--mount-proc", "--");
  return spawnSync(words[0] ?? "", [...words.slice(1), "true"]).status === 0 ? words : null;
})();

describe.skipIf(inOtherContainer === null)("two containers with one folder (needs unshare --pid)", () => {
  test("the second is refused, whichever of the two can see the other, and disturbs nothing", async () => {
    const first = await start();
    const engine = readIdentityFile(join(dataDir, "engine"));
    const [program = "", ...words] = [...(inOtherContainer ?? []), process.execPath, `${BUNDLE}/main.js`];
    const second = spawnSync(program, words, { env: environment(), encoding: "utf8", timeout: 20_000 });
    expect(second.status).toBe(1);
    expect(second.stderr).toContain("is in use by a vbdstat that is not visible from here");
    expect(engine !== null && isRunning(engine)).toBe(true);
    expect((await post(first)).status).toBe(201);
    expect(await first.end("SIGTERM")).toBe(0);

    // And the other way round: from here the processes of the inner one are all to be seen, under other numbers.
    const inner = spawn(program, words, { env: environment() });
    others.push(inner);
    await new Promise<void>((resolve) =>
      inner.stdout.on("data", (data: Buffer) => data.includes("listens on") && resolve()),
    );
    const { code, output } = await runServer({ dataDir });
    expect(code).toBe(1);
    expect(output).toContain("is in use by a vbdstat that is not visible from here");
    const command = spawnSync(process.execPath, [`${BUNDLE}/vbdstat.js`, "audit"], {
      env: environment(),
      encoding: "utf8",
    });
    expect(command.status).toBe(1);
    expect(command.stderr).toContain("Run commands in that container");
    expect(inner.exitCode).toBeNull();
    inner.kill("SIGKILL");
    await new Promise((resolve) => inner.once("exit", resolve));
    expect((await post(await start())).status).toBe(200);
  });
});

test.each([["flock"], ["perl"]])(
  "the kernel's lock is taken with %s, and ends with the last who has the file open",
  (name) => {
    if (whichOf(name) === null) throw new Error(`${name} is not installed`);
    mkdirSync(dataDir);
    const missing = name === "flock" ? "perl" : "flock";
    const before = process.env["PATH"];
    process.env["PATH"] = pathWithout(folder, missing);
    try {
      const one = openSync(dataDir, "r");
      expect(lockOpenFile(one)).toBe("held");
      const other = openSync(dataDir, "r");
      expect(lockOpenFile(other)).toBe("taken");
      closeSync(one);
      expect(lockOpenFile(other)).toBe("held");
      closeSync(other);
    } finally {
      process.env["PATH"] = before;
    }
  },
);

describe("what lies in the folder", () => {
  test("a lock of an earlier boot is not taken for one of a process that has its number and its start by chance", async () => {
    mkdirSync(dataDir);
    writeFileSync(
      join(dataDir, "lock"),
      JSON.stringify({ ...readProcessIdentity(process.pid), boot: "an-earlier-one" }),
    );
    expect((await post(await start())).status).toBe(201);
  });

  test("an engine file that names a process that is none of ours ends nothing", async () => {
    const bystander = spawn("sleep", ["60"]);
    others.push(bystander);
    mkdirSync(dataDir);
    const identity = readProcessIdentity(bystander.pid ?? 0);
    writeFileSync(join(dataDir, "engine"), JSON.stringify({ ...identity, endpoint: "http://127.0.0.1:1" }));
    expect((await post(await start())).status).toBe(201);
    expect(isRunning(identity)).toBe(true);
  });

  test.each(["lock", "engine", "vbdstat.db"])("a folder named %s is a message without a stack", async (name) => {
    mkdirSync(join(dataDir, name, "inside"), { recursive: true });
    const { code, output } = await runServer({ dataDir });
    expect(code).toBe(1);
    expect(output).toMatch(/^vbdstat does not start: /m);
    expect(output).toContain(join(dataDir, name));
    expect(output).not.toMatch(/^\s+at /m);
  });

  test.each(["lock", "engine", "vbdstat.db", "admin-token", "token-key", "revoked-tokens"])(
    "a link named %s is refused, and the file that it leads to stays as it is",
    async (name) => {
      mkdirSync(dataDir);
      const elsewhere = join(folder, "elsewhere");
      writeFileSync(elsewhere, "of another");
      chmodSync(elsewhere, 0o644);
      symlinkSync(elsewhere, join(dataDir, name));
      const { code, output } = await runServer({ dataDir });
      expect(code).toBe(1);
      expect(output).toContain(`vbdstat does not start: ${join(dataDir, name)} is a symbolic link and must be a file`);
      expect(output).not.toMatch(/^\s+at /m);
      expect(statSync(elsewhere).mode & 0o777).toBe(0o644);
      expect(readFileSync(elsewhere, "utf8")).toBe("of another");
    },
  );

  test("files are for their owner, also those that were not, whatever the folder lets others do", async () => {
    mkdirSync(dataDir, { mode: 0o777 });
    chmodSync(dataDir, 0o777);
    const first = await start();
    await post(first);
    const modes = () =>
      Object.fromEntries(readdirSync(dataDir).map((name) => [name, statSync(join(dataDir, name)).mode & 0o777]));
    const names = ["admin-token", "engine", "lock", "token-key", "vbdstat.db", "vbdstat.db-shm", "vbdstat.db-wal"];
    expect(modes()).toEqual(Object.fromEntries(names.map((name) => [name, 0o600])));
    expect(first.output()).toContain(`other users can create files in the data folder ${dataDir} (mode 0777)`);
    await first.end("SIGKILL");
    // Those that hold a secret are refused instead (tokens-forged.test.ts).
    const others = readdirSync(dataDir).filter((name) => name !== "admin-token" && name !== "token-key");
    for (const name of others) chmodSync(join(dataDir, name), 0o644);
    const second = await start();
    await post(second, "&run=2");
    for (const [name, mode] of Object.entries(modes())) expect([name, mode]).toEqual([name, 0o600]);
    expect(second.output()).toContain(
      "vbdstat.db was accessible to other users (mode 0644); now only its owner has access",
    );
  });
});

describe("a server that finds the folder held", () => {
  /** Starts a server and waits until it says that it waits for the folder, and for whom. */
  async function startThatWaits(why: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [`${BUNDLE}/main.js`], { env: environment() });
    others.push(child);
    expect(await firstLine(child)).toContain(`waiting for the data folder ${dataDir}: ${why}`);
    return child;
  }

  const firstLine = (child: ChildProcess): Promise<string> =>
    new Promise((resolve) => child.stdout?.once("data", (data: Buffer) => resolve(data.toString())));

  /** Waits until the server has the folder, and ends it. */
  async function untilListens(child: ChildProcess): Promise<void> {
    for (let said = ""; !said.includes("vbdstat listens on"); ) said += await firstLine(child);
    child.kill("SIGTERM");
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
  }

  test("by a command waits for its end and says so; a signal ends the waiting", async () => {
    const words = [`${BUNDLE}/vbdstat.js`, "import", "-", "--backend", "loop"];
    const command = spawn(process.execPath, words, { env: environment(), stdio: ["pipe", "ignore", "inherit"] });
    others.push(command);
    while (!existsSync(join(dataDir, "engine"))) await new Promise((resolve) => setTimeout(resolve, 20));
    const waiting = await startThatWaits(`a vbdstat command (process ${command.pid}) holds it`);
    waiting.kill("SIGTERM");
    expect(await new Promise((resolve) => waiting.once("close", resolve))).toBe(0);

    const second = await startThatWaits("a vbdstat command");
    command.stdin.end(LOOP);
    await untilListens(second);
  });

  test("by a server that stops waits for it, and by one that runs is refused at once", async () => {
    const first = await start();
    expect((await runServer({ dataDir })).output).toMatch(/in use by another vbdstat \(process \d+\)/);
    let finishBody: () => void = () => undefined;
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(LOOP.slice(0, 40)));
        finishBody = () => {
          controller.enqueue(new TextEncoder().encode(LOOP.slice(40)));
          controller.close();
        };
      },
    });
    const upload = first.send("/v1/results?backend=loop", { method: "POST", body, duplex: "half" } as RequestInit);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await first.send("/healthz")).status).toBe(200);
    const ended = first.end("SIGTERM");
    while (!readFileSync(join(dataDir, "lock"), "utf8").includes("stopping")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const second = await startThatWaits("a vbdstat that is stopping");
    finishBody();
    expect((await upload).status).toBe(201);
    expect(await ended).toBe(0);
    await untilListens(second);
  });
});
