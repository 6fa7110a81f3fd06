// A backup is taken while everybody writes, and is worth something only if all that was acknowledged before it is in it. What
// was cut, changed, or stands in its way is refused before anything is written.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { beginRestore, restoreItems } from "../../functions/store/backup.ts";
import { makeRunStore, runItem } from "../../functions/store/runs/runs.ts";
import type { Item } from "../../functions/store/table/item.ts";
import { backupText, buildHead, itemsOfBackup, verifyBackup, writeNewFile } from "../../local/cli/backup.ts";
import { readTable } from "../support/csv.ts";
import { startTestEngine } from "../support/engine.ts";
import { newRun } from "../support/runs.ts";
import {
  BUNDLE,
  buildServer,
  removeBuild,
  runServer,
  type ServerProcess,
  startServerProcess,
} from "../support/server-process.ts";

const LOOP = readFileSync("local/demo/samples/seed-loop.csv", "utf8").trim();
const folder = mkdtempSync(join(tmpdir(), "vbdstat-backup-"));
let data: string;
let folders = 0;

beforeAll(buildServer);
afterAll(() => {
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  folders += 1;
  data = join(folder, `data-${folders}`);
});

/** Runs a command to its end. */
function vbdstat(args: readonly string[], dataDir = data, environment: Readonly<Record<string, string>> = {}) {
  const silent = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  const child = spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], {
    env: { PATH: process.env["PATH"], DATA_DIR: dataDir, ...silent, ...environment },
  });
  let out = "";
  let error = "";
  child.stdout.on("data", (bytes: Buffer) => (out += bytes.toString("latin1")));
  child.stderr.on("data", (bytes: Buffer) => (error += bytes.toString()));
  return new Promise<{ code: number | null; out: string; error: string }>((resolve) =>
    child.once("close", (code) => resolve({ code, out, error })),
  );
}

const json = { Accept: "application/json" };
const receipt = z.object({ results: z.array(z.object({ id: z.string() })) });

/** Posts a result of a host; the id of its run. */
async function post(server: ServerProcess, host: string, run: string): Promise<string> {
  const answer = await server.send(`/v1/results?backend=loop&host=${host}&run=${run}`, {
    method: "POST",
    body: LOOP,
    headers: json,
  });
  expect(answer.status).toBe(201);
  return receipt.parse(await answer.json()).results[0]?.id ?? "";
}

async function share(server: ServerProcess, frozen: boolean): Promise<string> {
  const body = JSON.stringify({ kind: "compare", query: { baseline: "loop", candidate: "phy" }, frozen });
  const answer = await server.send("/v1/shares", {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json" },
  });
  expect(answer.status).toBe(201);
  return z.object({ id: z.string() }).parse(await answer.json()).id;
}

const bytesOf = async (server: ServerProcess, path: string): Promise<string> =>
  Buffer.from(await (await server.send(path)).arrayBuffer()).toString("base64");

const LOOKS = ["svg", "json", "png"];

test("what was acknowledged before it began is in a backup taken under load, and is whole where it is restored", async () => {
  const server = await startServerProcess({ dataDir: data });
  const acknowledged: string[] = [];
  let writing = true;
  try {
    const withdrawn = await post(server, "h0", "withdrawn");
    expect((await server.send(`/v1/runs/${withdrawn}`, { method: "DELETE" })).status).toBe(200);
    await server.send("/v1/results?backend=loop&host=h0", { method: "POST", body: LOOP.replace(",35,", ",x,") });
    const asked = {
      method: "POST",
      body: JSON.stringify({ scope: "read" }),
      headers: { "Content-Type": "application/json" },
    };
    const made = await (await server.send("/v1/tokens", asked)).json();
    const { token: secret } = z.object({ token: z.string() }).parse(made);
    await post(server, "h1", "first");
    await server.untilAggregated();
    const [frozen, live, ended] = [await share(server, true), await share(server, false), await share(server, true)];
    const kept = await Promise.all(LOOKS.map((look) => bytesOf(server, `/s/${frozen}.${look}`)));
    expect((await server.send(`/v1/shares/${ended}`, { method: "DELETE" })).status).toBe(204);

    const writers = [0, 1, 2, 3].map(async (writer) => {
      for (let number = 0; writing; number += 1) {
        acknowledged.push(await post(server, `w${writer}-${number % 5}`, `r${number}`));
        if (writer === 0 && number % 5 === 0) await share(server, true);
      }
    });
    while (acknowledged.length < 40) await new Promise((resolve) => setTimeout(resolve, 10));
    const before = [...acknowledged];
    const file = join(folder, "under-load.gz");
    const backup = await vbdstat(["backup", file]);
    writing = false;
    await Promise.all(writers);
    expect(backup).toMatchObject({ code: 0, error: "" });
    expect(backup.out).toMatch(/^backed up \d+ items of table vbdstat as of \S+Z\n$/);
    expect(acknowledged.length).toBeGreaterThan(before.length);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const other = join(folder, "restored");
    const restored = await vbdstat(["restore", file], other);
    expect(restored).toMatchObject({ code: 0, error: "" });
    expect(restored.out).toMatch(/^restored \d+ items as of \S+Z\ncounted \d+ hosts of fleet default\n$/);
    const audit = await vbdstat(["audit"], other);
    expect(audit.out).toMatch(/^no difference in \d+ cells of \d+ hosts\n$/);

    const copy = await startServerProcess({ dataDir: other, environment: { VBDSTAT_ADMIN_TOKEN: server.token } });
    try {
      const rows = readTable(await (await copy.send("/v1/runs.csv")).text());
      const ids = new Set(rows.map(({ id }) => id));
      expect(before.filter((id) => !ids.has(id))).toEqual([]);
      const gone = z.object({ withdrawn_at: z.string() });
      const [there, here] = await Promise.all(
        [server, copy].map(async (one) => gone.parse(await (await one.send(`/v1/runs/${withdrawn}`)).json())),
      );
      expect(here).toEqual(there);
      const asReader = { headers: { Authorization: `Bearer ${secret}` } };
      expect((await copy.send("/v1/runs", asReader)).status).toBe(200);
      const quarantine = z.object({ lines: z.array(z.unknown()) });
      expect(quarantine.parse(await (await copy.send("/v1/quarantine")).json()).lines).toHaveLength(1);
      expect(await Promise.all(LOOKS.map((look) => bytesOf(copy, `/s/${frozen}.${look}`)))).toEqual(kept);
      expect((await copy.send(`/s/${live}.json`)).status).toBe(200);
      expect((await copy.send(`/s/${ended}.json`)).status).toBe(410);
      const listed = z.object({ shares: z.array(z.object({ id: z.string() })), cursor: z.string().nullable() });
      const { shares } = listed.parse(await (await copy.send("/v1/shares")).json());
      expect(shares.map(({ id }) => id)).toEqual(expect.arrayContaining([frozen, live]));
      // Shares that were made meanwhile are there as a whole, or not at all.
      for (const { id } of shares) expect((await copy.send(`/s/${id}.svg`)).status).toBe(200);
    } finally {
      await copy.end("SIGTERM");
    }
  } finally {
    writing = false;
    await server.end("SIGTERM");
  }
});

/** A page of 40 runs of 4 hosts, as the table gives them. */
function someItems(): Item[] {
  return Array.from({ length: 40 }, (_, number) => {
    const { run } = newRun({ number, host: `h${number % 4}`, raw: LOOP, rates: { putc: 25_511 } });
    return runItem(run, 1);
  });
}

async function* pagesOf(items: readonly Item[]): AsyncGenerator<readonly Item[], void> {
  yield items.slice(0, 30);
  yield items.slice(30);
}

/** The lines of a backup. */
async function linesOfBackup(items: readonly Item[]): Promise<string[]> {
  const files = { "token-key": Buffer.from("0123456789abcdef0123456789abcdef") };
  const pieces: string[] = [];
  const head = buildHead("vbdstat", 2, files, "2026-11-22T10:00:00.000Z");
  for await (const piece of backupText(head, pagesOf(items), () => undefined)) pieces.push(piece);
  return pieces.join("").trimEnd().split("\n");
}

function packed(name: string, lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, gzipSync(lines.map((line) => `${line}\n`).join("")));
  return file;
}

describe("a backup", () => {
  test("that is whole gives back the very items", async () => {
    const items = someItems();
    const file = packed("whole.gz", await linesOfBackup(items));
    const whole = await verifyBackup(file);
    const back: Item[] = [];
    for await (const item of itemsOfBackup(file, whole)) back.push(item);
    expect(back).toEqual(items);
  });

  test.each<[string, (lines: string[]) => string[], RegExp]>([
    ["cut behind a line", (lines) => lines.slice(0, -2), /was truncated: its last line is missing/],
    [
      "in which a digit has changed",
      (lines) => lines.with(5, (lines[5] ?? "").replace(/2(?=026-11)/, "3")),
      /has changed since/,
    ],
    [
      "whose head has changed",
      (lines) => lines.with(0, (lines[0] ?? "").replace("2026-11-22", "2026-11-23")),
      /has changed since/,
    ],
    ["of which a line is missing", (lines) => lines.toSpliced(5, 1), /has changed since/],
    ["with a line twice", (lines) => lines.toSpliced(5, 0, lines[5] ?? ""), /has changed since/],
    ["with a line behind its end", (lines) => [...lines, lines[5] ?? ""], /was truncated/],
    [
      "of a form to come",
      (lines) => lines.with(0, (lines[0] ?? "").replace('"form":1', '"form":2')),
      /is a backup of form 2/,
    ],
    [
      "of a table of a later format",
      (lines) => lines.with(0, (lines[0] ?? "").replace('"format":2', '"format":3')),
      /is a backup of a table of format 3, written by vbdstat .*; this version reads format 2/,
    ],
    ["with a line of 5 MB", (lines) => lines.with(5, "x".repeat(5_000_000)), /line 6 is longer than an item can be/],
    ["that is something else", () => ["hello"], /is not a backup of vbdstat/],
    ["that is empty", () => [], /is not a backup: it is empty/],
  ])("%s is refused", async (_, change, message) => {
    const file = packed("changed.gz", change(await linesOfBackup(someItems())));
    await expect(verifyBackup(file)).rejects.toThrow(message);
  });

  test("whose compressed bytes were cut is refused", async () => {
    const cut = join(folder, "cut.gz");
    writeFileSync(cut, readFileSync(packed("whole.gz", await linesOfBackup(someItems()))).subarray(0, -50));
    await expect(verifyBackup(cut)).rejects.toThrow(/cut.gz cannot be read to its end: unexpected end of file/);
  });

  test("brings the key of the tokens with it, for the owner only, and is not restored over anything", async () => {
    const file = packed("whole.gz", await linesOfBackup(someItems()));
    expect(await vbdstat(["restore", file, "--no-aggregate"])).toMatchObject({ code: 0, error: "" });
    const key = join(data, "token-key");
    expect(readFileSync(key, "utf8")).toBe("0123456789abcdef0123456789abcdef");
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const { out, error } = await vbdstat(["backup", "-"]);
    expect(error).toMatch(/^backed up 40 items/);
    const items = gunzipSync(Buffer.from(out, "latin1")).toString().split("\n").slice(1, -2);
    expect(items.sort()).toEqual((await linesOfBackup(someItems())).slice(1, -1).sort());
    const again = await vbdstat(["restore", file]);
    expect(again.error).toMatch(/the table vbdstat is not empty; restore into an empty folder or table/);
    expect(again.code).toBe(1);
  });

  test("that was restored in part leaves a table that nothing works on, and the same command goes on", async () => {
    const engine = await startTestEngine();
    try {
      const table = await engine.newTable();
      const environment = { DYNAMODB_ENDPOINT: engine.endpoint, TABLE_NAME: table.name };
      const items = someItems();
      const file = packed("whole.gz", await linesOfBackup(items));
      await beginRestore(table, (await verifyBackup(file)).digest);
      await restoreItems(table, items.slice(0, 7));
      const refusal = /contains a part of a backup or of another table: a restore or copy into it is incomplete/;
      expect((await runServer({ dataDir: data, environment })).output).toMatch(refusal);
      expect(await vbdstat(["export"], data, environment)).toMatchObject({
        code: 1,
        error: expect.stringMatching(refusal),
      });
      const other = packed("other.gz", await linesOfBackup(items.slice(1)));
      await expect(beginRestore(table, (await verifyBackup(other)).digest)).rejects.toThrow(/a part of another backup/);
      expect((await vbdstat(["restore", file, "--no-aggregate"], data, environment)).code).toBe(0);
      expect((await makeRunStore(table).list("default", { limit: 100 })).items).toHaveLength(40);
      expect(existsSync(join(data, "token-key"))).toBe(false);
    } finally {
      await engine.stop();
    }
  });
});

test("a file that is there is not written over, and a link is not followed", async () => {
  const content = async function* () {
    yield Buffer.from("backup");
  };
  const [target, link, dangling] = ["target", "link", "dangling"].map((name) => join(folder, name));
  if (target === undefined || link === undefined || dangling === undefined) throw new Error("three names");
  writeFileSync(target, "precious");
  symlinkSync(target, link);
  symlinkSync(join(folder, "nowhere"), dangling);
  await expect(writeNewFile(target, content(), false)).rejects.toThrow(/target exists; choose another name/);
  for (const file of [link, dangling, folder]) {
    for (const mayReplace of [false, true]) {
      await expect(writeNewFile(file, content(), mayReplace)).rejects.toThrow(/exists and is not a file/);
    }
  }
  expect(readFileSync(target, "utf8")).toBe("precious");
  await writeNewFile(target, content(), true);
  expect(readFileSync(target, "utf8")).toBe("backup");
  expect(statSync(target).mode & 0o777).toBe(0o600);
  const failing = async function* () {
    yield Buffer.from("half");
    throw new Error("the store is gone");
  };
  const half = join(folder, "half");
  await expect(writeNewFile(half, failing(), false)).rejects.toThrow("the store is gone");
  expect(existsSync(half)).toBe(false);
  expect(readdirSync(folder).filter((name) => name.includes(".part"))).toEqual([]);
});
