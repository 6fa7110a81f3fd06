// Capacity units, which are the same on every machine: of comparisons, of stored results, and of counting a known host in a
// new month, alone, 50 hosts of a shard together, and whole shards by cohort. In all, by kind of item, and for the partition
// key that limits the rate. Also the sizes of the items. `meter.ts` says how units are counted.

import { cpSync, existsSync, rmSync } from "node:fs";
import { tableAt } from "../../functions/env.ts";
import { aggregateFleet, aggregatePendingHosts } from "../../functions/service/aggregate.ts";
import { cellSource } from "../../functions/service/summary-source.ts";
import { openTable } from "../../functions/store/client.ts";
import { makePendingHosts } from "../../functions/store/runs/pending-hosts.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import { computeShard } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import type { FleetPlan } from "../../local/demo/fleet-plan.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { compare } from "../../shared/summaries/compare.ts";
import { aggregateAll, FLEET, parseRuns, storeFleet, withTable } from "./fleets.ts";
import { type Meter, makeMeter, type Usage } from "./meter.ts";
import type { Section } from "./section.ts";
import { type Figure, type Row, withoutTargets } from "./section.ts";
import { storedSizes } from "./units.ts";

/** The size of a fleet unless another is given; the targets are for this size. */
const USUAL_HOSTS = 4_000;

/** Hosts of each shard that are counted alone, together, and at most in a drained shard. */
const ALONE = 5;
const TOGETHER = 50;
const DRAINED = 500;

/** What a partition key takes in a second. */
const KEY_LIMIT = { reads: 3_000, writes: 1_000 } as const;

/** Three months of one quarter: in the first, all hosts are counted; in the others, some are counted again. */
const KNOWN = "2026-10-01T00:00:00.000Z";
const SECOND_MONTH = "2026-11-01T00:00:00.000Z";
const THIRD_MONTH = "2026-12-01T00:00:00.000Z";

const QUERY = compare.query.parse({ baseline: ["loop"], candidate: ["blktap2"] });
const QUERIES = { all: QUERY, "cohorts=50": { ...QUERY, site: ["site-1"] } };

/** The results of a month. Other seeds give the same hosts other results. */
const monthOf = (hosts: number, from: string, seed: number): FleetPlan => ({
  ...FLEET,
  ...{ hosts, from, seed: FLEET.seed + seed, runs: 1 },
});

export const capacity: Section = async ({ folder, quick, hosts: sizes = quick ? [50] : [USUAL_HOSTS] }) => {
  const rows: Row[] = [];
  for (const hosts of sizes) {
    const known = `${folder}/capacity-${hosts}`;
    if (!existsSync(known)) {
      await withTable(known, async (table) => {
        await storeFleet(table, monthOf(hosts, KNOWN, 0));
        await aggregateAll(table);
      });
    }
    // A copy, so that a kept folder has the known fleet only.
    const measured = `${known}-measured`;
    rmSync(measured, { recursive: true, force: true });
    cpSync(known, measured, { recursive: true });
    rows.push(...(await withTable(measured, (table, endpoint) => measureFleet(table, endpoint, hosts))));
    rmSync(measured, { recursive: true, force: true });
  }
  return rows;
};

/** All rows of a fleet whose hosts are counted in the first month. */
async function measureFleet(uncounted: Table, endpoint: string, hosts: number): Promise<Row[]> {
  const table = openTable(tableAt(endpoint, uncounted.name));
  try {
    const measure = new Measurements(await makeMeter(table, uncounted), `Capacity/hosts=${hosts}`);
    await measureComparisons(measure, table);
    await measureResults(measure, { table, uncounted }, hosts);
    const rows = hosts === USUAL_HOSTS ? measure.rows : measure.rows.map(withoutTargets);
    return [...rows, measure.check(), ...(await storedSizes(uncounted, `Capacity/hosts=${hosts}`))];
  } finally {
    table.client.destroy();
  }
}

/** With nothing in the cache, and again. */
async function measureComparisons(measure: Measurements, table: Table): Promise<void> {
  for (const [name, query] of Object.entries(QUERIES)) {
    const stores = { cells: makeCellStore(table), pendingHosts: makePendingHosts(table), clock: Date.now };
    const source = cellSource(stores, "default");
    for (const time of ["afresh", "again"]) {
      await measure.row(`compare/${name}/${time}`, { per: "comparison", times: 1 }, () =>
        compare.compute(source, query),
      );
    }
  }
}

async function measureResults(
  measure: Measurements,
  { table, uncounted }: { table: Table; uncounted: Table },
  hosts: number,
): Promise<void> {
  const second = monthOf(hosts, SECOND_MONTH, 1);
  const shards = hostsByShard(second);
  // Of a tiny fleet, half of each shard alone and half together.
  const alone = shards.map((ofShard) => ofShard.slice(0, Math.min(ALONE, Math.ceil(ofShard.length / 2))));
  const together = shards.map((ofShard, shard) => ofShard.slice(alone[shard]?.length ?? 0).slice(0, TOGETHER));
  const drained = shards.flatMap((ofShard) => ofShard.slice(0, DRAINED));
  const runs = makeRunStore(table);
  const deps = { ...makeAggregationStores(table), clock: Date.now, backOff };
  const count = async (shard: number, names: readonly string[]): Promise<void> => {
    const pending = await Promise.all(names.map((host) => deps.pendingHosts.get("default", host)));
    await aggregatePendingHosts(
      deps,
      "default",
      shard,
      pending.filter((host) => host !== null),
    );
  };

  const singles = [...generateFleet(second)]
    .filter(({ host }) => alone.flat().includes(host))
    .flatMap(({ body }) => parseRuns(body));
  await measure.row("store/single", { per: "result", times: singles.length, target: 7, limits: true }, async () => {
    for (const run of singles) await runs.add([run]);
  });
  await measure.row("count/alone", { per: "host", times: alone.flat().length, target: 250, limits: true }, async () => {
    for (const [shard, names] of alone.entries()) for (const host of names) await count(shard, [host]);
  });

  await storeFleet(uncounted, second, new Set(together.flat()));
  await measure.row(
    `count/together=${TOGETHER}`,
    { per: "host", times: together.flat().length, target: 70, limits: true, rate: 800 },
    async () => {
      for (const [shard, names] of together.entries()) await count(shard, names);
    },
  );

  await storeFleet(uncounted, monthOf(hosts, THIRD_MONTH, 2), new Set(drained));
  await measure.row(
    `count/drained=${DRAINED}`,
    { per: "host", times: drained.length, target: 42, limits: true, rate: 1_000 },
    () => aggregateFleet(deps, "default"),
  );

  const [batch] = generateFleet({ ...monthOf(1, THIRD_MONTH, 3), runs: 50 });
  const hundred = parseRuns(batch?.body ?? "");
  await measure.row("store/batch=100", { per: "result", times: hundred.length, target: 5.1 }, () => runs.add(hundred));
}

/** The hosts of a fleet in each shard, in the order of the fleet. */
function hostsByShard(plan: FleetPlan): string[][] {
  const shards = Array.from({ length: SHARDS }, (): string[] => []);
  for (const { host } of generateFleet(plan)) shards[computeShard("default", host)]?.push(host);
  return shards;
}

/** What a row is divided by, and its targets. */
interface RowOptions {
  readonly per: string;
  readonly times: number;
  /** Write units for each. */
  readonly target?: number;
  /** Whether to show the partition key that limits the rate. */
  readonly limits?: boolean;
  /** The rate that it must allow. */
  readonly rate?: number;
}

/** Collects rows, and compares the units computed in all of them with those that the engine reported. */
class Measurements {
  readonly rows: Row[] = [];
  readonly #meter: Meter;
  readonly #prefix: string;
  readonly #all = { requests: 0, failed: 0, reads: 0, writes: 0, reportedReads: 0, reportedWrites: 0 };

  constructor(meter: Meter, prefix: string) {
    this.#meter = meter;
    this.#prefix = prefix;
  }

  async row(name: string, options: RowOptions, work: () => Promise<unknown>): Promise<void> {
    const { per, times, target } = options;
    const usage = await this.#meter.during(work);
    this.#all.requests += usage.requests;
    this.#all.failed += usage.failed;
    this.#all.reads += usage.reads;
    this.#all.writes += usage.writes;
    this.#all.reportedReads += usage.reported.reads;
    this.#all.reportedWrites += usage.reported.writes;
    const each = (value: number, unit: string): Figure => ({ value: value / times, unit: `${unit}/${per}` });
    const byKind = (what: "reads" | "writes", unit: string): Figure[] =>
      [...usage.kinds]
        .filter(([, units]) => units[what] > 0)
        .toSorted(([, a], [, b]) => b[what] - a[what])
        .map(([kind, units]) => each(units[what], `${kind}-${unit}`));
    this.rows.push({
      name: `${this.#prefix}/${name}`,
      iterations: times,
      figures: [
        ...(usage.writes === 0
          ? []
          : [{ ...each(usage.writes, "WCU"), ...(target !== undefined && { target }) }, ...byKind("writes", "WCU")]),
        each(usage.reads, "RCU"),
        ...byKind("reads", "RCU"),
        each(usage.requests, "requests"),
        ...(options.limits === true ? limitsOf(usage, options) : []),
      ],
    });
  }

  /** Whether the computed units of all rows are those that the engine reported. */
  check(): Row {
    const { requests, failed, reads, writes, reportedReads, reportedWrites } = this.#all;
    return {
      name: `${this.#prefix}/computed-against-reported`,
      iterations: requests,
      figures: [
        { value: writes, unit: "computed-WCU" },
        { value: Math.abs(writes - reportedWrites), unit: "difference-WCU", target: 0 },
        { value: reads, unit: "computed-RCU" },
        { value: Math.abs(reads - reportedReads), unit: "difference-RCU", target: 0 },
        { value: failed, unit: "failed-requests", target: 0 },
      ],
    };
  }
}

/** The partition keys that take the most units, and the rate that they allow. */
function limitsOf({ partitions }: Usage, { per, times, rate }: RowOptions): Figure[] {
  const hottest = (["writes", "reads"] as const).map((what) => {
    const [about, most] = [...partitions].reduce((a, b) => (b[1][what] > a[1][what] ? b : a));
    return { about, units: most[what] / times, limit: KEY_LIMIT[what], unit: what === "writes" ? "WCU" : "RCU" };
  });
  return [
    ...hottest
      .filter(({ units }) => units > 0)
      .map(({ about, units, unit }) => ({ value: units, unit: `hottest-${unit}/${per}`, about })),
    {
      value: Math.min(...hottest.map(({ units, limit }) => limit / units)),
      unit: `${per}s/s`,
      ...(rate !== undefined && { target: rate }),
    },
  ];
}
