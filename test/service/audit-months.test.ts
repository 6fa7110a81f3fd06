// The scheduled audit: a shard at a time, a closed month once. What it reads may not grow with the age of a fleet, and what it
// leaves out it must have audited before.

import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { type Audit, auditFleet } from "../../functions/service/audit.ts";
import { auditShard } from "../../functions/service/audit-months.ts";
import { rebuildFleet } from "../../functions/service/rebuild.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeAuditMarks } from "../../functions/store/statistics/audit-marks.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { type Item, keyItem, optionalBytes } from "../../functions/store/table/item.ts";
import {
  auditPartition,
  computeShard,
  type Key,
  runKey,
  sampleKey,
  summaryKey,
  totalsKey,
} from "../../functions/store/table/keys.ts";
import { getItem, partition, queryAll, type Table } from "../../functions/store/table/table.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { newRun } from "../support/runs.ts";
import { history } from "./histories.ts";
import { aggregateOver, play, rebuildOver } from "./play.ts";

const FLEET = "default";
const OF = { fleet: FLEET, generation: "0" };
const HOST = "h1";
const SHARD = computeShard(FLEET, HOST);
const NOW = Date.parse("2026-11-22T12:00:00Z");

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
});
afterAll(() => engine.stop());

/** The stored runs by number. */
const runIn = (month: string, number: number, host = HOST) =>
  newRun({ host, number, at: `${month}-10T00:00:00.000Z`, rates: { putc: 1_000 + number } });

/** Three runs in August, two in September, one in November, counted an hour before `NOW`. */
const SOME = [
  ...[1, 2, 3].map((number) => runIn("2026-08", number)),
  runIn("2026-09", 4),
  runIn("2026-09", 5),
  runIn("2026-11", 6),
];

async function count(runs: readonly ReturnType<typeof newRun>[], at = NOW - 3_600_000): Promise<void> {
  await makeRunStore(table).add(runs);
  await aggregateFleet({ ...aggregateOver(table), clock: () => at }, FLEET);
}

const audit = (now = NOW, over = table): Promise<Audit> =>
  auditShard({ scan: makeFleetScan(over), marks: makeAuditMarks(over), clock: () => now }, FLEET, SHARD);

/** What an audit found, by kind of item. */
const foundBy = ({ differences }: Audit): string[] =>
  differences.map(({ key, kind }) => `${kind} ${key.split("#")[0]}`).sort();

const marksOf = async (): Promise<string[]> =>
  (await queryAll(table, partition(auditPartition(OF, SHARD)))).map(({ sk }) => sk?.S ?? "");

async function change(key: Key, to: (item: Item) => Item): Promise<void> {
  const item = await getItem(table, key);
  if (item === null) throw new Error(`there is no ${key.pk} ${key.sk}`);
  await table.client.send(new PutItemCommand({ TableName: table.name, Item: to(item) }));
}

const deleted = (key: Key) => table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyItem(key) }));

/** With the last byte changed, and the version as it was. */
function withDamage(item: Item): Item {
  const bytes = Buffer.from(optionalBytes(item, "trusted") ?? []);
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
  return { ...item, trusted: { B: bytes } };
}

describe("a closed month is audited once", () => {
  test("then only the open month is, until a late result changes the closed one", async () => {
    await count(SOME);
    expect(await audit()).toMatchObject({ hosts: 1, runs: 6, differences: [] });
    expect(await marksOf()).toEqual(["2026-08", "2026-09"]);
    expect(await audit()).toMatchObject({ hosts: 1, runs: 1, differences: [] });
    // A late result of September: from there on, everything again, once.
    await count([runIn("2026-09", 7)], NOW + 3_600_000);
    expect(await audit(NOW + 7_200_000)).toMatchObject({ runs: 4, differences: [] });
    expect(await audit(NOW + 7_200_000)).toMatchObject({ runs: 1, differences: [] });
  });

  test("from a day after its end on", async () => {
    await count(SOME);
    await audit(Date.parse("2026-12-01T23:59:59Z"));
    expect(await marksOf()).toEqual(["2026-08", "2026-09"]);
    await audit(Date.parse("2026-12-02T00:00:01Z"));
    expect(await marksOf()).toEqual(["2026-08", "2026-09", "2026-11"]);
    expect(await audit(Date.parse("2026-12-02T00:00:02Z"))).toMatchObject({ runs: 0, differences: [] });
  });

  test("and not marked while anything differs", async () => {
    await count(SOME);
    await change(totalsKey(OF, "2026-11", "*", SHARD), withDamage);
    for (let time = 0; time < 2; time += 1) {
      const found = await audit();
      expect(found).toMatchObject({ runs: 6 });
      expect(foundBy(found)).toEqual(["different TOTAL"]);
    }
    expect(await marksOf()).toEqual([]);
  });

  test("a change up to ten minutes before an audit is audited again, because clocks differ", async () => {
    await count(SOME, NOW - 9 * 60_000);
    await audit();
    expect(await audit()).toMatchObject({ runs: 6 });
    expect(await audit(NOW + 3_600_000)).toMatchObject({ runs: 6 });
    expect(await audit(NOW + 3_600_000)).toMatchObject({ runs: 1 });
  });

  test("in each generation: after a rebuild everything is audited again, and the marks of the old one are deleted", async () => {
    await count(SOME);
    await audit();
    await rebuildFleet({ ...rebuildOver(table), clock: () => NOW - 3_600_000 }, FLEET, {
      graceMs: 0,
      wait: async () => undefined,
      onError: (error) => expect.fail(String(error)),
      onProgress: () => undefined,
    });
    expect(await marksOf()).toEqual([]);
    expect(await audit()).toMatchObject({ runs: 6, differences: [] });
    expect(await audit()).toMatchObject({ runs: 1, differences: [] });
  });
});

describe("with the older months closed, it finds", () => {
  const OPEN = runIn("2026-11", 6).run;
  const CLOSED = runIn("2026-08", 1).run;

  test.each<[what: string, damage: () => Promise<unknown>, found: readonly string[]]>([
    [
      "a damaged run of the open month",
      () => change(runKey(FLEET, OPEN.id), (item) => ({ ...item, sum: { S: "0" } })),
      ["damaged RUN"],
    ],
    [
      "a lost sample of the open month",
      () => deleted(sampleKey(FLEET, HOST, OPEN)),
      ["different HOST", "missing SAMPLE"],
    ],
    ["a lost run of the open month", () => deleted(runKey(FLEET, OPEN.id)), ["unexpected SAMPLE"]],
    ["a damaged summary of all time", () => deleted(summaryKey(OF, "all", HOST)), ["missing HOST"]],
    [
      "damaged cells of the open month",
      () => change(totalsKey(OF, "2026-11", "*", SHARD), withDamage),
      ["different TOTAL"],
    ],
    ["damaged cells of the year", () => change(totalsKey(OF, "2026", "*", SHARD), withDamage), ["different TOTAL"]],
    [
      "the lost sample of a closed month in the year and all time",
      () => deleted(sampleKey(FLEET, HOST, CLOSED)),
      ["different HOST", "different HOST"],
    ],
  ])("%s", async (_, damage, found) => {
    await count(SOME);
    await audit();
    await damage();
    const seen = await audit();
    expect(foundBy(seen)).toEqual(expect.arrayContaining([...found]));
  });

  test("no damage within a closed month, which the audit of everything does", async () => {
    await count(SOME);
    await audit();
    await change(totalsKey(OF, "2026-08", "*", SHARD), withDamage);
    expect(foundBy(await audit())).toEqual([]);
    expect(foundBy(await auditFleet(makeFleetScan(table), FLEET))).toEqual(["different TOTAL"]);
  });
});

test("an audit of a shard reads no hosts, runs, summaries or totals of other shards", async () => {
  const hosts = Array.from({ length: 30 }, (_, index) => `d${index}`);
  await count(hosts.map((host, number) => runIn("2026-11", number, host)));
  const shard = (SHARD % 7) + 1;
  const read = new Set<string>();
  const watched = interfering(table, async ({ input }, pass) => {
    const answer = await pass();
    const text = JSON.stringify([input["ExpressionAttributeValues"] ?? {}, input["RequestItems"] ?? {}]);
    for (const [key] of text.matchAll(/(WORK|HOST|TIME|TOTAL)#[^"]*/g)) read.add(key);
    return answer;
  });
  await auditShard({ scan: makeFleetScan(watched), marks: makeAuditMarks(watched), clock: () => NOW }, FLEET, shard);
  const others = [...read].filter((key) => !key.endsWith(`#${shard}`));
  // How many hosts are pending is about the fleet, and so are its months: one key of the index for each.
  expect(others.filter((key) => /^(HOST|TOTAL)/.test(key))).toEqual([]);
  expect([...read].filter((key) => key.startsWith("HOST")).length).toBeGreaterThan(0);
});

test("what it reads of a host does not grow with the closed months", async () => {
  const reads = async (months: readonly string[]): Promise<number> => {
    table = await engine.newTable();
    const old = months.flatMap((month, index) =>
      Array.from({ length: 120 }, (_, number) => runIn(month, 1_000 * index + number)),
    );
    await count([...old, runIn("2026-11", 99_999)]);
    await audit();
    let items = 0;
    const watched = interfering(table, async (_, pass) => {
      const answer = await pass();
      const { Count = 0, Responses = {} } = answer as { Count?: number; Responses?: Record<string, unknown[]> }; // of reads
      items += Count + Object.values(Responses).flat().length;
      return answer;
    });
    expect(await audit(NOW, watched)).toMatchObject({ runs: 1, differences: [] });
    return items;
  };
  const few = await reads(["2025-08", "2025-09"]);
  const many = await reads(["2024-08", "2024-09", "2025-02", "2025-05", "2025-08", "2025-09"]);
  // A month more is a mark and the totals of one shard; of each year and quarter nothing.
  expect(many - few).toBeLessThan(40);
  expect(many).toBeLessThan(400);
});

test("random histories: no difference, in whatever month it is audited, and again after more has happened", async () => {
  const histories = fc.sample(history, { seed: 14, numRuns: 2 });
  const auditAll = async (fleet: string, now: string) => {
    const deps = { scan: makeFleetScan(table), marks: makeAuditMarks(table), clock: () => Date.parse(now) };
    const found = [];
    for (let shard = 0; shard < SHARDS; shard += 1) found.push(await auditShard(deps, fleet, shard));
    return {
      differences: found.flatMap(({ differences }) => differences),
      runs: found.reduce((sum, { runs }) => sum + runs, 0),
    };
  };
  const runs = { first: 0, again: 0 };
  for (const [index, operations] of histories.entries()) {
    const fleet = `fleet-${index}`;
    await play(table, fleet, operations);
    for (const now of ["2026-02-15T00:00:00Z", "2027-06-01T00:00:00Z"]) {
      const first = await auditAll(fleet, now);
      expect(first.differences).toEqual([]);
      runs.first += first.runs;
      const again = await auditAll(fleet, now);
      expect(again.differences).toEqual([]);
      runs.again += again.runs;
    }
    await play(table, fleet, histories[(index + 1) % histories.length] ?? []);
    expect((await auditAll(fleet, "2027-06-01T00:00:00Z")).differences).toEqual([]);
    expect((await auditFleet(makeFleetScan(table), fleet)).differences).toEqual([]);
  }
  expect(runs.first).toBeGreaterThan(20);
  expect(runs.again).toBeLessThan(runs.first);
});
