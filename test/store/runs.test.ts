import { TransactionCanceledException, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makePendingHosts } from "../../functions/store/runs/pending-hosts.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering, stoppingBefore } from "../support/faulty-table.ts";
import { newRun, runOf } from "../support/runs.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const AT = "2026-11-22T10:00:00.000Z";
const markOf = (host: string) => makePendingHosts(table).get("default", host);

/** The table, and the number of writes of each transaction sent to it. */
function counting(): { counted: Table; writes: number[] } {
  const writes: number[] = [];
  const counted = interfering(table, async ({ name, input }, pass) => {
    if (name === "TransactWriteItems" && Array.isArray(input["TransactItems"]))
      writes.push(input["TransactItems"].length);
    return pass();
  });
  return { counted, writes };
}

describe("adding runs", () => {
  test("more than a transaction takes go into several, each with the mark of its hosts", async () => {
    const { counted, writes } = counting();
    const added = Array.from({ length: 250 }, (_, number) => newRun({ number, host: `h${number % 2}` }));
    expect(await makeRunStore(counted).add(added)).toEqual(added.map(() => "stored"));
    // 98 runs and the marks of two hosts, twice, and the rest.
    expect(writes).toEqual([100, 100, 100, 100, 100, 12]);
    expect(await makePendingHosts(table).backlog("default")).toEqual({ count: 2, hasMore: false, oldestAt: AT });
  });

  test("a transaction with many hosts counts a mark for each", async () => {
    const { counted, writes } = counting();
    await makeRunStore(counted).add(Array.from({ length: 120 }, (_, number) => newRun({ number, host: `h${number}` })));
    expect(writes).toEqual([99, 99, 99, 63]);
  });

  test("large raw lines are cut by bytes, and come back byte for byte", async () => {
    const { counted, writes } = counting();
    const raw = "ü".repeat(30_000);
    const added = Array.from({ length: 60 }, (_, number) => newRun({ number, raw: `${number}${raw}` }));
    await makeRunStore(counted).add(added);
    // About 61 kB each: 49 in 3 MB.
    expect(writes.length).toBe(2);
    expect(await makeRunStore(table).get("default", added[59]?.run.id ?? "")).toEqual(added[59]?.run);
  });

  test("duplicates are told apart from what is new, within one upload and over uploads; the first of equal runs is kept", async () => {
    const runs = makeRunStore(table);
    await runs.add([newRun({ number: 1, raw: "first" }), newRun({ number: 2 })]);
    const again = [
      newRun({ number: 1, raw: "second" }),
      newRun({ number: 3, raw: "first" }),
      newRun({ number: 3, raw: "second" }),
      newRun({ number: 2, host: "h2" }),
      newRun({ number: 2 }),
    ];
    expect(await runs.add(again)).toEqual(["duplicate", "stored", "duplicate", "stored", "duplicate"]);
    expect((await runs.get("default", runOf({ number: 1 }).id))?.raw).toBe("first");
    expect((await runs.get("default", runOf({ number: 3 }).id))?.raw).toBe("first");
  });

  test("an upload of duplicates only marks nobody, and one with some marks only what is new", async () => {
    const runs = makeRunStore(table);
    await runs.add([newRun({ number: 1 })]);
    const mark = await markOf("h1");
    expect(mark?.touched).toEqual([{ period: "2026-11", backend: "loop", stratum: "v1/2G/8k/16" }]);
    if (mark !== null) await makePendingHosts(table).clear([mark]);
    expect(await runs.add([newRun({ number: 1 })])).toEqual(["duplicate"]);
    expect(await markOf("h1")).toBeNull();
    await runs.add([newRun({ number: 1 }), newRun({ number: 2, backend: "phy", at: "2026-10-01T00:00:00.000Z" })]);
    expect((await markOf("h1"))?.touched).toEqual([{ period: "2026-10", backend: "phy", stratum: "v1/2G/8k/16" }]);
  });

  test("hosts of the same name in two fleets get a mark each", async () => {
    const added = [newRun({ number: 1, fleet: "default" }), newRun({ number: 1, fleet: "other" })];
    expect(await makeRunStore(table).add(added)).toEqual(["stored", "stored"]);
    const status = makePendingHosts(table);
    expect((await status.backlog("default")).count + (await status.backlog("other")).count).toBe(2);
  });

  test("the same upload twice at once is stored once", async () => {
    const runs = makeRunStore(table);
    const added = Array.from({ length: 150 }, (_, number) => newRun({ number }));
    const [one, other] = await Promise.all([runs.add(added), runs.add(added)]);
    expect(one?.map((word, index) => [word, other?.[index]].filter((each) => each === "stored").length)).toEqual(
      added.map(() => 1),
    );
  });

  test("a conflict is tried again without the duplicates that it named", async () => {
    let refusals = 0;
    const runs = makeRunStore(
      interfering(table, async ({ input }, pass) => {
        const writes = Array.isArray(input["TransactItems"]) ? input["TransactItems"].length : 0;
        if (writes === 0 || refusals === 3) return pass();
        refusals += 1;
        const codes: string[] = Array.from({ length: writes }, (_, index) =>
          index === 1 ? "TransactionConflict" : "None",
        );
        if (refusals === 2) codes[0] = "ConditionalCheckFailed";
        throw new TransactionCanceledException({
          message: "cancelled",
          $metadata: {},
          CancellationReasons: codes.map((Code) => ({ Code })),
        });
      }),
    );
    expect(await runs.add([newRun({ number: 1 }), newRun({ number: 2 })])).toEqual(["duplicate", "stored"]);
    expect(refusals).toBe(3);
  });

  test("a store in conflict all the time asks the client to slow down, one that refuses a write says why", async () => {
    const mock = mockClient(table.client);
    const cancelled = (code: string) =>
      new TransactionCanceledException({
        message: "cancelled",
        $metadata: {},
        CancellationReasons: [{ Code: code }, { Code: "None" }],
      });
    mock.on(TransactWriteItemsCommand).rejects(cancelled("TransactionConflict"));
    await expect(makeRunStore(table).add([newRun({ number: 1 })])).rejects.toMatchObject({ code: "slow_down" });
    expect(mock.commandCalls(TransactWriteItemsCommand).length).toBe(8);
    mock.reset();
    mock.on(TransactWriteItemsCommand).rejects(cancelled("ValidationError"));
    await expect(makeRunStore(table).add([newRun({ number: 1 })])).rejects.toThrow("ValidationError");
    expect(mock.commandCalls(TransactWriteItemsCommand).length).toBe(1);
    mock.restore();
  });
});

describe("withdrawing", () => {
  test("marks what the run touched, keeps the run readable, and the first time stands", async () => {
    const runs = makeChangeableRuns(table);
    const { run } = newRun({ number: 1 });
    await runs.add([newRun({ number: 1 })]);
    const mark = await markOf("h1");
    if (mark !== null) await makePendingHosts(table).clear([mark]);
    expect(await runs.withdraw("default", run.id, AT)).toEqual({ ...run, withdrawn_at: AT });
    expect((await markOf("h1"))?.touched).toEqual(mark?.touched);
    expect(await runs.withdraw("default", run.id, "2026-11-23T00:00:00.000Z")).toEqual({ ...run, withdrawn_at: AT });
    expect(await runs.get("default", run.id)).toEqual({ ...run, withdrawn_at: AT });
    expect(await runs.add([newRun({ number: 1 })])).toEqual(["withdrawn"]);
    expect(await runs.withdraw("default", runOf({ number: 2 }).id, AT)).toBeNull();
    expect(await runs.withdraw("other", run.id, AT)).toBeNull();
  });

  test("two at once agree on one time", async () => {
    await makeRunStore(table).add([newRun({ number: 1 })]);
    const { id } = runOf({ number: 1 });
    const { slow, stopped, goOn } = stoppingBefore(table, "TransactWriteItems", 1);
    const late = makeChangeableRuns(slow).withdraw("default", id, "2026-11-23T00:00:00.000Z");
    await stopped;
    await makeChangeableRuns(table).withdraw("default", id, AT);
    goOn();
    expect((await late)?.withdrawn_at).toBe(AT);
  });

  test("a refused write is an error, not a run that looks withdrawn", async () => {
    await makeRunStore(table).add([newRun({ number: 1 })]);
    const refusing = interfering(table, async ({ name }, pass) => {
      if (name !== "TransactWriteItems") return pass();
      throw new TransactionCanceledException({
        message: "no",
        $metadata: {},
        CancellationReasons: [{ Code: "ValidationError" }, { Code: "None" }],
      });
    });
    await expect(makeChangeableRuns(refusing).withdraw("default", runOf({ number: 1 }).id, AT)).rejects.toThrow(
      "cancelled",
    );
  });
});
