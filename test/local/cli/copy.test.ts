// `vbdstat copy` as an operator runs it: from a data folder with a server on it to a table elsewhere, and from there into
// another folder.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localSettings } from "../../../functions/env.ts";
import { parseStore } from "../../../local/cli/copy.ts";
import { jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { BUNDLE, buildServer, removeBuild, startServerProcess } from "../../support/server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "vbdstat-copy-"));
let engine: TestEngine;
beforeAll(async () => {
  await buildServer();
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine.stop();
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command to its end. */
function vbdstat(...args: readonly string[]) {
  const env = { PATH: process.env["PATH"], AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const child = spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], { env });
  let out = "";
  let error = "";
  child.stdout.on("data", (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (error += bytes.toString()));
  return new Promise<{ code: number | null; out: string; error: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, out, error })),
  );
}

test("from one machine to a table elsewhere, and back: tokens open, shares show, statistics are the same", async () => {
  const first = join(folder, "first");
  const second = join(folder, "second");
  const server = await startServerProcess({ dataDir: first });
  let reader: string;
  let picture: string;
  let comparison: unknown;
  let share: string;
  const question = "/v1/compare?baseline=loop&candidate=blktap2&view=all";
  try {
    for (const [backend, line] of [
      ["loop", LOOP],
      ["blktap2", BLKTAP],
      ["phy", LOOP.replace(",35,", ",x,")],
    ]) {
      await server.send(`/v1/results?backend=${backend}&host=h1`, { method: "POST", body: line ?? "" });
    }
    await server.untilAggregated();
    const post = (path: string, body: object) =>
      server.send(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json" },
      });
    ({ token: reader } = await jsonOf<{ token: string }>(post("/v1/tokens", { scope: "read" }), 201));
    const query = { baseline: "loop", candidate: "blktap2", view: "all" };
    ({ id: share } = await jsonOf<{ id: string }>(post("/v1/shares", { kind: "compare", query, frozen: true }), 201));
    picture = await (await server.send(`/s/${share}.svg`)).text();
    ({ fleet: comparison } = await jsonOf<{ fleet: unknown }>(server.send(question), 200));
    expect(await vbdstat("copy", "--from", first, "--to", first)).toMatchObject({
      code: 2,
      error: expect.stringContaining("--to: expected another store than --from"),
    });
    // The engine of the running server is used.
    const elsewhere = await vbdstat("copy", "--from", first, "--to", `${engine.endpoint}/copied`);
    expect(elsewhere).toMatchObject({ code: 0, error: "" });
    expect(elsewhere.out).toMatch(
      new RegExp(`^copied and verified \\d+ items of ${first}\ncounted 1 hosts of fleet default\n$`),
    );
    // A table that is in use is no destination.
    expect(await vbdstat("copy", "--from", `${engine.endpoint}/copied`, "--to", first)).toMatchObject({
      code: 1,
      error: expect.stringContaining("is not empty"),
    });
  } finally {
    await server.end("SIGTERM");
  }
  const back = await vbdstat("copy", "--from", `${engine.endpoint}/copied`, "--to", second, "--no-aggregate");
  expect(back).toMatchObject({ code: 0, error: "", out: expect.stringMatching(/^copied and verified \d+ items/) });
  const copied = await startServerProcess({ dataDir: second, environment: { VBDSTAT_ADMIN_TOKEN: server.token } });
  try {
    await copied.untilAggregated();
    const asReader = { headers: { Authorization: `Bearer ${reader}` } };
    expect((await jsonOf<{ fleet: unknown }>(copied.send(question, asReader), 200)).fleet).toEqual(comparison);
    expect(await (await copied.send(`/s/${share}.svg`)).text()).toBe(picture);
    const { lines } = await jsonOf<{ lines: readonly unknown[] }>(copied.send("/v1/quarantine"), 200);
    expect(lines).toHaveLength(1);
  } finally {
    await copied.end("SIGTERM");
  }
});

test.each([
  [[], /--from: expected a store, found nothing/],
  [["--from", "a"], /--to: expected a store, found nothing/],
  [["--from", "a", "--to", "aws:eu-central-1"], /expected a folder, http:\/\/HOST:PORT\/TABLE or aws:REGION\/TABLE/],
  [["--from", "a", "--to", "ftp://h/vbdstat"], /expected a folder, http:\/\/HOST:PORT\/TABLE or aws:REGION\/TABLE/],
  [["--from", "a", "--to", "http://h:1/x"], /expected the name of a table: 3 to 255 of A-Z a-z 0-9 _ . -, found "x"/],
])("%j is refused before anything is opened", async (args, message) => {
  const { code, error } = await vbdstat("copy", ...args);
  expect(error).toMatch(message);
  expect(code).toBe(2);
});

test.each([
  [
    "aws:eu-central-1/vbdstat-prod-Table-1X",
    { endpoint: null, region: "eu-central-1", tableName: "vbdstat-prod-Table-1X" },
  ],
  ["aws:us-gov-west-1/vbdstat", { endpoint: null, region: "us-gov-west-1", tableName: "vbdstat" }],
  [
    "https://dynamodb.eu-central-1.amazonaws.com/t.1",
    { endpoint: "https://dynamodb.eu-central-1.amazonaws.com", tableName: "t.1" },
  ],
  ["./data", { endpoint: null, dataDir: "./data", tableName: "named" }],
])("the address %s", (address, settings) => {
  const environment = { TABLE_NAME: "named", DYNAMODB_ENDPOINT: "http://127.0.0.1:1" };
  expect(parseStore(address, localSettings(environment))).toMatchObject(settings);
});
