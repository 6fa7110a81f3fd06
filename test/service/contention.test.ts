// The worst case for cells: many hosts of one cohort, which all add to the same cells; eight workers that process the same hosts
// in the same order; uploads at the same time; and a store that fails at random. The failures are responses as the SDK's
// client gets them from the network, so that its own retries are part of the test.

import { afterAll, beforeAll, expect, test } from "vitest";
import { tableAt } from "../../functions/env.ts";
import { aggregateFleet, aggregatePendingHosts } from "../../functions/service/aggregate.ts";
import { auditFleet } from "../../functions/service/audit.ts";
import { openTable } from "../../functions/store/client.ts";
import { makePendingHosts } from "../../functions/store/runs/pending-hosts.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import { computeShard } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
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
const BUCKET = 0;
/** All in one shard, so that all workers write the same cells. */
const HOSTS = Array.from({ length: 400 }, (_, index) => `h${index}`)
  .filter((host) => computeShard(FLEET, host) === BUCKET)
  .slice(0, 8);
const UPLOADS = 2;
const WORKERS = 8;

/** A response in place of the engine's: an exception of DynamoDB, for a transaction with the reason of one of its writes. */
interface Fault {
  readonly exception: string;
  readonly status: number;
  readonly reason?: string;
  /** Whether the request is executed all the same, and only its response is lost. */
  readonly isDone?: boolean;
}

const THROTTLED: Fault = { exception: "ThrottlingException", status: 400 };
const CANCELLED: Fault = { exception: "TransactionCanceledException", status: 400 };
const FAULTS: readonly Fault[] = [
  { ...CANCELLED, reason: "TransactionConflict" },
  { ...CANCELLED, reason: "ConditionalCheckFailed" },
  { ...CANCELLED, reason: "ThrottlingError" },
  { exception: "InternalServerError", status: 500, isDone: true },
  THROTTLED,
];

/** A source of failures: for a fifth of the transactions, each kind in turn, and for a few of the other requests. */
function faultsFrom(uniform: () => number) {
  const given: Fault[] = [];
  const draw = (isTransaction: boolean): Fault | null => {
    if (uniform() >= (isTransaction ? 0.2 : 0.005)) return null;
    const fault = (isTransaction ? FAULTS[given.length % FAULTS.length] : undefined) ?? THROTTLED;
    given.push(fault);
    return fault;
  };
  return { given, draw, uniform };
}

/** The table behind its own client, which gets the failures. */
function unreliable(table: Table, faults: ReturnType<typeof faultsFrom>): Table {
  const own = openTable(tableAt(engine.endpoint, table.name));
  own.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { TransactItems: writes = [] } = args.input as { TransactItems?: readonly unknown[] }; // of that command
        const fault = faults.draw(writes.length > 0);
        if (fault === null) return next(args);
        const { exception, status, reason, isDone = false } = fault;
        if (isDone) await next(args);
        const refused = Math.floor(writes.length * faults.uniform());
        const body = {
          __type: `com.amazonaws.dynamodb.v20120810#${exception}`,
          message: `injected into ${commandName}`,
          CancellationReasons: writes.map((_, index) => ({ Code: index === refused ? reason : "None" })),
        };
        // What the deserializer, which is the next step, takes from the network.
        return { response: { statusCode: status, headers: {}, body: Buffer.from(JSON.stringify(body)) } } as never;
      },
    { step: "deserialize", priority: "low" },
  );
  return own;
}

test("eight workers on one cohort lose nothing and stay exact over a store that rejects, throttles and loses responses", {
  timeout: 180_000,
}, async () => {
  const table = await engine.newTable();
  const runs = makeRunStore(table);
  const marks = makePendingHosts(table);
  const faults = faultsFrom(random(5));
  let isUploaded = false;
  let conflicts = 0;

  const worker = async (index: number): Promise<void> => {
    const unreliableTable = unreliable(table, faults);
    const deps = { ...aggregateOver(unreliableTable), backOff };
    let passes = 0;
    do {
      if (isUploaded) passes += 1;
      if (passes > 50) throw new Error("marks are still open after 50 passes over all that was uploaded");
      try {
        // First some hosts of its own, as the stream distributes them; then all that are left, the same for all workers.
        const open = await deps.pendingHosts.list(FLEET, BUCKET, HOSTS.length);
        const own = open.filter(({ host }) => HOSTS.indexOf(host) % WORKERS === index);
        const few = await aggregatePendingHosts(deps, FLEET, BUCKET, own);
        const rest = await aggregateFleet(deps, FLEET);
        conflicts += few.conflicts + rest.conflicts;
      } catch (error) {
        // The store was too busy even for the client's own retries: the hosts stay pending.
        if (!(error instanceof AppError)) throw error;
      }
    } while (!isUploaded || (await marks.backlog(FLEET)).count > 0);
    unreliableTable.client.destroy();
  };

  const uploaded: NewRun[] = [];
  const upload = async (): Promise<void> => {
    for (let number = 0; number < UPLOADS; number += 1) {
      const posted = HOSTS.flatMap((host, index) =>
        (["loop", "phy"] as const).map((backend, side) =>
          newRun({
            host,
            number: 2 * number + side,
            backend,
            at: `2026-11-01T00:00:${10 + number}.000Z`,
            rates: { putc: 1_000 + 100 * side + 7 * number + index, seeks: ">16384", get_block: 90_000 - number },
            facts: { site: "fra" },
          }),
        ),
      );
      await runs.add(posted);
      uploaded.push(...posted);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    isUploaded = true;
  };

  await Promise.all([upload(), ...Array.from({ length: WORKERS }, (_, index) => worker(index))]);
  // The store failed as often as intended.
  expect(new Set(faults.given)).toEqual(new Set(FAULTS));
  expect(conflicts).toBeGreaterThan(HOSTS.length);
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({
    hosts: HOSTS.length,
    runs: uploaded.length,
    pendingHosts: 0,
    inFlux: 0,
    differences: [],
  });
  expect(await audit(table)).toMatchObject({ marks: 0, differences: [] });
  const { read } = await makeCellStore(table).open({ fleet: FLEET, periods: ["all"], filters: { site: ["fra"] } });
  const { views } = await read("pair", "loop:phy");
  expect(views.trusted.get("ALL")?.cell).toMatchObject({ hosts: HOSTS.length, runs: uploaded.length });
});
