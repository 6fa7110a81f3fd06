import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makePendingHosts, pendingHostWrite } from "../../functions/store/runs/pending-hosts.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { computeShard } from "../../functions/store/table/keys.ts";
import { type Table, transact } from "../../functions/store/table/table.ts";
import type { PendingHost } from "../../shared/run/pending-host.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { newRun } from "../support/runs.ts";

let engine: TestEngine;
let table: Table;
let store: ReturnType<typeof makePendingHosts>;
beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
  store = makePendingHosts(table);
});
afterAll(() => engine.stop());

async function markOf(host: string): Promise<PendingHost> {
  const mark = await store.get("default", host);
  if (mark === null) throw new Error(`no mark of ${host}`);
  return mark;
}

describe("clearing a mark", () => {
  test("removes one that nobody touched since", async () => {
    await makeRunStore(table).add([newRun({ number: 1 })]);
    await store.clear([await markOf("h1")]);
    expect(await store.get("default", "h1")).toBeNull();
  });

  test("keeps one that was touched meanwhile, also by the same backend, stratum and month", async () => {
    const runs = makeRunStore(table);
    await runs.add([newRun({ number: 1 })]);
    const old = await markOf("h1");
    await runs.add([newRun({ number: 2 }), newRun({ number: 3, backend: "phy", at: "2025-12-31T00:00:00.000Z" })]);
    await store.clear([old]);
    const mark = await markOf("h1");
    expect(mark.version).not.toBe(old.version);
    expect(mark.touched.map(({ period, backend }) => `${period} ${backend}`).sort()).toEqual([
      "2025-12 phy",
      "2026-11 loop",
    ]);
  });

  test("keeps one that is being written at this moment, without a fault", async () => {
    await makeRunStore(table).add([newRun({ number: 1 })]);
    const busy = interfering(table, async ({ name }, pass) => {
      if (name !== "TransactWriteItems") return pass();
      throw new TransactionCanceledException({
        message: "cancelled",
        $metadata: {},
        CancellationReasons: [{ Code: "TransactionConflict" }],
      });
    });
    await makePendingHosts(busy).clear([await markOf("h1")]);
    await markOf("h1");
  });

  test("clears the others of a batch in which one was written again", async () => {
    await makeRunStore(table).add([newRun({ number: 1, host: "h1" }), newRun({ number: 2, host: "h2" })]);
    const both = [await markOf("h1"), await markOf("h2")];
    await makeRunStore(table).add([newRun({ number: 3, host: "h2" })]);
    await store.clear(both);
    expect(await store.get("default", "h1")).toBeNull();
    await markOf("h2");
  });

  test("does nothing where there is none, though one was there before", async () => {
    await makeRunStore(table).add([newRun({ number: 1 })]);
    const mark = await markOf("h1");
    await store.clear([mark]);
    await store.clear([mark]);
    expect(await store.get("default", "h1")).toBeNull();
  });
});

test("marks of a bucket come page after page in order of host, each once", async () => {
  const hosts = Array.from({ length: 60 }, (_, index) => `host ${index}/ü:`);
  await makeRunStore(table).add(hosts.map((host, number) => newRun({ host, number })));
  const seen: string[] = [];
  for (let bucket = 0; bucket < 8; bucket += 1) {
    let after: string | undefined;
    do {
      const page: readonly PendingHost[] = await store.list("default", bucket, 3, after);
      seen.push(...page.map(({ host }) => host));
      expect(page.every(({ host }) => computeShard("default", host) === bucket)).toBe(true);
      after = page.at(-1)?.host;
    } while (after !== undefined);
  }
  expect(seen.sort()).toEqual(hosts.sort());
});

test("marks that are more than one answer of the store holds (1 MB) are all read, not only those of the first", async () => {
  const hosts = Array.from({ length: 300 }, (_, index) => `h${index}`)
    .filter((host) => computeShard("default", host) === 0)
    .slice(0, 20);
  const touched = Array.from({ length: 3000 }, (_, index) => ({
    period: "2026-11",
    backend: "loop" as const,
    stratum: `v1/${index}M/8k/16`,
  }));
  for (const host of hosts) {
    await transact(table, [pendingHostWrite(table, "default", host, touched, "2026-11-22T10:00:00.000Z")]);
  }
  const marks = await store.list("default", 0, 100);
  expect(marks.map(({ host }) => host)).toEqual(hosts.toSorted());
  expect(JSON.stringify(marks.map((mark) => [...mark.touched])).length).toBeGreaterThan(1e6);
});

test("open marks are counted exactly, fleet by fleet, with the time of the oldest though it was touched again", async () => {
  const runs = makeRunStore(table);
  expect(await store.backlog("default")).toEqual({ count: 0, hasMore: false, oldestAt: null });
  const received = (host: string, number: number, at: string) => {
    const added = newRun({ host, number });
    return { ...added, run: { ...added.run, received_at: at } };
  };
  await runs.add([received("b", 1, "2026-11-02T00:00:00.000Z")]);
  await runs.add([received("a", 2, "2026-11-03T00:00:00.000Z"), received("c", 3, "2026-11-04T00:00:00.000Z")]);
  await runs.add([received("b", 4, "2026-11-05T00:00:00.000Z"), newRun({ fleet: "other", number: 5 })]);
  expect(await store.backlog("default")).toEqual({ count: 3, hasMore: false, oldestAt: "2026-11-02T00:00:00.000Z" });
});

describe("counting marks", () => {
  /** Writes marks of that many hosts, `since` a second later each. */
  async function pend(count: number, from = 0): Promise<void> {
    for (let first = from; first < from + count; first += 100) {
      const hosts = Array.from({ length: Math.min(100, from + count - first) }, (_, index) => first + index);
      await transact(
        table,
        hosts.map((number) =>
          pendingHostWrite(table, "default", `h${number}`, [TOUCHED], new Date(number * 1_000).toISOString()),
        ),
      );
    }
  }
  const TOUCHED = { period: "2026-11", backend: "loop", stratum: "v1/2G/8k/16" } as const;

  test("is exact up to 1 000, then says that there are more, and reads no more keys than that", async () => {
    let read = 0;
    const counted = interfering(table, async (_, pass) => {
      const answer = await pass();
      read += (answer as { readonly Count?: number }).Count ?? 0; // of a query, which is all that counting sends
      return answer;
    });
    const { backlog, count, wholeBacklog } = makePendingHosts(counted);
    const oldestAt = new Date(0).toISOString();
    expect(await backlog("default")).toEqual({ count: 0, hasMore: false, oldestAt: null });
    await pend(1_000);
    expect(await backlog("default")).toEqual({ count: 1_000, hasMore: false, oldestAt });
    await pend(1, 1_000);
    expect(await backlog("default")).toMatchObject({ count: 1_000, hasMore: true });
    await pend(1_000, 1_001);
    read = 0;
    expect(await backlog("default")).toMatchObject({ count: 1_000, hasMore: true });
    expect(read).toBeGreaterThan(1_000);
    expect(read).toBeLessThan(1_010);
    read = 0;
    expect(await count("default")).toBe(1_000);
    expect(read).toBeLessThan(1_010);
    // The sweep reads them all in any case, and an alarm must not miss the oldest.
    expect(await wholeBacklog("default")).toEqual({ count: 2_001, hasMore: false, oldestAt });
  });
});
