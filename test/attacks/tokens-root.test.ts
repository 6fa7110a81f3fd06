// The first admin token against somebody who has got hold of it, or of the file it is in: what was revoked stays revoked over
// every start, whatever file or setting still has it, and the operator comes in again.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import {
  BUNDLE,
  buildServer,
  removeBuild,
  runServer,
  type ServerProcess,
  startServerProcess,
} from "../support/server-process.ts";

let dataDir: string;
let running: ServerProcess | null = null;

beforeAll(buildServer);
afterAll(removeBuild);
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "vbdstat-root-"));
});
afterEach(async () => {
  await stop();
  rmSync(dataDir, { recursive: true });
});

const file = () => join(dataDir, "admin-token");

async function start(secret?: string): Promise<ServerProcess> {
  await stop();
  // The test asks with secrets of its own: the file may be gone.
  const environment = secret === undefined ? {} : { VBDSTAT_ADMIN_TOKEN: secret };
  running = await startServerProcess({ dataDir, environment });
  return running;
}

async function stop(): Promise<void> {
  if (running?.process.exitCode === null) await running.end("SIGTERM");
  running = null;
}

const tokensAs = (server: ServerProcess, secret: string) =>
  fetch(`${server.url}/v1/tokens`, { headers: { Authorization: `Bearer ${secret}` } });

/** Ends the root token with itself. */
async function endRoot(server: ServerProcess, secret: string): Promise<void> {
  const listed = z.object({ tokens: z.array(z.object({ id: z.string(), root: z.boolean() })) });
  const { tokens } = listed.parse(await (await tokensAs(server, secret)).json());
  const headers = { Authorization: `Bearer ${secret}` };
  const root = tokens.find((token) => token.root);
  const ended = await fetch(`${server.url}/v1/tokens/${root?.id}`, { method: "DELETE", headers });
  expect(ended.status).toBe(204);
}

/** What a command prints, beside the server. */
function vbdstat(...args: string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    DATA_DIR: dataDir,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const child = spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], { env });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (out += text.toString()));
  return new Promise((resolve) => child.once("close", () => resolve(out)));
}

test("a first admin token that was ended opens nothing after the next start either, and another one lets the operator in", async () => {
  const first = await start();
  const leaked = first.token;
  // Nobody looks on: what is printed is kept in a log, which others read.
  expect(first.output()).toContain(`created the admin token; it is in ${file()}`);
  expect(first.output()).not.toContain(leaked);
  await endRoot(first, leaked);
  expect((await tokensAs(first, leaked)).status).toBe(401);
  const again = await start();
  expect((await tokensAs(again, leaked)).status).toBe(401);
  expect(again.output()).toContain(`renamed to ${file()}.revoked`);
  expect(again.output()).toContain("vbdstat token create --root");
  const secret = (await vbdstat("token", "create", "--root")).trim();
  const made = await fetch(`${again.url}/v1/tokens`, {
    method: "POST",
    headers: { Authorization: `Bearer ${secret}` },
    body: JSON.stringify({ scope: "read", fleet: "another" }),
  });
  expect(made.status).toBe(201);
});

test("a new setting ends the token before it, for good, and a revoked one is refused", async () => {
  const [old, fresh] = ["the-old-secret-of-ops", "the-new-secret-of-ops"];
  await start(old);
  const changed = await start(fresh);
  expect([(await tokensAs(changed, old)).status, (await tokensAs(changed, fresh)).status]).toEqual([401, 200]);
  await stop();
  const { code, output } = await runServer({ dataDir, environment: { VBDSTAT_ADMIN_TOKEN: old } });
  expect(code).toBe(1);
  expect(output).toMatch(
    /^vbdstat does not start: the secret in VBDSTAT_ADMIN_TOKEN belongs to a revoked token\. .*\n$/,
  );
});

test("to a terminal the secret is printed", async () => {
  const env = { PATH: process.env["PATH"], PORT: "0", DATA_DIR: dataDir };
  const terminal = spawn("script", ["-qec", `${process.execPath} ${BUNDLE}/main.js`, "/dev/null"], { env });
  let shown = "";
  terminal.stdout.on("data", (text: Buffer) => {
    const isUp = shown.includes("listens on");
    shown += text.toString();
    // Ctrl-C, typed.
    if (!isUp && shown.includes("listens on")) terminal.stdin.write("\u0003");
  });
  await new Promise((resolve) => terminal.once("close", resolve));
  expect(shown).toContain(readFileSync(file(), "utf8").trim());
});
