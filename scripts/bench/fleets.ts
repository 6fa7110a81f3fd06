// The fleets of the benchmark, and how they get into a data folder without a server: the way of `POST /v1/results` from the
// text on (read, understand, judge, store with marks), then aggregation of all marks, in this process over the engine.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { embeddedTable } from "../../functions/env.ts";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { readUpload } from "../../functions/service/upload/upload.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { type FleetPlan, PLAIN_FLEET, sameRatio } from "../../local/demo/fleet-plan.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { startEngine } from "../../local/server/engine.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { type NewRun, toSample } from "../../shared/cells/sample.ts";
import { progress } from "./section.ts";

/** 100 cohorts; `FILTER` matches 50 of them, with half of the hosts. */
export const FLEET: FleetPlan = {
  ...PLAIN_FLEET,
  candidates: [{ backend: "blktap2", trueRatio: sameRatio(1.5) }],
  cohortValues: { site: 2, hardware: 5, storage: 2, xen_version: 5 },
  wildShare: 0.05,
};
export const FILTER = "&site=site-1";

/** The runs of a host's two backends, alternating, one result per body. */
export function* singleResults(plan: FleetPlan): Generator<string> {
  const candidate = plan.candidates[0]?.backend ?? plan.baseline;
  const other = generateFleet({ ...plan, seed: plan.seed + 1, baseline: candidate, candidates: [], runs: 1 });
  for (const { body } of generateFleet({ ...plan, candidates: [], runs: 1 })) {
    yield body;
    yield other.next().value?.body ?? "";
  }
}

/** The data folder of the stored and aggregated fleet with this number of hosts. */
export const fleetFolder = (folder: string, hosts: number): string => join(folder, `fleet-${hosts}`);

/** Opens the table in a data folder, over an engine of its own at `endpoint`. */
export async function withTable<T>(dataDir: string, use: (table: Table, endpoint: string) => Promise<T>): Promise<T> {
  mkdirSync(dataDir, { recursive: true });
  const engine = await startEngine({
    database: join(dataDir, "vbdstat.db"),
    engineFile: join(dataDir, "engine"),
    // One section sends requests to its address without the store.
    isolation: "address",
    print: (reason) => {
      throw new Error(reason);
    },
  });
  const table = openTable(embeddedTable(engine, "vbdstat"));
  try {
    await ensureTable(table);
    return await use(table, engine.endpoint);
  } finally {
    table.client.destroy();
    await engine.stop();
  }
}

export const parseRuns = (body: string): NewRun[] => {
  const envelope = {
    fleet: "default",
    receivedAt: "2026-11-22T00:00:00.000Z",
    encoding: "utf-8",
    parameters: {},
    sentBy: null,
  } as const;
  return readUpload(readBonnie(body), envelope).runs.map(({ run }) => ({ run, sample: toSample(run) }));
};

/** The duration of loading, in seconds; `storing` includes `generating`. */
export interface Load {
  readonly results: number;
  readonly generating: number;
  readonly storing: number;
}

/** Results passed to the store at once, and concurrent batches. */
const BATCH = 400;
const IN_FLIGHT = 8;

/** Stores the results of a fleet, of all its hosts or of some, and leaves these hosts pending. */
export async function storeFleet(table: Table, plan: FleetPlan, some?: ReadonlySet<string>): Promise<Load> {
  const store = makeRunStore(table);
  const report = progress(`storing ${plan.hosts} hosts`, plan.hosts);
  const inFlight = new Set<Promise<unknown>>();
  const uploads = generateFleet(plan);
  const started = performance.now();
  let [hosts, results, generating] = [0, 0, 0];
  let batch: NewRun[] = [];
  for (;;) {
    const asked = performance.now();
    const { value: upload } = uploads.next();
    generating += performance.now() - asked;
    if (upload !== undefined && some?.has(upload.host) !== false) batch.push(...parseRuns(upload.body));
    if (batch.length >= BATCH || upload === undefined) {
      const adding: Promise<unknown> = store.add(batch).finally(() => inFlight.delete(adding));
      inFlight.add(adding);
      results += batch.length;
      batch = [];
      if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
    }
    if (upload === undefined) break;
    hosts += 1;
    report(hosts);
  }
  await Promise.all(inFlight);
  return { results, generating: generating / 1000, storing: (performance.now() - started) / 1000 };
}

/** Aggregates all pending hosts; returns the duration in seconds. */
export async function aggregateAll(table: Table): Promise<number> {
  const started = performance.now();
  await aggregateFleet({ ...makeAggregationStores(table), clock: Date.now, backOff, lanes: 2 }, "default");
  return (performance.now() - started) / 1000;
}
