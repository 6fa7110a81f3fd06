// docs/api.md as its readers use it: every example is run by sh with curl against a server on a port of its own.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../local/server/server.ts";
import { examplesOf, patternOf } from "./examples.ts";

const root = new URL("../..", import.meta.url);
const examples = examplesOf(readFileSync(new URL("docs/api.md", root), "utf8"));
const BETWEEN = "=== end of an example ===";
const dataDir = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
let server: LocalServer | null = null;
let outputs: string[] = [];

/** What a reader does between two examples without noticing: a moment passes, and results are counted. */
const MOMENT = `n=0; while [ $n -lt 100 ]; do curl -sS -H "Authorization: Bearer $ADMIN" "$VBDSTAT/v1/status" | grep -q '"pending_hosts":0' && break; sleep 0.1; n=$((n+1)); done`;

beforeAll(async () => {
  const settings = {
    port: 0,
    host: "127.0.0.1",
    dataDir,
    endpoint: null,
    engineIsolation: "auto" as const,
    tableName: "vbdstat",
    adminSecret: null,
    publicUrl: null,
  };
  server = await startLocalServer(settings, { request: () => undefined, error: () => undefined }, () => undefined);
  const script = ["set -eu", ...examples.map(({ script }) => `${script}\necho; echo '${BETWEEN}'\n${MOMENT}`)].join(
    "\n",
  );
  const { stdout } = await promisify(execFile)("sh", ["-c", script], {
    cwd: root,
    env: { PATH: process.env["PATH"], VBDSTAT: server.url, ADMIN: server.adminToken.secret ?? "" },
  });
  outputs = stdout.split(BETWEEN).map((output) => output.trim());
});

afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test.each(examples.map((example, index) => ({ ...example, index })))(
  "the example on line $line prints what the page shows",
  ({ index, output }) => {
    expect(output, "an example without an answer teaches half").not.toBeNull();
    expect(outputs[index]).toMatch(patternOf(output ?? ""));
  },
);

test("the page has examples for posting, reading and errors, so that the test above checks something", () => {
  expect(examples.length).toBeGreaterThanOrEqual(9);
});
