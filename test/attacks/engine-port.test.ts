// Who reaches the embedded engine, which asks nobody who they are: its server and the commands of its own user, no other user
// and no browser.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findNamespaceKind } from "../../local/engine-namespace.ts";
import { readIdentity } from "../../local/process-identity.ts";
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

const folder = mkdtempSync(join(tmpdir(), "vbdstat-reach-"));
const dataOf = (isolation: string) => join(folder, isolation);
const servers: ServerProcess[] = [];

/** Why the tests in a namespace cannot run here; null when they can. */
const noNamespace = (() => {
  const kind = findNamespaceKind();
  return typeof kind === "string" ? kind : null;
})();

beforeAll(buildServer);
afterAll(async () => {
  for (const server of servers) await server.end("SIGTERM");
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

async function start(isolation: "namespace" | "address"): Promise<ServerProcess> {
  const environment = { ENGINE_ISOLATION: isolation };
  const server = await startServerProcess({ dataDir: dataOf(isolation), environment });
  servers.push(server);
  return server;
}

/** The listeners of this network namespace, as `address:port`. */
function listeners(): string[] {
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === "0A")
    .map(([, local = ""]) => {
      const [address = "", port = ""] = local.split(":");
      const bytes = address.match(/../g)?.reverse() ?? [];
      return `${bytes.map((byte) => Number.parseInt(byte, 16)).join(".")}:${Number.parseInt(port, 16)}`;
    });
}

/** What the engine's endpoints look like to anyone who can connect. */
const isEngine = async (address: string): Promise<boolean> => {
  const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
  return answer?.headers.get("x-dynoxide-version") != null;
};

/** Runs a command beside the servers, to its end. */
function vbdstat(args: readonly string[], dataDir: string): Promise<{ code: number | null; printed: string }> {
  const child = spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], {
    env: { PATH: process.env["PATH"], DATA_DIR: dataDir, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (printed += data.toString()));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, printed })));
}

const post = (server: ServerProcess) => server.send("/v1/results?backend=loop", { method: "POST", body: LOOP });

describe.skipIf(noNamespace !== null)(
  `in a namespace${noNamespace === null ? "" : ` (not here: ${noNamespace})`}`,
  () => {
    let server: ServerProcess;
    beforeAll(async () => {
      server = await start("namespace");
    });

    test("no socket that a browser or another user can connect to is the engine's", async () => {
      expect((await post(server)).status).toBe(201);
      const port = Number(new URL(server.url).port);
      expect(listeners()).toContain(`127.0.0.1:${port}`);
      const engine = readIdentity(join(dataOf("namespace"), "engine"));
      // Its own table of sockets is another than ours.
      const its = readFileSync(`/proc/${engine?.pid}/net/tcp`, "utf8");
      expect(its).toMatch(/0100007F:1F40 00000000:0000 0A/);
      const candidates = listeners().filter((address) => address.endsWith(":8000"));
      expect(await Promise.all(candidates.map(isEngine))).not.toContain(true);
    });

    test("commands of the same user reach it, also after the server has started it again", async () => {
      expect(await vbdstat(["audit"], dataOf("namespace"))).toMatchObject({ code: 0 });
      process.kill(readIdentity(join(dataOf("namespace"), "engine"))?.pid ?? 0, "SIGKILL");
      while ((await post(server)).status === 503) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await vbdstat(["audit"], dataOf("namespace"))).toMatchObject({ code: 0 });
    });

    const notRoot = process.geteuid?.() !== 0 || whichOf("setpriv") === null;
    test.skipIf(notRoot)(
      "another user gets neither into the namespace nor at the folder (played by root with setpriv)",
      () => {
        const engine = readIdentity(join(dataOf("namespace"), "engine"))?.pid;
        const another = (...words: readonly string[]) =>
          spawnSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", ...words], { encoding: "utf8" });
        expect(another("id", "-u").stdout).toBe("65534\n");
        for (const entered of [["--net"], ["--user", "--preserve-credentials", "--net"]]) {
          const { status, stderr } = another("nsenter", "--target", String(engine), ...entered, "--", "true");
          expect(status, stderr).not.toBe(0);
          expect(stderr).toMatch(/Permission denied|Operation not permitted/);
        }
        for (const file of ["", "vbdstat.db", "engine", "lock", "admin-token"]) {
          expect(another("cat", join(dataOf("namespace"), file)).stderr).toContain("Permission denied");
        }
      },
    );
  },
);

describe("at an address", () => {
  test("it is a random one, the server says loudly who can reach it, and server and commands work", async () => {
    const server = await start("address");
    expect((await post(server)).status).toBe(201);
    const [, address = ""] =
      /WARNING: the embedded engine listens on http:\/\/(\S+) and asks nobody/.exec(server.output()) ?? [];
    expect(listeners()).toContain(address);
    if (process.platform === "linux") expect(address).toMatch(/^127\.(?!0\.0\.1:)/);
    expect(await isEngine(address)).toBe(true);
    expect(await vbdstat(["audit"], dataOf("address"))).toMatchObject({ code: 0 });
  });

  test("is what a machine without namespaces falls back to; asked for one, it says why there is none", async () => {
    const environment = { PATH: pathWithout(folder, "unshare") };
    const server = await startServerProcess({ dataDir: dataOf("fallback"), environment });
    servers.push(server);
    expect((await post(server)).status).toBe(201);
    expect(server.output()).toContain("WARNING: the embedded engine listens on");
    const forced = { ...environment, ENGINE_ISOLATION: "namespace" };
    const { code, output } = await runServer({ dataDir: dataOf("forced"), environment: forced });
    expect(code).toBe(1);
    expect(output).toMatch(/ENGINE_ISOLATION=namespace: no network namespace can be made here: .*unshare/);
  });
});
