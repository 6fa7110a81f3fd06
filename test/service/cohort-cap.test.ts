// More cohorts than a period has room for: all numbers stay exact, and results that may miss hosts say so.

import { afterAll, beforeAll, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { SCOPE_ALL } from "../../shared/cells/cell.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import { jsonOf, textOf } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";
import { makeTestService } from "../support/service.ts";
import { aggregateOver } from "./play.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const MOST = 5;

const aggregate = (table: Table) =>
  aggregateFleet({ ...aggregateOver(table), ...makeAggregationStores(table, MOST) }, "default");

let number = 0;
/** A run of a host with the site of the host. */
function run(host: string, site: string | null, month = "2026-11") {
  number += 1;
  const at = `${month}-01T00:00:${String(number % 60).padStart(2, "0")}.000Z`;
  const backend = number % 2 === 0 ? ("loop" as const) : ("phy" as const);
  return newRun({ number, host, at, backend, rates: { putc: 1_000 + number }, facts: site === null ? {} : { site } });
}

const sitesOf = async (table: Table, period = "2026-11") =>
  (await makeCellStore(table).cohorts("default", period)).map(({ site }) => site).sort();

/** Hosts on loop or phy under a filter, and whether some may be missing. */
async function hostsAt(table: Table, site: string) {
  const question = { fleet: "default", periods: ["2026-11"], filters: { site: [site] } };
  const { views, isCapped } = await (await makeCellStore(table).open(question)).read("fleet", "*");
  return { hosts: views.all.get(SCOPE_ALL)?.cell.hosts ?? 0, isCapped };
}

const expectExact = async (table: Table) => expect((await audit(table)).differences).toEqual([]);

test("the first cohorts have their own cells, and all others are counted in `other` and in the fleet", async () => {
  const table = await engine.newTable();
  const runs = makeRunStore(table);
  for (let site = 0; site < MOST; site += 1) {
    await runs.add([run(`early${site}`, `s${site}`)]);
    await aggregate(table);
  }
  expect(await hostsAt(table, "s0")).toEqual({ hosts: 1, isCapped: false });
  await runs.add([run("late1", "t1"), run("late2", "t2"), run("joins", "s0"), run("nowhere", null)]);
  await aggregate(table);
  await expectExact(table);
  expect(await sitesOf(table)).toEqual(["s0", "s1", "s2", "s3", "s4"]);
  expect(await hostsAt(table, "s0")).toEqual({ hosts: 2, isCapped: true });
  expect(await hostsAt(table, "t1")).toEqual({ hosts: 0, isCapped: true });
  const { views, isCapped } = await (
    await makeCellStore(table).open({ fleet: "default", periods: ["2026-11"], filters: {} })
  ).read("fleet", "*");
  expect([views.all.get(SCOPE_ALL)?.cell.hosts, isCapped]).toEqual([9, false]);
});

test("hosts that move in, out of and within `other` are counted once, in every order", async () => {
  const table = await engine.newTable();
  const runs = makeRunStore(table);
  const hosts = Array.from({ length: 12 }, (_, host) => `h${host}`);
  // In each step, host h is at site h + 5 step modulo 9, so hosts move between listed sites and sites without room.
  for (let step = 0; step < 4; step += 1) {
    await runs.add(hosts.map((host, index) => run(host, `s${(index + 5 * step) % 9}`)));
    await aggregate(table);
    await expectExact(table);
  }
  expect(await sitesOf(table)).toHaveLength(MOST);
  // Updating hosts that have not changed changes nothing, also for hosts in `other`.
  const before = await audit(table);
  await runs.add(hosts.map((host, index) => run(host, `s${(index + 15) % 9}`)));
  await aggregate(table);
  expect(await audit(table)).toMatchObject({ cells: before.cells, summaries: before.summaries, differences: [] });
});

test("workers that reach the limit at the same time lose nothing, and exceed it by at most one cohort each", async () => {
  const table = await engine.newTable();
  await makeRunStore(table).add(Array.from({ length: 40 }, (_, host) => run(`h${host}`, `s${host}`)));
  await Promise.all(Array.from({ length: 3 }, () => aggregate(table)));
  await aggregate(table);
  await expectExact(table);
  const sites = await sitesOf(table);
  expect(sites.length).toBeGreaterThanOrEqual(MOST);
  expect((await audit(table)).summaries).toBe(4 * 40);
  expect(sites.length).toBeLessThan(40);
});

test("each period has its own room, and results say where filters may miss hosts", async () => {
  const table = await engine.newTable();
  const service = await makeTestService(table);
  await makeRunStore(table).add([
    ...Array.from({ length: MOST + 1 }, (_, host) => run(`h${host}`, `s${host}`, "2026-10")),
    run("h0", "s0", "2026-11"),
  ]);
  await aggregate(table);
  await expectExact(table);
  const ask = (query: string) =>
    jsonOf<Comparison>(service.send(`/v1/compare?baseline=loop&candidate=phy${query}`), 200);
  expect((await ask("&period=2026-10&site=s0")).notices).toEqual(["cohorts_capped"]);
  expect((await ask("&period=2026-10,2026-11&site=s0")).notices).toEqual(["cohorts_capped"]);
  expect((await ask("&period=2026-11&site=s0")).notices).toEqual([]);
  expect((await ask("&period=2026-10")).notices).toEqual([]);
  for (const path of ["backends", "matrix"]) {
    expect(await jsonOf(service.send(`/v1/${path}?site=s0`), 200)).toMatchObject({ notices: ["cohorts_capped"] });
  }
  expect(await jsonOf(service.send("/v1/trend?backend=loop&metric=putc&site=s0&from=2026-10"), 200)).toMatchObject({
    notices: ["cohorts_capped"],
  });
  expect(await textOf(service.send("/v1/matrix.txt?site=s0"), 200)).toContain("! cohorts_capped: ");
  // The attributes of a host are shown whatever cohort it is counted in.
  const { hosts } = await jsonOf<{ hosts: { cohort: unknown }[] }>(service.send("/v1/hosts"), 200);
  expect(hosts.map(({ cohort }) => cohort)).toEqual(
    Array.from({ length: MOST + 1 }, (_, host) => ({ site: `s${host}` })),
  );
});
