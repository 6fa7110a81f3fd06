// The worst that can happen to cells: many hosts of one cohort, so that all of them add to the same cells; eight workers
// that take the same hosts in the same order; uploads meanwhile; and a store that refuses what it likes. The faults are
// answers as the SDK's client gets them over the wire, so that its own retries are part of the test.

import { afterAll, beforeAll, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/aggregate/aggregate.ts";
import { auditFleet } from "../../functions/aggregate/audit.ts";
import { tableAt } from "../../functions/env.ts";
import { makeAggregationStore } from "../../functions/store/aggregation.ts";
import { makeCellStore } from "../../functions/store/cells.ts";
import { bucketOf } from "../../functions/store/keys.ts";
import { backOff } from "../../functions/store/retry.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import { openTable, type Table } from "../../functions/store/table.ts";
import { AppError } from "../../shared/errors.ts";
import type { NewRun } from "../../shared/ports.ts";
import { random } from "../compare/random.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { aggregateOver } from "./play.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const FLEET = "default";
/** All in one bucket, so that every worker meets every other one in the same cells. */
const HOSTS = Array.from({ length: 400 }, (_, index) => `h${index}`)
  .filter((host) => bucketOf(FLEET, host) === 0)
  .slice(0, 8);
const UPLOADS = 10;
const WORKERS = 8;

const REASONS = ["TransactionConflict", "ConditionalCheckFailed", "ThrottlingError"];

/** What is answered in place of the engine: an exception of DynamoDB, after the request was done or instead. */
interface Fault {
  readonly exception: string;
  readonly status: number;
  readonly reasons?: readonly string[];
  readonly isDone?: boolean;
}

/** Draws a fault of a request with so many writes in a transaction, 0 for others; mostly none. */
function faultOf(writes: number, uniform: () => number): Fault | null {
  const draw = uniform();
  if (draw < 0.005) return { exception: "ThrottlingException", status: 400 };
  if (writes === 0) return null;
  if (draw < 0.04) return { exception: "InternalServerError", status: 500, isDone: true };
  if (draw > 0.19) return null;
  const at = Math.floor(writes * uniform());
  const code = REASONS[Math.floor(REASONS.length * uniform())] ?? "";
  const reasons = Array.from({ length: writes }, (_, index) => (index === at ? code : "None"));
  return { exception: "TransactionCanceledException", status: 400, reasons };
}

/** The table behind a client of its own that is answered with faults; `seen` counts them by exception and reason. */
function unreliable(table: Table, uniform: () => number, seen: Map<string, number>): Table {
  const own = openTable(tableAt(engine.endpoint, table.name));
  own.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { TransactItems: items = [] } = args.input as { TransactItems?: readonly unknown[] }; // of that command
        const fault = faultOf(items.length, uniform);
        if (fault === null) return next(args);
        const { exception, status, reasons = [], isDone = false } = fault;
        const name = [exception, ...reasons.filter((reason) => reason !== "None")].join(" ");
        seen.set(name, (seen.get(name) ?? 0) + 1);
        if (isDone) await next(args);
        const body = {
          __type: `com.amazonaws.dynamodb.v20120810#${exception}`,
          message: `injected into ${commandName}`,
          CancellationReasons: reasons.map((Code) => ({ Code })),
        };
        // What the deserializer, which is next outwards, takes from the wire.
        return { response: { statusCode: status, headers: {}, body: Buffer.from(JSON.stringify(body)) } } as never;
      },
    { step: "deserialize", priority: "low" },
  );
  return own;
}

test("eight workers on one cohort over a store that refuses, throttles and forgets to answer lose nothing and drift nowhere", {
  timeout: 180_000,
}, async () => {
  const table = await engine.newTable();
  const runs = makeRunStore(table);
  const marks = makeAggregationStore(table);
  const uniform = random(5);
  const seen = new Map<string, number>();
  let isUploaded = false;
  let conflicts = 0;

  const worker = async (): Promise<void> => {
    const own = unreliable(table, uniform, seen);
    const deps = { ...aggregateOver(own), backOff };
    let passes = 0;
    do {
      if (isUploaded) passes += 1;
      if (passes > 50) throw new Error("marks are still open after 50 passes over all that was uploaded");
      try {
        conflicts += (await aggregateFleet(deps, FLEET)).conflicts;
      } catch (error) {
        // The store was too busy even for the client's own retries: what is marked stays marked.
        if (!(error instanceof AppError)) throw error;
      }
    } while (!isUploaded || (await marks.openMarks(FLEET)).count > 0);
    own.client.destroy();
  };

  // A few hosts at a time, so that no two workers have the same ones in hand.
  const uploaded: NewRun[] = [];
  const upload = async (): Promise<void> => {
    for (let number = 0; number < UPLOADS; number += 1) {
      const hosts = HOSTS.filter((_, index) => number < 2 || index % 4 === number % 4);
      const posted = hosts.flatMap((host, index) =>
        (["loop", "phy"] as const).map((backend, side) =>
          newRun({
            host,
            number: 2 * number + side,
            backend,
            at: `2026-1${number % 2}-01T00:00:${10 + number}.000Z`,
            rates: { putc: 1_000 + 100 * side + 7 * number + index, seeks: ">16384", get_block: 90_000 - number },
            facts: { site: "fra" },
          }),
        ),
      );
      await runs.add(posted);
      uploaded.push(...posted);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    isUploaded = true;
  };

  await Promise.all([upload(), ...Array.from({ length: WORKERS }, worker)]);
  // It was as bad as it was meant to be.
  expect([...seen.keys()].sort()).toEqual([
    "InternalServerError",
    "ThrottlingException",
    ...REASONS.map((reason) => `TransactionCanceledException ${reason}`).sort(),
  ]);
  expect(conflicts).toBeGreaterThan(HOSTS.length);
  expect(await auditFleet(table, FLEET)).toMatchObject({
    hosts: HOSTS.length,
    runs: uploaded.length,
    openMarks: 0,
    moving: 0,
    differences: [],
  });
  expect(await audit(table)).toMatchObject({ marks: 0, differences: [] });
  const { read } = await makeCellStore(table).open({ fleet: FLEET, periods: ["all"], filters: { site: ["fra"] } });
  const { views } = await read("pair", "loop:phy");
  expect(views.trusted.get("ALL")?.cell).toMatchObject({ hosts: HOSTS.length, runs: uploaded.length });
});
