// Bytes that changed on a disk, rows of older versions, and rows that no version wrote: each is named with its run and its
// host, and everything else goes on.

import { DeleteItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { auditFleet } from "../../functions/service/audit.ts";
import { rebuildFleet, reparseFleet } from "../../functions/service/rebuild.ts";
import { replaceRun } from "../../functions/store/runs/runs.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { type Item, keyItem } from "../../functions/store/table/item.ts";
import { pendingHostKey, runKey, summaryKey } from "../../functions/store/table/keys.ts";
import { packedText } from "../../functions/store/table/packed.ts";
import { getItem, type Table } from "../../functions/store/table/table.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import type { Run } from "../../shared/run/run.ts";
import { runs } from "../../shared/summaries/runs.ts";
import { aggregateOver, rebuildOver } from "../service/play.ts";
import { readTable } from "../support/csv.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { fixture } from "../support/fixtures.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let table: Table;
let service: TestService;
/** The ids of the runs of hosts h0, h1 and h2, two of each. */
let ids: Map<string, string[]>;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const HOSTS = ["h0", "h1", "h2"];
const FLEET = "default";
const LINE = fixture("seed-loop.csv").trim();

beforeEach(async () => {
  table = await engine.newTable();
  service = await makeTestService(table);
  ids = new Map();
  for (const host of HOSTS) {
    const lines = ["a", "b"].flatMap((run, day) => [
      `# run: ${run}`,
      `# finished: 2026-11-0${day + 1}T00:00:00Z`,
      LINE,
    ]);
    const answer = await service.post(lines.join("\n"), `?backend=loop&host=${host}`, {
      headers: { Accept: "application/json" },
    });
    const receipt = z.object({ results: z.array(z.object({ id: z.string() })) }).parse(await answer.json());
    ids.set(
      host,
      receipt.results.map(({ id }) => id),
    );
  }
  await service.aggregate();
  expect(await audit()).toEqual([]);
});

const runOf = (host: string, number = 0): string => ids.get(host)?.[number] ?? "";

async function itemOf(host: string, number = 0): Promise<Item> {
  const item = await getItem(table, runKey(FLEET, runOf(host, number)));
  if (item === null) throw new Error("the run is not there");
  return item;
}

/** Changes attributes of a stored run; undefined takes one away. */
async function damage(host: string, change: (item: Item) => Record<string, string | undefined>, number = 0) {
  const item = await itemOf(host, number);
  for (const [name, text] of Object.entries(change(item))) {
    if (text === undefined) delete item[name];
    else item[name] = { S: text };
  }
  await table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));
}

const textOf = (item: Item): string => packedText(item, "run");

/** The entry with the sample of a run. */
async function entryOf(host: string): Promise<Item> {
  for await (const entry of makeFleetScan(table).entryItems(FLEET, host)) {
    if (entry["sk"]?.S?.endsWith(runOf(host))) return entry;
  }
  throw new Error("the entry is not there");
}

const keyOf = ({ pk, sk }: Item): Item => ({ pk: pk ?? { S: "" }, sk: sk ?? { S: "" } });

async function damageSample(host: string, change: (text: string) => string): Promise<void> {
  const entry = await entryOf(host);
  const sample = { S: change(packedText(entry, "sample")) };
  await table.client.send(new PutItemCommand({ TableName: table.name, Item: { ...entry, sample } }));
}

/** A run as versions before 1f913e2 stored it: the JSON of all of it, and no checksum. */
async function asOlderVersion(host: string, number = 0): Promise<void> {
  const served = await (await service.send(`/v1/runs/${runOf(host, number)}`)).json();
  // It did not know who sent a run.
  const { sent_by: _, ...run } = z.record(z.string(), z.unknown()).parse(served);
  await damage(host, () => ({ run: JSON.stringify(run), sum: undefined }), number);
}

const audit = async () => (await auditFleet(makeFleetScan(table), FLEET)).differences;

const rebuild = async (faults: unknown[] = []) =>
  rebuildFleet(rebuildOver(table), FLEET, {
    graceMs: 0,
    wait: async () => undefined,
    onProgress: () => undefined,
    onError: (error) => faults.push(error),
  });

const rereadAll = () =>
  reparseFleet(
    {
      scan: makeFleetScan(table),
      replaceRun: (before: Run, after: NewRun, at: string) => replaceRun(table, before, after, at),
      clock: () => Date.parse("2026-11-23T00:00:00Z"),
    },
    FLEET,
    () => undefined,
  );

describe("the audit finds", () => {
  test.each<[string, (text: string) => string, RegExp]>([
    [
      "a digit of a stored line that changes what it says",
      (text) => text.replace("25511", "25911"),
      /its text is not what was written; putc: stored .*25511.*read .*25911/,
    ],
    [
      "a digit of a stored line that changes nothing it says",
      (text) => text.replace('raw":"', 'raw":" '),
      /its text is not/,
    ],
    [
      "a stored rate",
      (text) => text.replace(/"metrics":\[\[\d/, (found) => `${found}1`),
      /its text is not.*putc: stored/,
    ],
    ["what was said of a run", (text) => text.replace('"declared"', '"declares"'), /its text is not/],
    [
      "a verdict",
      (text) => text.replace(/"quality":\["[a-z-]+"/, '"quality":["clean"'),
      /its text is not.*quality: stored/,
    ],
  ])("%s", async (_, change, message) => {
    await damage("h1", (item) => ({ run: change(textOf(item)) }));
    const [found, ...others] = await audit();
    expect(found).toMatchObject({ kind: "damaged", text: expect.stringMatching(message) });
    expect(found?.text).toContain(`run ${runOf("h1")} of host "h1"`);
    expect(others).toEqual([]);
    // A reading of damaged bytes must not take the place of what was measured.
    expect(await rereadAll()).toMatchObject({ runs: 6, changed: 0, damaged: [found?.text] });
  });

  test("a changed line of a run that has no checksum, by its id", async () => {
    await damage("h1", (item) => ({ run: textOf(item).replace('raw":"', 'raw":" '), sum: undefined }));
    expect(await audit()).toMatchObject([
      { kind: "damaged", text: expect.stringContaining("its id is not its line's") },
    ]);
  });

  test("a rate of a run without a checksum, by its line; and rereading brings the rate back", async () => {
    await damage("h1", (item) => ({
      run: textOf(item).replace(/"metrics":\[\[\d/, (found) => `${found}1`),
      sum: undefined,
    }));
    const differences = await audit();
    expect(differences[0]).toMatchObject({ kind: "different", text: expect.stringMatching(/host "h1": putc: stored/) });
    expect(await rereadAll()).toMatchObject({ changed: 1, damaged: [] });
    await service.aggregate();
    expect(await audit()).toEqual([]);
  });

  test.each(["stratum", "tpk", "sample"])("a damaged %s, and rereading puts it right", async (name) => {
    if (name === "sample") await damageSample("h1", (text) => text.replace(/\d(?=\D*$)/, "7"));
    else await damage("h1", (item) => ({ [name]: item[name]?.S?.replace(/\d(?=\D*$)/, "9") ?? "" }));
    const before = await audit();
    expect(before.length).toBeGreaterThan(0);
    expect(before[0]?.text).toContain(runOf("h1"));
    expect(await rereadAll()).toMatchObject({ changed: 1 });
    await service.aggregate();
    expect(await audit()).toEqual([]);
  });

  test("a missing sample, and rereading derives it again", async () => {
    const entry = await entryOf("h1");
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyOf(entry) }));
    expect((await audit())[0]).toMatchObject({ kind: "missing", text: `the sample of run ${runOf("h1")} is missing` });
    expect(await rereadAll()).toMatchObject({ changed: 1 });
    await service.aggregate();
    expect(await audit()).toEqual([]);
  });

  test("a flipped bit anywhere in the packed text of a run", async () => {
    const item = await itemOf("h1");
    const bytes = Buffer.from(item["run"]?.B ?? []);
    for (let at = 0; at < bytes.length; at += 37) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8((flipped[at] ?? 0) ^ 16, at);
      await table.client.send(new PutItemCommand({ TableName: table.name, Item: { ...item, run: { B: flipped } } }));
      const [found] = await audit();
      expect(found?.kind, `byte ${at}`).toMatch(/^(damaged|unreadable)$/);
      expect(found?.text).toContain(`run ${runOf("h1")} of host "h1"`);
    }
  });
});

test("what a newer reader makes of a line is no damage, and is told apart from it", async () => {
  await damage("h1", (item) => ({
    run: textOf(item)
      .replace(/"parser_version":\d+/, '"parser_version":1')
      .replace(/"metrics":\[\[\d/, (found) => `${found}1`),
    sum: undefined,
  }));
  const { differences, outdated } = await auditFleet(makeFleetScan(table), FLEET);
  expect(outdated).toMatchObject({ runs: 1, first: [expect.stringMatching(/\(parser 1\): putc: stored/)] });
  // The summary was made of the sample, which says what the line says.
  expect(differences.map(({ kind }) => kind)).not.toContain("damaged");
  expect(await rereadAll()).toMatchObject({ changed: 1, damaged: [] });
});

test("runs of an older version are read, and rereading writes them as this version does", async () => {
  const before = await (await service.send(`/v1/runs/${runOf("h1")}`)).json();
  await asOlderVersion("h1");
  expect(await (await service.send(`/v1/runs/${runOf("h1")}`)).json()).toEqual(
    Object.assign({}, before, { sent_by: null }),
  );
  expect(await audit()).toEqual([]);
  expect(await rereadAll()).toMatchObject({ changed: 1, damaged: [] });
  expect(JSON.parse(textOf(await itemOf("h1")))["metrics"]).toBeInstanceOf(Array);
  expect((await itemOf("h1"))["sum"]?.S).toHaveLength(11);
});

test.each<[string, (text: string) => string | undefined, string | null]>([
  ["a cut text", (text) => text.slice(0, text.indexOf('"metrics"')), "h1"],
  ["a row that is too short", (text) => text.replace(/"bonnie":\["v1",/, '"bonnie":['), "h1"],
  ["no text at all", () => undefined, "h1"],
])("a run with %s is named wherever runs are read, and the others are there", async (_, change, host) => {
  const id = runOf("h1");
  await damage("h1", (item) => ({ run: change(textOf(item)) }));

  const single = await service.send(`/v1/runs/${id}`);
  expect(single.status).toBe(500);
  expect(await single.json()).toMatchObject({
    error: { code: "unreadable", message: `run ${id} is stored, but cannot be read; the log says why` },
  });
  const of = host === null ? "of a host whose name cannot be read: " : 'of host "h1": ';
  expect(service.faults).toMatchObject([{ cause: { message: expect.stringContaining(`run ${id} ${of}`) } }]);

  for (const [path, others] of [
    ["/v1/runs", 5],
    ["/v1/runs?host=h1", 1],
  ] as const) {
    const answer = await service.send(path);
    expect(answer.status).toBe(200);
    const page = runs.result().parse(await answer.json());
    expect(page.runs).toHaveLength(others);
    expect(page.unreadable).toEqual([{ id, host }]);
  }
  expect(await (await service.send("/v1/runs.txt")).text()).toContain(`run ${id}`);

  service.faults.length = 0;
  const rows = readTable(await (await service.send("/v1/runs.csv")).text());
  expect(rows).toHaveLength(6);
  expect(rows.filter(({ verdict }) => verdict === "unreadable")).toMatchObject([
    { id, fleet: FLEET, host: host ?? "", putc_rate: "", raw: "" },
  ]);
  expect(service.faults).toMatchObject([{ id }]);

  expect(await audit()).toMatchObject([{ kind: "unreadable", text: expect.stringContaining(id) }]);
  await asOlderVersion("h2");
  expect(await rereadAll()).toMatchObject({ runs: 6, changed: 1, damaged: [expect.stringContaining(id)] });
  await service.aggregate();
  // Its sample is whole.
  expect(await rebuild()).toEqual({ hosts: 3, failed: 0 });
  expect(await audit()).toMatchObject([{ kind: "unreadable" }]);

  const withdrawn = await service.send(`/v1/runs/${id}`, { method: "DELETE" });
  expect(withdrawn.status).toBe(host === null ? 500 : 200);
});

describe("a sample that cannot be read", () => {
  beforeEach(async () => {
    await damageSample("h1", () => "{");
    for (const host of HOSTS) await service.post(LINE, `?backend=loop&host=${host}&run=c`);
  });

  test("keeps its own host from being counted, by name, and no other", async () => {
    const counting = aggregateFleet(aggregateOver(table), FLEET);
    await expect(counting).rejects.toThrow(
      `host "h1" of fleet default cannot be counted: the sample of run ${runOf("h1")} cannot be read`,
    );
    const marks = await Promise.all(HOSTS.map((host) => getItem(table, pendingHostKey(FLEET, host))));
    expect(marks.map((mark) => mark !== null)).toEqual([false, true, false]);
  });

  test("leaves its host out of a rebuild, by name; rereading derives it again, and all are counted", async () => {
    const faults: unknown[] = [];
    expect(await rebuild(faults)).toEqual({ hosts: 3, failed: 1 });
    expect(faults.map(String)).toEqual(expect.arrayContaining([expect.stringContaining('host "h1" of fleet default')]));
    expect(await rereadAll()).toMatchObject({ changed: 1, damaged: [] });
    await service.aggregate();
    expect(await rebuild()).toEqual({ hosts: 3, failed: 0 });
    expect(await audit()).toEqual([]);
  });

  test("is out of the way when its run is withdrawn", async () => {
    expect((await service.send(`/v1/runs/${runOf("h1")}`, { method: "DELETE" })).status).toBe(200);
    await service.aggregate();
    expect(await audit()).toEqual([]);
  });
});

test("a mark that cannot be read keeps no other host of its bucket from being counted", async () => {
  for (const host of HOSTS) await service.post(LINE, `?backend=loop&host=${host}&run=c`);
  const key = keyItem(pendingHostKey(FLEET, "h1"));
  const { Item: mark } = await table.client.send(new GetItemCommand({ TableName: table.name, Key: key }));
  const near = { pk: mark?.["pk"] ?? { S: "" }, sk: { S: "a-host" } };
  for (const item of [
    { ...mark, touched: { SS: ["x"] } },
    { ...mark, ...near, token: { N: "1" } },
  ])
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));
  const counting = aggregateFleet(aggregateOver(table), FLEET);
  await expect(counting).rejects.toThrow(
    /host "a-host".*\nhost "h1" of fleet default cannot be counted: entry x of a pending host is/,
  );
  const marks = await Promise.all(HOSTS.map((host) => getItem(table, pendingHostKey(FLEET, host))));
  expect(marks.map((found) => found !== null)).toEqual([false, true, false]);
});

test("a summary that cannot be read is a difference, and a rebuild makes it anew", async () => {
  const key = keyItem(summaryKey({ fleet: FLEET, generation: "0" }, "2026-11", "h1"));
  const { Item: stored } = await table.client.send(new GetItemCommand({ TableName: table.name, Key: key }));
  await table.client.send(new PutItemCommand({ TableName: table.name, Item: { ...stored, summary: { S: "{" } } }));
  expect(await audit()).toMatchObject([
    { kind: "unreadable", key: expect.stringMatching(/^HOST#default#0#2026-11#\d h1$/) },
  ]);
  expect(await rebuild()).toEqual({ hosts: 3, failed: 0 });
  expect(await audit()).toEqual([]);
});
