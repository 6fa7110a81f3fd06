import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { computeShard } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { AppError } from "../../shared/errors.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering, stoppingBefore } from "../support/faulty-table.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { aggregateAll, aggregateOver } from "./play.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

describe("a worker that paused while others went on", () => {
  test.each(["Query", "BatchGetItem", "TransactWriteItems", "DeleteItem"])(
    "before %s, does not overwrite what newer runs have changed",
    async (request) => {
      table = await engine.newTable();
      const runs = makeRunStore(table);
      const { slow, stopped, goOn } = stoppingBefore(table, request, request === "Query" ? 8 : 1);
      await runs.add([
        newRun({ number: 1, rates: { putc: 100 } }),
        newRun({ number: 2, backend: "phy", rates: { putc: 120 } }),
      ]);
      const worker = aggregateFleet(aggregateOver(slow), "default");
      await Promise.race([stopped, worker]);
      await runs.add([newRun({ number: 3, rates: { putc: 300 } })]);
      await aggregateFleet(aggregateOver(table), "default");
      goOn();
      await worker;
      await aggregateAll(table, "default");
      expect((await audit(table)).differences).toEqual([]);
    },
  );

  test("does not count a run that was stored and withdrawn in the meantime, although the summary looks unchanged", async () => {
    table = await engine.newTable();
    const runs = makeChangeableRuns(table);
    const run = newRun({ number: 1, rates: { putc: 100 } });
    await runs.add([run]);
    // It has read "no summary" and the run; before it writes, the run is withdrawn, and others find nothing to do.
    const { slow, stopped, goOn } = stoppingBefore(table, "TransactWriteItems", 1);
    const worker = aggregateFleet(aggregateOver(slow), "default");
    await stopped;
    await runs.withdraw("default", run.run.id, "2026-11-22T10:00:00.000Z");
    await aggregateAll(table, "default");
    goOn();
    await worker;
    expect(await audit(table)).toMatchObject({ cells: 0, summaries: 0, marks: 0, differences: [] });
  });
});

/** A generator of numbers from 0 to 1 that is the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const cancelled = (code: string, writes: number) =>
  new TransactionCanceledException({
    message: "cancelled",
    $metadata: {},
    CancellationReasons: Array.from({ length: writes }, (_, index) => ({ Code: index === 0 ? code : "None" })),
  });

/** Every fourth write fails: rejected, in conflict, throttled, or the connection closed before or after it was executed. */
function unreliable(random: () => number): Table {
  return interfering(table, async ({ name, input }, pass) => {
    if (random() > 0.25) return pass();
    const writes = Array.isArray(input["TransactItems"]) ? input["TransactItems"].length : 0;
    const kind = Math.floor(random() * 4);
    if (kind === 0 && writes > 0) throw cancelled("TransactionConflict", writes);
    if (kind === 1 && writes > 0) throw cancelled("ThrottlingError", writes);
    if (kind === 2) throw Object.assign(new Error("busy"), { name: "ThrottlingException" });
    if (name === "TransactWriteItems" || name === "DeleteItem") await pass();
    throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  });
}

test.each([1, 2, 3])(
  "no acknowledged run is lost or counted twice over a store that fails often (seed %i)",
  async (seed) => {
    table = await engine.newTable();
    const random = seeded(seed);
    // All in one shard, so that all workers conflict.
    const hosts = Array.from({ length: 200 }, (_, index) => `host${index}`)
      .filter((host) => computeShard("default", host) === 0)
      .slice(0, 6);
    const acknowledged: string[] = [];
    let number = 0;
    const ignoringFaults = async (action: () => Promise<unknown>): Promise<void> => {
      await action().catch((error) => {
        if (!(error instanceof AppError) && !(error instanceof TransactionCanceledException)) throw error;
      });
    };
    const upload = async () => {
      const runs = makeRunStore(unreliable(random));
      for (let post = 0; post < 6; post += 1) {
        const posted = Array.from({ length: 4 }, () => {
          number += 1;
          return newRun({
            host: hosts[number % hosts.length] ?? "",
            number,
            backend: number % 4 < 2 ? "loop" : "phy",
            at: `2026-0${1 + (number % 6)}-01T00:00:00.000Z`,
            rates: { putc: 1000 + number, seeks: ">16384" },
            facts: { site: number % 3 === 0 ? "fra" : "mun" },
          });
        });
        await ignoringFaults(async () => {
          await runs.add(posted);
          acknowledged.push(...posted.map(({ run }) => run.id));
        });
      }
    };
    const work = async () => {
      const deps = aggregateOver(unreliable(random));
      for (let pass = 0; pass < 5; pass += 1) await ignoringFaults(() => aggregateFleet(deps, "default"));
    };
    await Promise.all([upload(), upload(), work(), work(), work(), work()]);
    await aggregateAll(table, "default");
    const { differences, marks, runs } = await audit(table);
    expect(differences).toEqual([]);
    expect(marks).toBe(0);
    const store = makeRunStore(table);
    expect(acknowledged.length).toBeGreaterThan(10);
    const found = await Promise.all(acknowledged.map((id) => store.get("default", id)));
    expect(found.filter((run) => run === null)).toEqual([]);
    expect(runs).toBeGreaterThanOrEqual(acknowledged.length);
  },
);

test("a host with damaged data does not hold up the others, and is reported", async () => {
  table = await engine.newTable();
  const hosts = ["a", "b", "c", "d", "e", "f", "g", "h"];
  await makeRunStore(table).add(hosts.map((host, number) => newRun({ host, number, rates: { putc: 100 } })));
  const damaging = interfering(table, async ({ input }, pass) => {
    if (
      JSON.stringify(input["ExpressionAttributeValues"] ?? "").includes(
        `SAMPLE#default#${newRun({ host: "c", number: 0 }).run.id.slice(0, 16)}`,
      )
    ) {
      throw new SyntaxError("damaged");
    }
    return pass();
  });
  await expect(aggregateFleet(aggregateOver(damaging), "default")).rejects.toThrow("damaged");
  const deps = aggregateOver(table);
  const open = await Promise.all(hosts.map((host) => deps.pendingHosts.get("default", host)));
  expect(open.flatMap((mark) => mark?.host ?? [])).toEqual(["c"]);
});
