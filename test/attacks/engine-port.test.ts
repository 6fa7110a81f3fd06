// Who reaches the embedded engine, which asks nobody who they are: its server and the commands of its own user, no other user
// and no browser.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findNamespaceKind } from "../../local/server/engine-reach.ts";
import { readIdentityFile } from "../../local/server/process-identity.ts";
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

/** The engines of other tests that run beside this one have no such table. */
const TABLE_NAME = `reach-${process.pid}`;

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
  const environment = { ENGINE_ISOLATION: isolation, TABLE_NAME };
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

/** Asks every address it is given for our table, as anyone can who reaches an engine, and prints those that have it. */
const SCAN = `
  const [table, ...addresses] = process.argv.slice(1);
  const headers = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.Scan",
    "X-Amz-Date": "20000101T000000Z",
    Authorization: "AWS4-HMAC-SHA256 Credential=a/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  };
  const body = JSON.stringify({ TableName: table });
  const ask = async (address) => {
    const signal = AbortSignal.timeout(2_000);
    const answer = await fetch("http://" + address, { method: "POST", headers, body, signal });
    const { Items } = await answer.json();
    if (Items.length > 0) console.log("reads " + address);
  };
  // A listener that is busy or no HTTP server may never answer; the time limit above does not keep the process alive.
  const late = new Promise((resolve) => setTimeout(resolve, 3_000));
  Promise.race([Promise.allSettled(addresses.map(ask)), late]).then(() => {
    console.log("scanned " + addresses.length);
    process.exit();
  });
`;

const isRoot = process.geteuid?.() === 0 && whichOf("setpriv") !== null;

/** The words before a program that is run as another user; root can play one. */
const AS_ANOTHER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** What a program prints that looks for the engine on every address that it can connect to: another user's, if we are root. */
function scanned(): string {
  const [program = "", ...words] = [
    ...(isRoot ? AS_ANOTHER : []),
    process.execPath,
    "-e",
    SCAN,
    TABLE_NAME,
    ...listeners().map((address) => address.replace(/^0\.0\.0\.0:/, "127.0.0.1:")),
  ];
  const { stdout, stderr, status } = spawnSync(program, words, { encoding: "utf8", cwd: "/" });
  return `${stdout}${stderr}exit ${status}`;
}

/** Runs a command beside the servers, to its end. */
function vbdstat(args: readonly string[], dataDir: string): Promise<{ code: number | null; printed: string }> {
  const child = spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], {
    env: {
      PATH: process.env["PATH"],
      DATA_DIR: dataDir,
      TABLE_NAME,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
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
      const found = scanned();
      expect(found).toMatch(/^scanned [1-9]/m);
      expect(found).not.toContain("reads");
      // It does listen, among sockets that are not ours.
      const engine = readIdentityFile(join(dataOf("namespace"), "engine"));
      expect(readFileSync(`/proc/${engine?.pid}/net/tcp`, "utf8")).toMatch(/0100007F:1F40 00000000:0000 0A/);
    });

    test("commands of the same user reach it, also after the server has started it again", async () => {
      expect(await vbdstat(["audit"], dataOf("namespace"))).toMatchObject({ code: 0 });
      process.kill(readIdentityFile(join(dataOf("namespace"), "engine"))?.pid ?? 0, "SIGKILL");
      while ((await post(server)).status === 503) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await vbdstat(["audit"], dataOf("namespace"))).toMatchObject({ code: 0 });
    });

    test.skipIf(!isRoot)(
      "another user gets neither into the namespace nor at the folder (needs root, who plays one)",
      () => {
        const engine = readIdentityFile(join(dataOf("namespace"), "engine"))?.pid;
        const another = (...words: readonly string[]) =>
          spawnSync(AS_ANOTHER[0] ?? "", [...AS_ANOTHER.slice(1), ...words], { encoding: "utf8" });
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
      /WARNING: the embedded engine listens on http:\/\/(\S+) without authentication/.exec(server.output()) ?? [];
    expect(listeners()).toContain(address);
    if (process.platform === "linux") expect(address).toMatch(/^127\.(?!0\.0\.1:)/);
    // What the warning says is so.
    expect(scanned()).toContain(`reads ${address}`);
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
    expect(output).toMatch(/ENGINE_ISOLATION=namespace: cannot create a network namespace here: .*unshare/);
  });
});
