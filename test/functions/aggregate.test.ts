// The aggregate function as AWS calls it: from the table's stream and from a schedule.

import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { handler as aggregateHandler } from "../../functions/aggregate.ts";
import { computeShard, pendingHostKey } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { LOOP } from "../support/fixtures.ts";
import { makeTestService, type TestService } from "../support/service.ts";
import { functionEnvironment, loggedLines } from "./function-environment.ts";
import { lambdaContext as httpContext } from "./gateway-event.ts";

/** The context of an invocation; the function has five minutes. */
const lambdaContext = { ...httpContext, getRemainingTimeInMillis: () => 300_000 };

let engine: TestEngine;
let table: Table;
let service: TestService;
let lines: string[];
let handler: typeof aggregateHandler;

beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
  service = await makeTestService(table);
  functionEnvironment(engine, table);
  vi.resetModules();
  ({ handler } = await import("../../functions/aggregate.ts"));
  lines = loggedLines();
  return () => {
    vi.restoreAllMocks();
  };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await engine.stop();
});

/** A record of a stream with keys only. */
const record = (host: string, sequence: number, pk = pendingHostKey("default", host).pk) => ({
  eventID: `id-${sequence}`,
  eventName: "MODIFY",
  eventVersion: "1.1",
  eventSource: "aws:dynamodb",
  awsRegion: "eu-central-1",
  dynamodb: {
    ApproximateCreationDateTime: 1_795_341_600,
    Keys: { pk: { S: pk }, sk: { S: host } },
    SequenceNumber: String(sequence).padStart(21, "0"),
    SizeBytes: 60,
    StreamViewType: "KEYS_ONLY",
  },
  eventSourceARN: `arn:aws:dynamodb:eu-central-1:123456789012:table/${table.name}/stream/2026-11-22T10:00:00.000`,
});

/** The event of the schedule. */
const SCHEDULED = {
  version: "0",
  id: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: "123456789012",
  time: "2026-11-22T10:05:00Z",
  region: "eu-central-1",
  resources: ["arn:aws:events:eu-central-1:123456789012:rule/sweep"],
  detail: {},
};

const status = async () => (await service.send("/v1/status")).json();

/** Three hosts, of which two are in one shard and the third is in another, by the hashes of their names. */
function threeHosts(): [string, string, string] {
  const hosts = Array.from({ length: 40 }, (_, index) => `dom0-${index}`);
  const [first = ""] = hosts;
  const together = hosts.slice(1).find((host) => computeShard("default", host) === computeShard("default", first));
  const apart = hosts.find((host) => computeShard("default", host) !== computeShard("default", first));
  return [first, together ?? "", apart ?? ""];
}

/** Damages the pending record of a host, so that every aggregation of it fails. */
async function poison(host: string): Promise<void> {
  const { pk, sk } = pendingHostKey("default", host);
  const Item = { pk: { S: pk }, sk: { S: sk }, touched: { SS: ["nonsense"] }, token: { S: "t" } };
  await table.client.send(new PutItemCommand({ TableName: table.name, Item }));
}

test("records of the stream update their hosts, each once however many records it has", async () => {
  const [one, two, three] = threeHosts();
  for (const host of [one, two, three]) await service.post(LOOP, `?backend=loop&host=${host}`);
  const records = [record(one, 1), record(two, 2), record(one, 3), record(three, 4)];
  expect(await handler({ Records: records }, lambdaContext)).toEqual({ batchItemFailures: [] });
  expect(await status()).toMatchObject({ pending_hosts: 0, hosts: 3, runs: 3 });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      kind: "aggregate",
      requestId: lambdaContext.awsRequestId,
      records: 4,
      done: 3,
      left: 0,
      conflicts: 0,
      throttled: 0,
      failed: 0,
      milliseconds: expect.any(Number),
    },
  ]);
});

test("the same batch again, and records of other items, change nothing", async () => {
  await service.post(LOOP, "?backend=loop&host=h1");
  const batch = { Records: [record("h1", 1), record("x", 2, "RUN#default#0123456789abcdef")] };
  for (let time = 0; time < 2; time += 1) {
    expect(await handler(batch, lambdaContext)).toEqual({ batchItemFailures: [] });
    expect(await status()).toMatchObject({ pending_hosts: 0, hosts: 1, runs: 1 });
  }
});

test("a record of one host counts every pending host of its shard, and leaves those of other shards", async () => {
  const [one, two, three] = threeHosts();
  for (const host of [one, two, three]) await service.post(LOOP, `?backend=loop&host=${host}`);
  expect(await handler({ Records: [record(one, 1)] }, lambdaContext)).toEqual({ batchItemFailures: [] });
  expect(await status()).toMatchObject({ pending_hosts: 1, hosts: 2, runs: 2 });
});

test("records whose time is up are not delivered again: the sweep continues", async () => {
  await service.post(LOOP, "?backend=loop&host=h1");
  const atTheEnd = { ...lambdaContext, getRemainingTimeInMillis: () => 10_000 };
  expect(await handler({ Records: [record("h1", 1)] }, atTheEnd)).toEqual({ batchItemFailures: [] });
  expect(await status()).toMatchObject({ pending_hosts: 1, runs: 0 });
});

test("only a host that fails is delivered again; the others are done, and the log has the reason", async () => {
  const [one, two, three] = threeHosts();
  for (const host of [one, three]) await service.post(LOOP, `?backend=loop&host=${host}`);
  await poison(two);
  const answer = await handler({ Records: [record(one, 1), record(two, 2), record(three, 3)] }, lambdaContext);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "000000000000000000002" }] });
  expect(await status()).toMatchObject({ pending_hosts: 1, hosts: 2, runs: 2 });
  const faults = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "error");
  const message = expect.stringContaining(`host "${two}" of fleet default cannot be counted: `);
  expect(faults).toMatchObject([{ requestId: lambdaContext.awsRequestId, error: { name: "HostError", message } }]);
});

test("while the store cannot be reached, every record is delivered again, with one error in the log", async () => {
  vi.stubEnv("TABLE_NAME", "no-such-table");
  vi.resetModules();
  const { handler: lost } = await import("../../functions/aggregate.ts");
  const [one, two] = threeHosts();
  const answer = await lost({ Records: [record(one, 1), record(two, 2)] }, lambdaContext);
  expect(answer.batchItemFailures).toHaveLength(2);
  expect(lines.filter((line) => JSON.parse(line).kind === "error")).toHaveLength(1);
});

test("the schedule processes pending hosts without a record, in every fleet", async () => {
  await service.post(LOOP, "?backend=loop&host=h1");
  const other = await service.token({ scope: "admin", fleet: "other" });
  await service.post(LOOP, "?backend=loop&host=h1", { token: other });
  expect(await handler(SCHEDULED, lambdaContext)).toEqual({ batchItemFailures: [] });
  expect(await status()).toMatchObject({ pending_hosts: 0, runs: 1 });
  const ofOther = await service.send("/v1/status", { token: other });
  expect(await ofOther.json()).toMatchObject({ pending_hosts: 0, runs: 1 });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { kind: "pending", open: 2, oldestMilliseconds: expect.any(Number) },
    { kind: "sweep", fleets: 2, done: 2, left: 0, conflicts: 0, throttled: 0, failed: 0 },
  ]);
});

test("a sweep whose time is up succeeds and leaves the rest to the next", async () => {
  await service.post(LOOP, "?backend=loop&host=h1");
  const atTheEnd = { ...lambdaContext, getRemainingTimeInMillis: () => 10_000 };
  expect(await handler(SCHEDULED, atTheEnd)).toEqual({ batchItemFailures: [] });
  expect(await status()).toMatchObject({ pending_hosts: 1, runs: 0 });
});

test("a sweep that fails for one fleet continues with the next, and counts as an error", async () => {
  await poison("h1");
  const other = await service.token({ scope: "admin", fleet: "other" });
  await service.post(LOOP, "?backend=loop&host=h1", { token: other });
  await expect(handler(SCHEDULED, lambdaContext)).rejects.toThrow("the sweep failed for 1 of 2 fleets");
  const ofOther = await service.send("/v1/status", { token: other });
  expect(await ofOther.json()).toMatchObject({ pending_hosts: 0, runs: 1 });
});

test.each([
  ["nothing", null],
  ["a record without a key", { Records: [{ dynamodb: { SequenceNumber: "1" } }] }],
  ["an event of something else", { source: "aws.s3", "detail-type": "Object Created" }],
])("%s is rejected as a whole, and not taken for an empty batch", async (_, event) => {
  await expect(handler(event, lambdaContext)).rejects.toThrow();
});
