// docs/api.md as its readers use it: every example is run by sh with curl against a server on a port of its own.

import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
  // The reader is on a Dom0, and Bonnie++ is in the guest vm101.
  const bin = join(dataDir, "bin");
  mkdirSync(bin, { recursive: true });
  const seed = fileURLToPath(new URL("local/demo/samples/seed-loop.csv", root));
  writeFileSync(join(bin, "uname"), "#!/bin/sh\necho dom0-fra-1\n");
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\n[ "$1 $2" = "root@vm101 bonnie++" ] && cat "${seed}"\n`);
  for (const name of ["uname", "ssh"]) chmodSync(join(bin, name), 0o755);
  const script = ["set -eu", ...examples.map(({ script }) => `${script}\necho; echo '${BETWEEN}'\n${MOMENT}`)].join(
    "\n",
  );
  const { stdout } = await promisify(execFile)("sh", ["-c", script], {
    cwd: root,
    env: { PATH: `${bin}:${process.env["PATH"]}`, VBDSTAT: server.url, ADMIN: server.adminToken.secret ?? "" },
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
