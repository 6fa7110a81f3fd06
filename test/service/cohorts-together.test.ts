// The order in which many pending hosts of one shard are processed. In the order of their names, each transaction would write
// the cells of every cohort, and a burst of uploads would take twice as long to be counted.

import { afterAll, beforeAll, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { computeShard } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { aggregateOver } from "./play.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const SITES = ["fra", "mun", "ber"];

test("hosts of one cohort are committed together, whatever the order of their names", async () => {
  const hosts = Array.from({ length: 4000 }, (_, index) => `h${index}`)
    .filter((host) => computeShard("default", host) === 0)
    .slice(0, 300);
  const siteOf = (host: string) => SITES[hosts.indexOf(host) % SITES.length] ?? "";
  await makeRunStore(table).add(
    hosts.map((host, number) => newRun({ host, number, rates: { putc: 100 + number }, facts: { site: siteOf(host) } })),
  );
  const deps = aggregateOver(table);
  const committed: string[] = [];
  const batches: (readonly string[])[] = [];
  const commit: typeof deps.statistics.commit = (of, bucket, steps, at) => {
    const batch = [...new Set(steps.map(({ after }) => after.summary.host))];
    committed.push(...batch);
    batches.push([...new Set(batch.map(siteOf))]);
    return deps.statistics.commit(of, bucket, steps, at);
  };
  await aggregateFleet({ ...deps, statistics: { ...deps.statistics, commit } }, "default");
  expect(committed.toSorted()).toEqual(hosts.toSorted());
  // A hundred at a time, one site after the other. In the order of names each batch would have all three sites.
  expect(batches.map((sites) => sites.length)).toEqual([1, 1, 1]);
  expect(await audit(table, "default")).toMatchObject({ differences: [] });
});
