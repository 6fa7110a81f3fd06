// The command `vbdstat` as an operator runs it: a process on a data folder, with and without a server on it.

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { addFleet } from "../../../functions/store/fleet/tokens.ts";
import { keyItem } from "../../../functions/store/table/item.ts";
import { FORMAT_KEY } from "../../../functions/store/table/keys.ts";
import { PLAIN_FLEET, sameRatio } from "../../../local/demo/fleet-plan.ts";
import { generateFleet } from "../../../local/demo/generated-fleet.ts";
import { readIdentityFile } from "../../../local/server/process-identity.ts";
import { startTestEngine } from "../../support/engine.ts";
import { BUNDLE, buildServer, removeBuild, runServer, startServerProcess } from "../../support/server-process.ts";

const LOOP = "local/demo/samples/seed-loop.csv";
const folder = mkdtempSync(join(tmpdir(), "vbdstat-cli-"));
let dataDir: string;
let folders = 0;

beforeAll(buildServer);
afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  folders += 1;
  dataDir = join(folder, `data-${folders}`);
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

const environmentOf = (data: string, others: Readonly<Record<string, string>> = {}) => ({
  PATH: process.env["PATH"],
  DATA_DIR: data,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  ...others,
});

function start(args: readonly string[], data: string) {
  return spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], { env: environmentOf(data) });
}

interface Circumstances {
  readonly input?: string;
  readonly data?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** An open file for standard output; closed at the end. */
  readonly stdout?: number;
}

/** Runs a command to its end. */
function vbdstat(args: readonly string[], given: Circumstances = {}): Promise<Ended> {
  const { input = "", data = dataDir, environment, stdout } = given;
  const child = spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], {
    env: environmentOf(data, environment),
    stdio: ["pipe", stdout ?? "pipe", "pipe"],
  });
  if (stdout !== undefined) closeSync(stdout);
  let out = "";
  let error = "";
  child.stdout?.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (error += text.toString()));
  child.stdin?.end(input);
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, error })));
}

/** A file in the test's folder. */
function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** 12 hosts with 3 runs on loop and blktap2 each. */
const FLEET = (() => {
  const candidates = [{ backend: "blktap2", trueRatio: sameRatio(1.5) }] as const;
  const plan = { ...PLAIN_FLEET, seed: 7, hosts: 12, runs: 3, candidates, cachedHosts: 2 };
  return [...generateFleet(plan)].map(({ body }) => body).join("");
})();

describe("the command line", () => {
  test.each([
    [
      ["frobnicate"],
      /expected rebuild, audit, backup, restore, copy, import, export, token, upgrade or --help, found "frobnicate"/,
    ],
    [["constructor"], /or --help, found "constructor"/],
    [["audit", "--fleet", "A#B"], /--fleet: expected 1 to 63 letters, digits and inner . _ -, found "A#B"/],
    [["rebuild", "--delete-old", "--reparse"], /--delete-old: expected no --reparse/],
    [["rebuild", "--grace", "soon"], /--grace: expected seconds, found "soon"/],
    [["import"], /expected a file, or - for standard input, found none/],
    [["backup"], /expected a file, or - for standard output, found none/],
    [["backup", "a", "b"], /expected one file, found "a b"/],
    [["restore"], /expected one file, which is read twice, found ""/],
    [["restore", "-"], /expected one file, which is read twice, found "-"/],
    [["import", "x.csv", "backend=foo"], /backend: expected a backend such as loop/],
    [["import", "x.csv", "--backend", "foo"], /backend: expected a backend such as loop/],
    [["export", "--from", "yesterday"], /--from: expected a date or an ISO 8601 time/],
    [["export", "--backend", "foo"], /--backend: expected a backend such as loop/],
    [["audit", "--flet", "x"], /^vbdstat: unknown option --flet\nRun vbdstat audit --help for details\n$/],
    [["token", "create"], /--scope: expected ingest, read or admin, found nothing/],
    [["token", "create", "--scope", "root"], /--scope: expected ingest, read or admin, found "root"/],
    [["token", "create", "--scope", "read", "--hosts", "a*"], /--hosts: only an ingest token has a host pattern/],
    [["token", "create", "--scope", "read", "--expires-at", "soon"], /--expires-at: expected a time .*, found "soon"/],
    [
      ["token", "create", "--scope", "read", "--expires-at", "2020-01-01T00:00:00Z"],
      /--expires-at: must be in the future/,
    ],
    [["token", "create", "--root", "--fleet", "lab"], /--root: expected no --fleet, which a root token does not have/],
    [
      ["token", "create", "--scope", "ingest", "--hosts", " a*"],
      /--hosts: expected one pattern without commas and spaces, such as web-\*; .*, found " a\*"/,
    ],
    [["upgrade", "now"], /expected options only, found "now"/],
    [["token", "steal"], /expected create, list or revoke ID, found "steal"/],
  ])("%j that is not understood says what was expected and ends with 2", async (args, message) => {
    const { code, out, error } = await vbdstat(args);
    expect(error).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  test("help of every command names its options and exit codes", async () => {
    const all = await vbdstat(["--help"]);
    expect(all.code).toBe(0);
    for (const name of ["rebuild", "audit", "backup", "restore", "import", "export", "token"]) {
      expect(all.out).toContain(`  ${name} `);
      const { code, out } = await vbdstat([name, "--help"]);
      expect(code).toBe(0);
      expect(out).toMatch(/Exit codes: 0 /);
      for (const line of [...all.out.split("\n"), ...out.split("\n")])
        expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });

  test("a folder without data is refused where nothing could be found in it", async () => {
    for (const name of ["audit", "export", "rebuild"]) {
      const { code, error } = await vbdstat([name]);
      expect(error).toMatch(/no data found in .*; set DATA_DIR/);
      expect(code).toBe(1);
    }
  });
});

describe("without a server", () => {
  test("a fleet goes in, out, and into another store as the same runs; twice changes nothing", async () => {
    const first = await vbdstat(["import", file("fleet.txt.gz", gzipSync(FLEET))]);
    expect(first).toEqual({
      code: 0,
      error: "",
      out: "stored 72, duplicate 0, rejected 0\ncounted 12 hosts of fleet default\n",
    });
    const again = await vbdstat(["import", "-"], { input: FLEET });
    expect(again.out).toMatch(/^stored 0, duplicate 72, rejected 0\n/);

    const exported = await vbdstat(["export"]);
    expect(exported.code).toBe(0);
    const lines = exported.out.trimEnd().split("\n");
    expect(lines).toHaveLength(72);
    const copy = join(folder, "copy");
    const sent_by = { token_id: "t1", label: "Frankfurt" };
    const withdrawn = { ...JSON.parse(lines[0] ?? ""), sent_by, withdrawn_at: "2026-11-22T10:00:00.000Z" };
    // An earlier version did not say who sent a run.
    const { sent_by: none, ...old } = JSON.parse(lines[1] ?? "");
    expect(none).toBeNull();
    const source = file(
      "export.jsonl",
      [JSON.stringify(withdrawn), JSON.stringify(old), ...lines.slice(2), ""].join("\n"),
    );
    expect(await vbdstat(["import", source], { data: copy })).toMatchObject({
      code: 0,
      out: "stored 72, duplicate 0, rejected 0\ncounted 12 hosts of fleet default\n",
    });
    const back = (await vbdstat(["export"], { data: copy })).out.trimEnd().split("\n");
    expect(back.map((line) => JSON.parse(line))).toEqual([
      withdrawn,
      ...lines.slice(1).map((line) => JSON.parse(line)),
    ]);
    expect((await vbdstat(["import", source], { data: copy })).out).toMatch(/^stored 0, duplicate 72, rejected 0\n/);
    for (const data of [dataDir, copy]) {
      const { code, out } = await vbdstat(["audit"], { data });
      expect(out).toMatch(/^no difference in \d+ cells of 12 hosts\n$/);
      expect(code).toBe(0);
    }
    expect(await vbdstat(["rebuild", "--grace", "0"], { data: copy })).toEqual({
      code: 0,
      error: "",
      out: "rebuilt 12 hosts of fleet default\n",
    });
    expect((await vbdstat(["audit"], { data: copy })).out).toMatch(/^no difference in [1-9]\d* cells of 12 hosts\n$/);
    expect(await vbdstat(["rebuild", "--delete-old", "--grace", "0"], { data: copy })).toEqual({
      code: 0,
      error: "",
      out: "deleted the old statistics of fleet default\n",
    });
    const some = await vbdstat(["export", "--backend", "blktap2", "--host", JSON.parse(lines[0] ?? "").host]);
    expect(some.out.trimEnd().split("\n")).toHaveLength(3);
    const other = await vbdstat(["import", source, "--fleet", "other"], { data: copy });
    expect(other.error).toMatch(/export.jsonl: line 1, column 1, fleet: expected other, found default/);
    expect(other).toMatchObject({ code: 1, out: "stored 0, duplicate 0, rejected 72\n" });
  });

  test("a command that is stopped, or whose output is closed early, leaves no engine and no lock behind", async () => {
    await vbdstat(["import", "-"], { input: FLEET });
    const exporting = start(["export"], dataDir);
    exporting.stdout.destroy();
    await new Promise((resolve) => exporting.once("close", resolve));
    expect(["lock", "engine"].map((name) => readIdentityFile(join(dataDir, name)))).toEqual([null, null]);
    const importing = start(["import", "-"], dataDir);
    while (readIdentityFile(join(dataDir, "engine")) === null) await new Promise((resolve) => setTimeout(resolve, 20));
    importing.kill("SIGTERM");
    expect(await new Promise((resolve) => importing.once("close", resolve))).toBe(1);
    expect(["lock", "engine"].map((name) => readIdentityFile(join(dataDir, name)))).toEqual([null, null]);
  });

  test("bad lines are listed with their place in the file, the others are stored, and it ends with 1", async () => {
    const good = readFileSync(LOOP, "utf8").trim();
    const bad = good.replace(/,\d+,/, ",12x,");
    // So long that it is read in pieces: what was said at the beginning holds to the end, and lines are counted on.
    const lines = ["# backend: loop", ...Array.from({ length: 2_500 }, () => good), bad, ""];
    const { code, out, error } = await vbdstat(["import", file("bad.csv", lines.join("\n")), "site=fra"]);
    expect(error).toMatch(/^\S+bad.csv: line 2502, column \d+, \w+: .*12x.* \[\w+\]\n$/);
    expect(out).toBe("stored 1, duplicate 2499, rejected 1\ncounted 1 hosts of fleet default\n");
    expect(code).toBe(1);
  });

  test.each([
    ["none.txt", "hello\n", /none.txt: no Bonnie\+\+ result found/],
    ["nobackend.csv", readFileSync(LOOP, "utf8"), /nobackend.csv: no backend given: add --backend loop/],
    [
      "key.csv",
      `# backend: loop\n# colour: red\n${readFileSync(LOOP, "utf8")}`,
      /key.csv: line 2: unknown key "colour".*; nothing was stored$/m,
    ],
    ["cut.gz", gzipSync(FLEET).subarray(0, 500), /cut.gz: unexpected end of file/],
    ["runs.jsonl", '{"id":"1"}\n', /runs.jsonl: line 1, column 1, /],
  ])("%s is refused with its reason, and a file that is not there", async (name, content, message) => {
    const { code, error } = await vbdstat(["import", file(name, content), join(folder, "absent")]);
    expect(error).toMatch(message);
    expect(error).toMatch(/absent: ENOENT/);
    expect(code).toBe(1);
  });
});

test("a misspelt fleet is refused with those there are, where nothing would be found in it", async () => {
  expect((await vbdstat(["import", LOOP, "--backend", "loop", "--fleet", "lab"])).code).toBe(0);
  for (const command of [["audit"], ["export"], ["rebuild"], ["token", "list"]]) {
    const { code, out, error } = await vbdstat([...command, "--fleet", "lib"]);
    expect(error).toContain('--fleet: expected a fleet of this store (default, lab), found "lib"');
    expect({ code, out }).toEqual({ code: 2, out: "" });
  }
});

test("a store that cannot be reached is named with its reason, without a stack", async () => {
  const environment = { DYNAMODB_ENDPOINT: "http://127.0.0.1:1" };
  for (const command of [["audit"], ["import", LOOP, "--backend", "loop"]]) {
    const { code, error } = await vbdstat(command, { environment });
    expect(error).toBe(
      "vbdstat: table vbdstat at http://127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1\n",
    );
    expect(code).toBe(1);
  }
});

test("a table that is not there is named, and not said to be out of reach", async () => {
  const server = await startServerProcess({ dataDir });
  try {
    const { code, error } = await vbdstat(["audit"], { environment: { TABLE_NAME: "vbdstad" } });
    expect(error).toMatch(/^vbdstat: table vbdstad in the engine of .* cannot be used: ResourceNotFoundException: /);
    expect(code).toBe(1);
  } finally {
    await server.end("SIGTERM");
  }
});

test("an export onto a full disk says that it is not complete", async () => {
  expect((await vbdstat(["import", LOOP, "--backend", "loop"])).code).toBe(0);
  const { code, error } = await vbdstat(["export"], { stdout: openSync("/dev/full", "w") });
  expect(error).toBe("vbdstat: the output is not complete: ENOSPC: no space left on device, write\n");
  expect(code).toBe(1);
});

test("with a running server everything goes through its engine, and a token created there works at once", async () => {
  const server = await startServerProcess({ dataDir });
  try {
    const made = await vbdstat(["token", "create", "--scope", "ingest", "--fleet", "lab", "--label", "x"]);
    expect(made).toMatchObject({ code: 0, error: "" });
    expect(made.out).toMatch(/^vbd_\S{43}\n$/);
    const answer = await server.send("/v1/results?backend=loop", {
      method: "POST",
      body: readFileSync(LOOP),
      headers: { Authorization: `Bearer ${made.out.trim()}` },
    });
    expect(answer.status).toBe(201);
    const listed = await vbdstat(["token", "list", "--fleet", "lab"]);
    expect(listed.out).toMatch(/^[0-9a-f-]{36} {2}lab {2}ingest {2}x\n$/);
    const id = listed.out.slice(0, 36);
    expect(await vbdstat(["token", "revoke", id, "--fleet", "lab"])).toMatchObject({ code: 0, out: `revoked ${id}\n` });
    expect(await vbdstat(["token", "revoke", id, "--fleet", "lab"])).toMatchObject({
      code: 1,
      error: `fleet lab has no token "${id}" that is not revoked already\n`,
    });

    const imported = await vbdstat(["import", "-", "--no-aggregate"], { input: FLEET });
    expect(imported).toMatchObject({ code: 0, out: "stored 72, duplicate 0, rejected 0\n" });
    await server.untilAggregated();
    expect((await vbdstat(["rebuild", "--reparse", "--grace", "0"])).out).toBe(
      "reparsed 72 runs of fleet default: 0 changed\nrebuilt 12 hosts of fleet default\n",
    );
    expect((await vbdstat(["audit"])).out).toMatch(/^no difference in \d+ cells of 12 hosts\n$/);
  } finally {
    expect(await server.end("SIGTERM")).toBe(0);
  }
});

test("a table of an earlier version elsewhere is left alone by servers and commands, until upgrade is run", async () => {
  const engine = await startTestEngine();
  try {
    const table = await engine.newTable();
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyItem(FORMAT_KEY) }));
    await addFleet(table, "default");
    const environment = { DYNAMODB_ENDPOINT: engine.endpoint, TABLE_NAME: table.name };
    const refused = `the table ${table.name} has format 0, of an earlier vbdstat; this one reads format 2. Back it up, then run: vbdstat upgrade\n`;
    expect(await vbdstat(["audit"], { environment })).toEqual({ code: 1, out: "", error: `vbdstat: ${refused}` });
    const server = await runServer({ dataDir, environment });
    expect(server).toEqual({ code: 1, output: `vbdstat does not start: ${refused}` });
    const upgraded = `upgraded table ${table.name} from format 0 to 2: 0 tokens and 0 runs converted\n`;
    expect(await vbdstat(["upgrade"], { environment })).toEqual({ code: 0, out: upgraded, error: "" });
    const nothing = `nothing to do: table ${table.name} already has the format of this version\n`;
    expect(await vbdstat(["upgrade"], { environment })).toEqual({ code: 0, out: nothing, error: "" });
    expect(await vbdstat(["audit"], { environment })).toMatchObject({ code: 0 });
  } finally {
    await engine.stop();
  }
});

test("a token ends with its shares where that is asked for, and the shares of others stay", async () => {
  const server = await startServerProcess({ dataDir });
  try {
    const asked = { kind: "backends", query: {}, frozen: false };
    const shared = z.object({ id: z.string(), created_by: z.object({ token_id: z.string() }) });
    const share = async (secret: string) => {
      const headers = { Authorization: `Bearer ${secret}` };
      return shared.parse(
        await (await server.send("/v1/shares", { method: "POST", body: JSON.stringify(asked), headers })).json(),
      );
    };
    const secret = (await vbdstat(["token", "create", "--scope", "read"])).out.trim();
    const [mine, other] = [await share(secret), await share(server.token)];
    const { code, out } = await vbdstat(["token", "revoke", mine.created_by.token_id, "--shares"]);
    expect({ code, out }).toEqual({
      code: 0,
      out: `revoked 1 shares of ${mine.created_by.token_id}\nrevoked ${mine.created_by.token_id}\n`,
    });
    expect((await server.send(`/s/${mine.id}.json`)).status).toBe(410);
    expect((await server.send(`/s/${other.id}.json`)).status).toBe(200);
  } finally {
    await server.end("SIGTERM");
  }
});
