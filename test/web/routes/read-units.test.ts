// What a comparison costs in the table's read units: the same for a fleet of 10 runs as for one of 500, whether the cells
// are remembered or not.

import { afterAll, beforeAll, expect, test } from "vitest";
import { tableAt } from "../../../functions/env.ts";
import { aggregateFleet } from "../../../functions/service/aggregate.ts";
import { cellSource } from "../../../functions/service/summary-source.ts";
import { openTable } from "../../../functions/store/client.ts";
import { makePendingHosts } from "../../../functions/store/runs/pending-hosts.ts";
import { makeRunStore } from "../../../functions/store/runs/runs.ts";
import { sampleItem } from "../../../functions/store/runs/samples.ts";
import { makeCellStore } from "../../../functions/store/statistics/cells.ts";
import { makeAggregationStores } from "../../../functions/store/statistics/commit.ts";
import { backOff } from "../../../functions/store/table/errors.ts";
import { type Table, transact } from "../../../functions/store/table/table.ts";
import { perMetric } from "../../../shared/run/metrics.ts";
import { compare } from "../../../shared/summaries/compare.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { newRun, type RunText } from "../../support/runs.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const HOSTS = 12;

/** What was read: units, requests, items, and the kinds of partitions that were asked for. */
interface Consumed {
  units: number;
  requests: number;
  items: number;
  kinds: Set<string>;
}

interface Units {
  readonly CapacityUnits?: number;
}

interface Answer {
  /** A list for reads of several items. */
  readonly ConsumedCapacity?: Units | readonly Units[];
  readonly Count?: number;
}

/** Has the engine say what every request of a table consumes, and keeps count. */
function metered(table: Table): () => Consumed {
  let consumed: Consumed = { units: 0, requests: 0, items: 0, kinds: new Set() };
  table.client.middlewareStack.add(
    (next) => async (args) => {
      // All commands that read know this input; the SDK's type of a middleware knows none.
      const result = await next({
        ...args,
        input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } as typeof args.input,
      });
      const { ConsumedCapacity: found, Count: items = 0 } = result.output as Answer; // likewise
      for (const each of [found ?? []].flat()) consumed.units += each.CapacityUnits ?? 0;
      consumed.requests += 1;
      consumed.items += items;
      for (const [, kind = ""] of JSON.stringify(args.input).matchAll(
        /"(RUN|WORK|GENERATION|HOST|CELL|TOTAL|COHORT)#/g,
      )) {
        consumed.kinds.add(kind);
      }
      return result;
    },
    { step: "initialize" },
  );
  return () => {
    const found = consumed;
    consumed = { units: 0, requests: 0, items: 0, kinds: new Set() };
    return found;
  };
}

/** A fleet of two backends and two strata on every host. Runs of a host say the same, so that only their number differs. */
async function fleetWith(runs: number): Promise<Table> {
  const table = await engine.newTable();
  const store = makeRunStore(table);
  for (let host = 0; host < HOSTS; host += 1) {
    const own = (["loop", "phy"] as const).flatMap((backend, side) =>
      ["v1/2G/8k/16", "v1/8G/8k/16"].flatMap((stratum, which) =>
        Array.from({ length: runs }, (_, run) =>
          newRun({
            host: `h${host}`,
            number: run * 4 + side * 2 + which,
            backend,
            stratum,
            rates: perMetric((_, metric) => 1_000 + 37 * host + 211 * metric + 500 * side),
            facts: { site: `s${host % 3}` },
          }),
        ),
      ),
    );
    await store.add(own);
  }
  await aggregateFleet({ ...makeAggregationStores(table), clock: Date.now, backOff }, "default");
  return table;
}

const QUERY = compare.query.parse({ baseline: ["loop"], candidate: ["phy"] });

test("a comparison reads the same with 1, 10 and 50 runs of each backend a host, and nothing of the cells it remembers", async () => {
  const found = [];
  for (const runs of [1, 10, 50]) {
    const table = await fleetWith(runs);
    // A client of its own: one that has sent requests keeps its middleware as it was.
    const fresh = openTable(tableAt(engine.endpoint, table.name));
    const consumed = metered(fresh);
    const stores = { cells: makeCellStore(fresh), pendingHosts: makePendingHosts(fresh), clock: Date.now };
    const source = cellSource(stores, "default");
    const cold = await compare.compute(source, QUERY);
    const first = consumed();
    const warm = await compare.compute(source, QUERY);
    const second = consumed();
    expect(warm).toEqual(cold);
    expect(cold.runs).toBe(HOSTS * 4 * runs);
    expect(cold.fleet.metrics.put_block?.hosts).toBe(HOSTS);
    found.push({ first, second });
    fresh.client.destroy();
  }
  const [one, ...more] = found;
  // The engine does say what it costs.
  expect(one?.first.units).toBeGreaterThan(5);
  expect(one?.second.units).toBeLessThan(one?.first.units ?? 0);
  expect([...(one?.first.kinds ?? [])]).toEqual(expect.arrayContaining(["TOTAL", "CELL"]));
  for (const { first, second } of found) {
    expect([first.kinds.has("RUN"), first.kinds.has("HOST"), second.kinds.has("CELL")]).toEqual([false, false, false]);
  }
  for (const { first, second } of more) {
    expect([first.requests, first.items]).toEqual([one?.first.requests, one?.first.items]);
    expect(second).toEqual(one?.second);
    // Counts of more runs take a byte or two more in each item, which may carry a reading of the three over a border of
    // 4 KB, at which units are counted.
    expect(Math.abs(first.units - (one?.first.units ?? 0))).toBeLessThanOrEqual(3);
  }
});

test("a page of the runs of a host costs the same with 200 runs and with 10 000", async () => {
  const page = async (count: number): Promise<Consumed> => {
    const table = await engine.newTable();
    const text = (number: number): RunText => ({
      number,
      backend: number % 2 === 0 ? "loop" : "phy",
      at: new Date(Date.parse("2026-01-01T00:00:00Z") + number * 60_000).toISOString(),
    });
    const all = Array.from({ length: count }, (_, number) => newRun(text(number)));
    // Of the older runs the entries are enough, because pages are found by these.
    const older = all.slice(0, -100).map(({ run, sample }) => sampleItem(run, sample, 1));
    for (let from = 0; from < older.length; from += 100) {
      const chunk = older.slice(from, from + 100);
      await transact(
        table,
        chunk.map((Item) => ({ Put: { TableName: table.name, Item } })),
      );
    }
    await makeRunStore(table).add(all.slice(-100));
    const fresh = openTable(tableAt(engine.endpoint, table.name));
    const consumed = metered(fresh);
    const { items } = await makeRunStore(fresh).list("default", { host: "h1", limit: 50 });
    expect(items.map(({ id }) => id)).toEqual(
      all
        .slice(-50)
        .reverse()
        .map(({ run }) => run.id),
    );
    fresh.client.destroy();
    return consumed();
  };
  const few = await page(200);
  const many = await page(10_000);
  expect(few.units).toBeGreaterThan(10);
  expect([many.requests, many.items]).toEqual([few.requests, few.items]);
  expect(Math.abs(many.units - few.units)).toBeLessThanOrEqual(2);
});
