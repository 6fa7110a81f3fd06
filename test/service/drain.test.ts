// One record of the stream drains its shard: hosts that wait together share writes, and the records behind it find nothing.
// What is left over because time is up, because the table is busy or because another worker is at it is no fault.

import { ThrottlingException, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HostError } from "../../functions/service/aggregate.ts";
import { drainShard } from "../../functions/service/aggregate.ts";
import { aggregateRecords, sweep } from "../../functions/service/wake-ups.ts";
import { makePendingHosts } from "../../functions/store/runs/pending-hosts.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { computeShard, pendingHostKey, samplesOfHost } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { PendingHost } from "../../shared/run/pending-host.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering, type Request } from "../support/faulty-table.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { aggregateOver } from "./play.ts";

const FLEET = "default";
const SHARD = 0;

/** 120 hosts of one shard and of three sites: more than one batch. */
const HOSTS = Array.from({ length: 2000 }, (_, index) => `h${index}`)
  .filter((host) => computeShard(FLEET, host) === SHARD)
  .slice(0, 120);
const [FIRST = "", SECOND = ""] = HOSTS;

let engine: TestEngine;
let table: Table;
/** The reasons that were reported. */
let reported: unknown[];
const onError = (error: unknown): void => {
  reported.push(error);
};

beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
  reported = [];
});
afterAll(() => engine.stop());

const upload = (hosts: readonly string[] = HOSTS) =>
  makeRunStore(table).add(
    hosts.map((host, number) =>
      newRun({ host, number, rates: { putc: 100 + number }, facts: { site: `s${number % 3}` } }),
    ),
  );

const record = (host: string, number: number) => {
  const { pk, sk } = pendingHostKey(FLEET, host);
  return { dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } }, SequenceNumber: String(number) } };
};

const pendingNow = async (): Promise<string[]> =>
  (await makePendingHosts(table).list(FLEET, SHARD, 4_000)).map(({ host }) => host);

/** The table, and the transactions that changed cells so far, and the summaries that were written. */
function counting(interfere: (request: Request) => unknown = () => null) {
  const seen = { transactions: 0, summaries: 0 };
  const counted = interfering(table, async (request, pass) => {
    // A host that is processed again for nothing changes no cell, but costs a write all the same.
    if (request.name === "TransactWriteItems") {
      seen.summaries += JSON.stringify(request.input).split('"pk":{"S":"HOST#').length - 1;
    }
    if (isOfCells(request)) {
      seen.transactions += 1;
      const error = interfere(request);
      if (error instanceof Error) throw error;
    }
    return pass();
  });
  return { counted, seen };
}

const isOfCells = ({ name, input }: Request): boolean =>
  name === "TransactWriteItems" && JSON.stringify(input).includes('"CELL#');

/** A transaction that was cancelled for this reason of its first write. */
function cancelled({ input }: Request, reason: string): Error {
  const writes = input["TransactItems"] as readonly unknown[]; // of that command
  return new TransactionCanceledException({
    message: "cancelled",
    $metadata: {},
    CancellationReasons: writes.map((_, index) => ({ Code: index === 0 ? reason : "None" })),
  });
}

test("one record drains its shard, and the records behind it find nothing", async () => {
  await upload();
  const { counted, seen } = counting();
  const deps = aggregateOver(counted);
  const quiet = { left: 0, conflicts: 0, throttled: 0, failed: [] };
  expect(await aggregateRecords(deps, [record(FIRST, 1)], onError)).toEqual({ ...quiet, done: HOSTS.length });
  expect(await pendingNow()).toEqual([]);
  // A host alone takes a transaction for each of its four periods.
  expect(seen.transactions).toBeLessThan(HOSTS.length);
  const { transactions } = seen;
  expect(await aggregateRecords(deps, HOSTS.map(record), onError)).toEqual({ ...quiet, done: 0 });
  expect(seen.transactions).toBe(transactions);
  expect(reported).toEqual([]);
  expect(await audit(table, FLEET)).toMatchObject({ differences: [] });
});

test("when time is up the rest stays pending, and no record fails", async () => {
  await upload();
  let asked = 0;
  const deps = { ...aggregateOver(table), isStopping: () => ++asked > 1 };
  expect(await aggregateRecords(deps, HOSTS.map(record), onError)).toMatchObject({ done: 100, left: 0, failed: [] });
  expect(await pendingNow()).toHaveLength(HOSTS.length - 100);
  expect(reported).toEqual([]);
});

describe("a busy table is no conflict and no fault", () => {
  test.each([
    ["ThrottlingError", { conflicts: 0, throttled: 5 }],
    ["ProvisionedThroughputExceeded", { conflicts: 0, throttled: 5 }],
    ["RequestLimitExceeded", { conflicts: 0, throttled: 5 }],
    ["TransactionConflict", { conflicts: 5, throttled: 0 }],
    ["ConditionalCheckFailed", { conflicts: 5, throttled: 0 }],
  ])("%s", async (reason, expected) => {
    await upload(HOSTS.slice(0, 5));
    let refused = false;
    const { counted } = counting((request) => {
      if (refused) return null;
      refused = true;
      return cancelled(request, reason);
    });
    const outcome = await aggregateRecords(aggregateOver(counted), [record(FIRST, 1)], onError);
    expect(outcome).toEqual({ done: 5, left: 0, ...expected, failed: [] });
  });

  test("one that takes no write leaves the hosts to the next pass, by record or by sweep", async () => {
    await upload(HOSTS.slice(0, 5));
    const { counted } = counting(() => new ThrottlingException({ message: "slow down", $metadata: {} }));
    const busy = { done: 0, left: 5, conflicts: 0, throttled: 5 };
    const deps = aggregateOver(counted);
    expect(await aggregateRecords(deps, [record(FIRST, 1)], onError)).toEqual({ ...busy, failed: [] });
    const fleets = async () => [FLEET];
    expect(await sweep({ ...deps, fleets }, onError)).toEqual({ ...busy, fleets: 1, failed: 0 });
    expect(reported).toEqual([]);
    expect(await sweep({ ...aggregateOver(table), fleets }, onError)).toMatchObject({ done: 5, left: 0, failed: 0 });
  });
});

describe("a damaged host", () => {
  const damaging = (host: string) =>
    interfering(table, async ({ input }, pass) => {
      if (JSON.stringify(input["ExpressionAttributeValues"] ?? "").includes(`"${samplesOfHost(FLEET, host)}"`)) {
        throw new SyntaxError("damaged");
      }
      return pass();
    });

  test("fails its own record only; the others of the shard are counted in few transactions", async () => {
    await upload();
    let transactions = 0;
    const damaged = damaging(SECOND);
    const counted = interfering(damaged, async (request, pass) => {
      if (isOfCells(request)) transactions += 1;
      return pass();
    });
    const deps = aggregateOver(counted);
    const outcome = await aggregateRecords(deps, [record(FIRST, 1), record(SECOND, 2), record(SECOND, 3)], onError);
    expect(outcome).toMatchObject({ done: HOSTS.length - 1, failed: ["2", "3"] });
    expect(reported).toMatchObject([{ name: "HostError", host: SECOND }] satisfies [Partial<HostError>]);
    expect(await pendingNow()).toEqual([SECOND]);
    // By halves: one by one it would take four for each host.
    expect(transactions).toBeLessThan(HOSTS.length);
  });

  test("fails no record of another host, which does not report it either; the sweep does, and counts the others", async () => {
    await upload(HOSTS.slice(0, 5));
    const deps = aggregateOver(damaging(SECOND));
    expect(await aggregateRecords(deps, [record(FIRST, 1)], onError)).toMatchObject({ done: 4, failed: [] });
    expect(reported).toEqual([]);
    await upload(HOSTS.slice(5, 7));
    const fleets = async () => [FLEET];
    expect(await sweep({ ...deps, fleets }, onError)).toMatchObject({ done: 2, failed: 1 });
    expect(reported).toMatchObject([{ name: "HostError", host: SECOND }]);
  });
});

test("two workers of a shard start from both ends, and neither repeats what the other has done", async () => {
  // Three cohorts, and as many batches.
  const many = Array.from({ length: 8_000 }, (_, index) => `m${index}`)
    .filter((host) => computeShard(FLEET, host) === SHARD)
    .slice(0, 300);
  await upload(many);
  const { counted, seen } = counting();
  const deps = aggregateOver(counted);
  const cohorts: { readonly by: string; readonly cohort: string | undefined }[] = [];
  const worker = (by: string, afterBatch: () => Promise<unknown>) => ({
    ...deps,
    pendingHosts: {
      ...deps.pendingHosts,
      clear: async (hosts: readonly PendingHost[]) => {
        await deps.pendingHosts.clear(hosts);
        cohorts.push({ by, cohort: hosts[0]?.cohort });
        await afterBatch();
      },
    },
  });
  const second = { ...worker("second", async () => undefined), isBackward: true };
  // The second one works while the first, which has listed all hosts, is at its first batch.
  let drained: Promise<unknown> | null = null;
  const first = worker("first", () => (drained ??= drainShard(second, FLEET, SHARD)));
  expect(await drainShard(first, FLEET, SHARD)).toMatchObject({ left: 0, errors: [] });
  expect(await drained).toMatchObject({ done: 200, left: 0, errors: [] });
  const [one, two, three] = [...new Set(cohorts.map(({ cohort }) => cohort))].sort();
  expect(cohorts.slice(0, 3)).toEqual([
    { by: "first", cohort: one },
    { by: "second", cohort: three },
    { by: "second", cohort: two },
  ]);
  // Four of each host.
  expect(seen.summaries).toBe(4 * many.length);
  expect(await pendingNow()).toEqual([]);
  expect(await audit(table, FLEET)).toMatchObject({ differences: [] });
});
