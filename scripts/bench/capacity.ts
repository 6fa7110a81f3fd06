// The capacity that operations consume, in DynamoDB's units as the engine reports them: every request returns its consumed capacity. Rows of
// zeros mean unknown: the engine does not report it.

import { aggregatePendingHosts } from "../../functions/service/aggregate.ts";
import { cellSource } from "../../functions/service/summary-source.ts";
import { makeCellStore } from "../../functions/store/cells.ts";
import { makeAggregationStores } from "../../functions/store/commit.ts";
import { backOff } from "../../functions/store/errors.ts";
import { currentGeneration } from "../../functions/store/generations.ts";
import { itemSize } from "../../functions/store/item.ts";
import { cellPartition, computeShard, runsOfHost, summaryKey } from "../../functions/store/keys.ts";
import { makePendingHosts } from "../../functions/store/pending-hosts.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import { partition, queryItems, type Table } from "../../functions/store/table.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import { compare } from "../../shared/summaries/compare.ts";
import { FLEET, parseRuns } from "./fleets.ts";
import type { Figure, Row } from "./section.ts";

interface Capacity {
  requests: number;
  reads: number;
  writes: number;
}

interface Consumed {
  readonly CapacityUnits?: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}

const READS = /^(GetItem|BatchGetItem|Query|Scan)Command$/;

/** Counts what the table's client consumes from now on. */
function meter(table: Table): Capacity {
  const sum: Capacity = { requests: 0, reads: 0, writes: 0 };
  table.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        // All commands of the store know this input; the SDK's type of a middleware knows none.
        const input = { ...args.input, ReturnConsumedCapacity: "TOTAL" } as typeof args.input;
        const result = await next({ ...args, input });
        const { ConsumedCapacity: found } = result.output as { ConsumedCapacity?: Consumed | readonly Consumed[] };
        sum.requests += 1;
        for (const consumed of [found ?? []].flat()) {
          const units = consumed.CapacityUnits ?? 0;
          if (READS.test(String(commandName))) sum.reads += units;
          else sum.writes += units;
        }
        return result;
      },
    { step: "initialize", name: "meter" },
  );
  return sum;
}

const QUERY = compare.query.parse({ baseline: ["loop"], candidate: ["blktap2"] });

/** Rows for one result, a batch of results, the aggregation of one host, and comparisons, on the fleet in the table. */
export async function consumedBy(table: Table, fleet: string): Promise<Row[]> {
  const sum = meter(table);
  const rows: Row[] = [];
  const measure = async (name: string, per: string, times: number, work: () => Promise<unknown>) => {
    Object.assign(sum, { requests: 0, reads: 0, writes: 0 });
    await work();
    rows.push({
      name: `Capacity/${fleet}/${name}`,
      iterations: times,
      figures: [
        { value: sum.reads / times, unit: `RCU/${per}` },
        { value: sum.writes / times, unit: `WCU/${per}` },
        { value: sum.requests / times, unit: `requests/${per}` },
      ],
    });
  };
  const source = cellSource(
    { cells: makeCellStore(table), pendingHosts: makePendingHosts(table), clock: Date.now },
    "default",
  );
  const runs = makeRunStore(table);
  const queries = { all: QUERY, "cohorts=50": { ...QUERY, site: ["site-1"] } };
  for (const [name, query] of Object.entries(queries)) {
    await measure(`compare/${name}/afresh`, "comparison", 1, () => compare.compute(source, query));
    await measure(`compare/${name}/again`, "comparison", 1, () => compare.compute(source, query));
  }
  // Known hosts in a new month. A new seed each time: in a kept folder, the lines of the last run would be duplicates.
  const seed = Date.now() % 2 ** 31;
  const generateUploads = (hosts: number) => [
    ...generateFleet({ ...FLEET, seed: seed + hosts, hosts, runs: 1, from: "2026-12-01T00:00:00.000Z" }),
  ];
  const added = generateUploads(10).flatMap(({ body }) => parseRuns(body));
  await measure("single", "result", added.length, async () => {
    for (const run of added) await runs.add([run]);
  });
  const deps = { ...makeAggregationStores(table), clock: Date.now, backOff };
  const aggregate = async (hosts: readonly string[]): Promise<void> => {
    for (const bucket of new Set(hosts.map((host) => computeShard("default", host)))) {
      const ofBucket = hosts.filter((host) => computeShard("default", host) === bucket);
      const marks = await Promise.all(ofBucket.map((host) => deps.pendingHosts.get("default", host)));
      const open = marks.filter((mark) => mark !== null);
      await aggregatePendingHosts(deps, "default", bucket, open);
    }
  };
  await measure("aggregate/one-by-one", "host", 10, async () => {
    for (const { host } of generateUploads(10)) await aggregate([host]);
  });
  const together = generateUploads(100);
  await runs.add(together.flatMap(({ body }) => parseRuns(body)));
  await measure("aggregate/together=100", "host", 100, () => aggregate(together.map(({ host }) => host)));
  const [batch] = generateFleet({ ...FLEET, seed: seed + 1_000, hosts: 1, runs: 50, from: "2026-12-02T00:00:00.000Z" });
  const hundred = parseRuns(batch?.body ?? "");
  await measure("batch=100", "result", hundred.length, () => runs.add(hundred));
  return rows;
}

// The largest items of a table, by kind. The limit of DynamoDB is 400 KB.

/** The largest of all cells and summaries of period `all`, which are the largest periods, and of the runs of the given hosts. */
export async function largestItems(table: Table, hosts: readonly string[]): Promise<Figure[]> {
  const of = await currentGeneration(table, "default");
  // A host's partition has the summaries of all hosts of its shard.
  const buckets = new Set(hosts.map((host) => summaryKey(of, PERIOD_ALL, host).pk));
  const kinds = {
    run: hosts.map((host) => runsOfHost("default", host)),
    host: [...buckets],
    cell: [cellPartition(of, PERIOD_ALL)],
  };
  const figures: Figure[] = [];
  for (const [kind, partitions] of Object.entries(kinds)) {
    let largest = 0;
    for (const pk of partitions) {
      for await (const item of queryItems(table, partition(pk))) largest = Math.max(largest, itemSize(item));
    }
    figures.push({ value: largest, unit: `${kind}-B`, target: 400e3 });
  }
  return figures;
}
