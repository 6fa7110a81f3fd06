// Two versions on one table: this one, and one made of it with a second form of everything that has a form: another dictionary
// for packed texts, one more quantity in samples, summaries and cells, and a format number for both.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { build, type Plugin } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { readGenerations } from "../../functions/store/statistics/generations.ts";
import { readFormat } from "../../functions/store/table/format.ts";
import { type Item, keyItem } from "../../functions/store/table/item.ts";
import { FORMAT_KEY } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { emptyCell } from "../../shared/cells/cell.ts";
import { decodeCell, mergeEncoded, UnknownQuantityError } from "../../shared/cells/codec.ts";
import { jsonOf } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { BLKTAP, LOOP } from "../support/fixtures.ts";
import { type OpenBuild, openBuild } from "./build.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What the later version changes, by file: each is one entry of a table. */
const LATER: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  "functions/store/table/format.ts": [
    ["[{ number: 2, packed: 1 }]", "[{ number: 2, packed: 1 }, { number: 3, packed: 2 }]"],
  ],
  "functions/store/table/packed.ts": [
    ["  1: {", '  2: { run: Buffer.from("{}"), sample: Buffer.from("[]"), summary: Buffer.from("[null]") },\n  1: {'],
  ],
  "shared/cells/forms.ts": [["{ 1: 24 }", "{ 1: 24, 2: 25 }"]],
  "shared/cells/quantities.ts": [
    [
      "\n];\n",
      '\n  { name: "get_block:later" as QuantityName, metric: "get_block", isEfficiency: false, readPath: true },\n];\n',
    ],
  ],
};

const later: Plugin = {
  name: "later",
  setup: ({ onLoad }) => {
    for (const [path, changes] of Object.entries(LATER)) {
      onLoad({ filter: new RegExp(`/${path.replaceAll(".", "\\.")}$`) }, () => {
        const contents = changes.reduce(
          (text, [from, to]) => {
            if (!text.includes(from)) throw new Error(`${path} no longer has ${from}`);
            return text.replace(from, to);
          },
          readFileSync(join(ROOT, path), "utf8"),
        );
        return { contents, loader: "ts" };
      });
    }
  },
};

let engine: TestEngine;
let folder: string;
let openLater: typeof openBuild;
beforeAll(async () => {
  engine = await startTestEngine();
  // In the repository, so that the bundle finds its packages.
  folder = mkdtempSync(join(ROOT, "node_modules/.later-"));
  const outfile = join(folder, "later.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "build.ts")],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    plugins: [later],
    logLevel: "error",
  });
  ({ openBuild: openLater } = await import(outfile));
});
afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

let table: Table;
let a: OpenBuild;
let b: OpenBuild;
beforeEach(async () => {
  table = await engine.newTable();
  a = await openBuild(engine.endpoint, table.name);
  // The table has the number of this version, and both work on it.
  expect(await readFormat(table)).toBe(2);
  b = await openLater(engine.endpoint, table.name);
});
afterEach(() => {
  a.close();
  b.close();
});

/** A result of a host on both backends; the status of both answers, which is 200 for a duplicate. */
async function upload(build: OpenBuild, host: string, day: number): Promise<readonly number[]> {
  return [await build.upload(LOOP, "loop", host, day), await build.upload(BLKTAP, "blktap2", host, day)];
}

const STORED = [201, 201];

const compare = async (build: OpenBuild) =>
  (await jsonOf<Comparison>(await build.get("/v1/compare?baseline=loop&candidate=blktap2&view=all"), 200)).fleet;

const pendingHosts = async (build: OpenBuild) =>
  (await jsonOf<{ pending_hosts: number }>(await build.get("/v1/status"), 200)).pending_hosts;

interface Comparison {
  readonly fleet: { readonly metrics: Readonly<Record<"put_block" | "get_block", { readonly hosts: number }>> };
}

async function scan(): Promise<Item[]> {
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
  return Items;
}

/** The forms of the packed texts in the table, and the number of partitions that start with a text. */
const formsOf = async (name: string) => new Set((await scan()).flatMap((item) => item[name]?.B?.[0] ?? []));
const countOf = async (prefix: string) => (await scan()).filter(({ pk }) => pk?.S?.startsWith(prefix)).length;

/** Both answer with so many hosts, and neither finds a difference in what it reads. */
async function expectRight(hosts: number, builds = [a, b], forms: readonly number[] = [1, 2]): Promise<void> {
  for (const one of builds) {
    const { metrics } = await compare(one);
    expect(metrics).toMatchObject({ put_block: { hosts }, get_block: { hosts } });
    expect(await one.audit()).toMatchObject({ differences: [], inFlux: 0, hosts });
  }
  expect(await Promise.all(builds.map((one) => one.formRead()))).toEqual(forms);
}

test("work side by side on one table, each with statistics of its own form, and back again", async () => {
  expect(await upload(a, "h1", 1)).toEqual(STORED);
  expect(await upload(b, "h2", 2)).toEqual(STORED);
  // A retry is a duplicate for both.
  expect(await upload(b, "h1", 1)).toEqual([200, 200]);
  await b.count();
  expect(await upload(a, "h2", 3)).toEqual(STORED);
  await a.count();
  // Whichever counts, it counts in the form of the generation.
  await expectRight(2, [a, b], [1, 1]);
  expect(await formsOf("run")).toEqual(new Set([1]));
  expect(await formsOf("sample")).toEqual(new Set([1]));

  await b.rebuild();
  expect(await readGenerations(table, "default")).toMatchObject({
    current: "1",
    form: 2,
    kept: { generation: "0", form: 1 },
  });
  await expectRight(2);

  await upload(a, "h3", 4);
  // The earlier version cannot count the new generation, so it leaves the host to the later one, and has no more to do.
  expect(await a.count()).toEqual({ done: 1, left: 0, conflicts: 0, throttled: 0 });
  expect(await pendingHosts(a)).toBe(1);
  await b.count();
  expect(await pendingHosts(b)).toBe(0);
  await upload(b, "h1", 5);
  await a.count();
  await b.count();
  await expectRight(3);
  expect(await compare(a)).toEqual(await compare(b));

  // Back to the earlier version alone: it goes on with the statistics that were kept, and a rebuild makes them its own.
  await upload(a, "h4", 6);
  await a.count();
  await expectRight(4, [a], [1]);
  await a.rebuild();
  expect(await readGenerations(table, "default")).toMatchObject({ current: "2", form: 1, kept: null, superseded: [] });
  await a.count();
  expect(await pendingHosts(a)).toBe(0);
  await expectRight(4, [a, b], [1, 1]);
  for (const generation of ["0", "1"]) {
    for (const kind of ["HOST", "CELL", "TOTAL", "COHORT"]) {
      expect(await countOf(`${kind}#default#${generation}#`), `${kind} ${generation}`).toBe(0);
    }
  }
});

test("while the later one rebuilds, the earlier one counts the statistics that are read, and clears no host", async () => {
  await upload(a, "h1", 1);
  await a.count();
  const seen = await readGenerations(table, "default");
  const item = { building: { S: "1" }, building_form: { N: "2" }, holder: { S: "x" }, alive: { S: "2026-11-22" } };
  const key = keyItem({ pk: "GENERATION#default", sk: "generation" });
  await table.client.send(
    new PutItemCommand({
      TableName: table.name,
      Item: { ...key, ...item, current: { S: seen.current }, last: { S: "1" } },
    }),
  );
  await upload(a, "h2", 2);
  await a.count();
  await expectRight(2, [a], [1]);
  expect(await pendingHosts(a)).toBe(1);
  await b.count();
  expect(await pendingHosts(b)).toBe(0);
});

test("what the later one stores in samples is skipped by the earlier one, which also keeps it", async () => {
  await upload(b, "h1", 1);
  await upload(a, "h2", 2);
  await a.count();
  expect(await a.reparse()).toMatchObject({ changed: 0, damaged: [] });
  expect(await a.audit()).toMatchObject({ differences: [] });
  // The later one adds its quantity to the samples of the earlier one.
  expect(await b.reparse()).toMatchObject({ runs: 4, changed: 2, damaged: [] });
  await b.count();
  await b.rebuild();
  await expectRight(2);
  // The cells of both hosts have the quantity: the earlier version can add them up, and would not write them.
  const cells = (await scan()).filter(({ pk }) => /^CELL#default#1#all#\*#pair#/.test(pk?.S ?? ""));
  const stratum = cells.flatMap(({ sk, all }) => (sk?.S?.startsWith("v1/") ? [all?.B ?? new Uint8Array()] : []));
  expect(stratum.length).toBeGreaterThan(0);
  for (const bytes of stratum) {
    expect(() => decodeCell(bytes)).toThrow(UnknownQuantityError);
    mergeEncoded(emptyCell(), bytes);
  }
  expect(await a.reparse()).toMatchObject({ changed: 0, damaged: [] });
});

test("after the upgrade of the table the later one writes its own forms, and the earlier one is refused", async () => {
  await upload(a, "h1", 1);
  await a.count();
  await b.rebuild();
  expect(await b.upgrade()).toMatchObject({ from: 2, to: 3, runs: 0 });
  await expect(openBuild(engine.endpoint, table.name)).rejects.toThrow(/has format 3, of a later vbdstat/);
  const upgraded = await openLater(engine.endpoint, table.name);
  await upload(upgraded, "h2", 2);
  await upgraded.count();
  expect(await formsOf("run")).toEqual(new Set([1, 2]));
  expect(await formsOf("sample")).toEqual(new Set([1, 2]));
  await expectRight(2, [upgraded], [2]);
  await upgraded.deleteOld();
  expect(await readGenerations(table, "default")).toMatchObject({ current: "1", kept: null, superseded: [] });
  expect(await countOf("CELL#default#0#")).toBe(0);
  await expectRight(2, [upgraded], [2]);
  upgraded.close();
});

test("the earlier one deletes nothing that it reads", async () => {
  await upload(a, "h1", 1);
  await a.count();
  await b.rebuild();
  await expect(a.deleteOld()).rejects.toThrow(/a later version has built the statistics of fleet default/);
  await expectRight(1);
  await b.deleteOld();
  await expect(a.formRead()).rejects.toThrow(/a later version has built the statistics of fleet default/);
  const answer = await a.get("/v1/compare?baseline=loop&candidate=blktap2");
  expect(answer.status).toBe(503);
  await a.rebuild();
  await expectRight(1, [a, b], [1, 1]);
});

test("a table of a format that neither knows is refused by both", async () => {
  await table.client.send(
    new PutItemCommand({ TableName: table.name, Item: { ...keyItem(FORMAT_KEY), format: { S: "4" } } }),
  );
  for (const open of [openBuild, openLater]) {
    await expect(open(engine.endpoint, table.name)).rejects.toThrow(/has format 4, of a later vbdstat/);
  }
});
