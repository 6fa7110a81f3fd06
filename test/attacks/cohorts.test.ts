// A client that invents cohorts to fill a period: the room comes back when their hosts are gone, and a token may create only so many.

import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aggregateFleet } from "../../functions/service/aggregate.ts";
import { auditFleet } from "../../functions/service/audit.ts";
import { rebuildFleet } from "../../functions/service/rebuild.ts";
import type { Receipt } from "../../functions/service/upload/receipt.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { currentGeneration } from "../../functions/store/statistics/generations.ts";
import { type Item, itemText, keyItem } from "../../functions/store/table/item.ts";
import { cohortHash, cohortKey, cohortPartitions, keyText } from "../../functions/store/table/keys.ts";
import { getItems, partition, queryAll, type Table } from "../../functions/store/table/table.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import { SHARDS } from "../../shared/deployment.ts";
import type { Cohort } from "../../shared/run/cohort.ts";
import { aggregateOver, rebuildOver } from "../service/play.ts";
import { asJson, jsonOf } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { LOOP } from "../support/fixtures.ts";
import { audit } from "../support/recompute.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const PERIODS = ["2026-11", "2026-Q4", "2026", "all"];

/** What stands in the lists of cohorts is what has hosts, in as many shards; and every number is that of the runs. */
async function expectRight(table: Table): Promise<void> {
  expect((await audit(table)).differences).toEqual([]);
  const of = await currentGeneration(table, "default");
  for (const period of PERIODS) {
    const listed = (await Promise.all(cohortPartitions(of, period).map((pk) => queryAll(table, partition(pk))))).flat();
    const shards = new Map<string, number>();
    for await (const item of makeFleetScan(table).cellItems(of, period)) {
      const cohort = itemText(item, "sk");
      if (itemText(item, "pk").startsWith("TOTAL#") && cohort !== "*")
        shards.set(cohort, (shards.get(cohort) ?? 0) + 1);
    }
    const found = listed.map((item) => [itemText(item, "sk"), Number(item["shards"]?.N)] as const);
    expect(new Map(found)).toEqual(shards);
  }
}

const OPTIONS = { graceMs: 0, wait: async () => undefined, onProgress: () => undefined, onError: () => undefined };

const MOST = 5;

/** Counts with room for five cohorts in a period. */
const aggregate = (table: Table, fleet = "default") =>
  aggregateFleet({ ...aggregateOver(table), ...makeAggregationStores(table, MOST) }, fleet);

let number = 20_000;
/** A host's results on two backends, with what is said of it. */
function resultsOf(host: string, facts: Record<string, string>): string {
  number += 1;
  // Else a loop disk is known to be a file, and a phy disk is not.
  const said = Object.entries({ host, finished: "2026-11-20T10:00:00Z", storage: "lvm", ...facts });
  const line = (backend: string, rate: number) => `# backend: ${backend}\n${LOOP.replace("25511", String(rate))}`;
  return [...said.map(([key, value]) => `# ${key}: ${value}`), line("loop", number), line("phy", 2 * number)].join(
    "\n",
  );
}

const hostsAt = async (service: TestService, filter: string) => {
  const answer = await jsonOf<Comparison>(service.send(`/v1/compare?baseline=loop&candidate=phy&${filter}`), 200);
  return { hosts: answer.fleet.metrics.putc?.hosts ?? 0, notices: answer.notices };
};

test("a period that was filled with made-up sites has room again when their runs are withdrawn", async () => {
  const table = await engine.newTable();
  const service = await makeTestService(table);
  const evil = Array.from({ length: 8 }, (_, site) => resultsOf(`evil-${site}`, { site: `made-up-${site}` }));
  const { results } = await jsonOf<Receipt>(service.post(evil.join("\n"), "", asJson), 201);
  await aggregate(table);
  await jsonOf(service.post(resultsOf("dom0-fra-1", { site: "fra" }), "", asJson), 201);
  await aggregate(table);
  await expectRight(table);
  expect(await hostsAt(service, "site=fra")).toEqual({ hosts: 0, notices: ["cohorts_capped"] });
  for (const { id } of results) await jsonOf(service.send(`/v1/runs/${id}`, { method: "DELETE" }), 200);
  await aggregate(table);
  await expectRight(table);
  // The host of the real site is listed with its next result; new sites are at once.
  await jsonOf(service.post(resultsOf("dom0-fra-1", { site: "fra" }), "", asJson), 201);
  await jsonOf(service.post(resultsOf("dom0-ams-1", { site: "ams" }), "", asJson), 201);
  await aggregate(table);
  await expectRight(table);
  expect(await hostsAt(service, "site=fra")).toEqual({ hosts: 1, notices: [] });
  expect(await hostsAt(service, "site=ams")).toEqual({ hosts: 1, notices: [] });
});

test("hosts that come, move and go in any order leave listed what has hosts, with workers in each other's way", async () => {
  const table = await engine.newTable();
  const service = await makeTestService(table);
  const stored: string[] = [];
  // A fixed walk over nine sites and twelve hosts, with results withdrawn behind it.
  for (let step = 0; step < 5; step += 1) {
    const bodies = Array.from({ length: 12 }, (_, host) =>
      (host + step) % 3 === 0 ? "" : resultsOf(`h${host}`, { site: `s${(host * 5 + step * 7) % 9}` }),
    );
    const { results } = await jsonOf<Receipt>(service.post(bodies.join("\n"), "", asJson), 201);
    stored.push(...results.map(({ id }) => id));
    const gone = stored.splice(0, step === 4 ? stored.length : 14);
    await Promise.all([
      ...gone.map((id) => service.send(`/v1/runs/${id}`, { method: "DELETE" })),
      aggregate(table),
      aggregate(table),
    ]);
    await aggregate(table);
    await expectRight(table);
  }
  const of = await currentGeneration(table, "default");
  expect((await Promise.all(cohortPartitions(of, "all").map((pk) => queryAll(table, partition(pk))))).flat()).toEqual(
    [],
  );
});

describe("a list of cohorts that is wrong", () => {
  const FRA = { site: "fra", storage: "lvm" };
  const GHOST = { site: "ghost", storage: "lvm" };

  test.each<[what: string, kind: string, cohort: Cohort, says: string, wrong: (item: Item) => Item | null]>([
    ["lacks one that has hosts", "missing", FRA, "has hosts but is not listed", () => null],
    [
      "has one without hosts",
      "unexpected",
      GHOST,
      "is listed but has no hosts",
      (item) => ({ ...item, cohort: { S: JSON.stringify(GHOST) }, shards: { N: "1" } }),
    ],
    [
      "counts other shards",
      "different",
      FRA,
      "is listed with hosts in 7 shards; it has hosts in 1",
      (item) => ({ ...item, shards: { N: "7" } }),
    ],
    [
      "has one under the name of another",
      "different",
      FRA,
      `is listed as cohort ${cohortHash(GHOST)}`,
      (item) => ({ ...item, cohort: { S: JSON.stringify(GHOST) } }),
    ],
    [
      "does not say what one is",
      "unreadable",
      FRA,
      "is listed with an unreadable description",
      (item) => ({ ...item, cohort: { S: "{" } }),
    ],
  ])("because it %s is found by the audit, and right after a rebuild", async (_, kind, cohort, says, wrong) => {
    const table = await engine.newTable();
    const service = await makeTestService(table);
    for (const site of ["fra", "ams"])
      await jsonOf(service.post(resultsOf(`dom0-${site}-1`, { site }), "", asJson), 201);
    await aggregate(table);
    await expectRight(table);
    const of = await currentGeneration(table, "default");
    const listed = (await getItems(table, [cohortKey(of, "all", cohortHash(FRA))])).get(
      keyText(cohortKey(of, "all", cohortHash(FRA))),
    );
    const Key = keyItem(cohortKey(of, "all", cohortHash(cohort)));
    const item = wrong({ ...listed, ...Key });
    if (item === null) await table.client.send(new DeleteItemCommand({ TableName: table.name, Key }));
    else await table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));

    const { differences, inFlux } = await auditFleet(makeFleetScan(table), "default");
    const key = keyText(cohortKey(of, "all", cohortHash(cohort)));
    expect(differences).toEqual([{ key, kind, text: `cohort ${cohortHash(cohort)} of all ${says}` }]);
    expect(inFlux).toBe(0);
    await rebuildFleet(rebuildOver(table), "default", OPTIONS);
    await expectRight(table);
    expect(await hostsAt(service, "site=fra")).toEqual({ hosts: 1, notices: [] });
  });

  test("is reported once where each shard is audited separately", async () => {
    const table = await engine.newTable();
    const service = await makeTestService(table);
    await jsonOf(service.post(resultsOf("dom0-fra-1", { site: "fra" }), "", asJson), 201);
    await aggregate(table);
    const of = await currentGeneration(table, "default");
    const Key = keyItem(cohortKey(of, "all", cohortHash(FRA)));
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key }));
    const found = [];
    for (let bucket = 0; bucket < SHARDS; bucket += 1)
      found.push(...(await auditFleet(makeFleetScan(table), "default", { shards: [bucket] })).differences);
    expect(found.map(({ kind }) => kind)).toEqual(["missing"]);
  });
});

describe("a token", () => {
  const limits = { day: { bytes: 1e9, runs: 1e6 }, cohorts: 3 };

  test("names so many kinds of host; those beyond count in the whole and in `other`, now and in every rebuild", async () => {
    const table = await engine.newTable();
    const service = await makeTestService(table, { limits });
    const site = await service.token({ scope: "ingest", hosts: "evil-*" });
    const bodies = Array.from({ length: 6 }, (_, host) => resultsOf(`evil-${host}`, { site: `made-up-${host}` }));
    const receipt = await jsonOf<Receipt>(service.post(bodies.join("\n"), "", { ...asJson, token: site }), 201);
    const capped = receipt.results.filter(({ warnings }) =>
      warnings.some((words) => words.startsWith("cohort_capped:")),
    );
    expect(capped.map(({ host }) => host)).toEqual(["evil-3", "evil-3", "evil-4", "evil-4", "evil-5", "evil-5"]);
    const run = await jsonOf<{ facts: unknown }>(service.send(capped[0]?.url ?? ""), 200);
    expect(run.facts).toMatchObject({ site: "made-up-3", cohort_capped: true });
    // Known ones go on, and others have room of their own.
    await jsonOf(service.post(resultsOf("evil-0", { site: "made-up-0" }), "", { ...asJson, token: site }), 201);
    await jsonOf(service.post(resultsOf("dom0-fra-1", { site: "fra" }), "", asJson), 201);
    const expectCounted = async () => {
      await expectRight(table);
      expect(await hostsAt(service, "site=made-up-0")).toEqual({ hosts: 1, notices: ["cohorts_capped"] });
      expect((await hostsAt(service, "site=made-up-3")).hosts).toBe(0);
      expect((await hostsAt(service, "site=fra")).hosts).toBe(1);
      expect((await hostsAt(service, "")).hosts).toBe(7);
    };
    await service.aggregate();
    await expectCounted();
    await rebuildFleet(rebuildOver(table), "default", OPTIONS);
    await expectCounted();
    // A result that names a kind it may name takes the host out of `other` again.
    const newer = { site: "made-up-1", finished: "2026-11-20T11:00:00Z" };
    await jsonOf(service.post(resultsOf("evil-3", newer), "", { ...asJson, token: site }), 201);
    await service.aggregate();
    await expectRight(table);
    expect((await hostsAt(service, "site=made-up-1")).hosts).toBe(2);
  });

  test("cannot put more together of runs that each say one thing", async () => {
    const table = await engine.newTable();
    const service = await makeTestService(table, { limits: { ...limits, cohorts: 10 } });
    const token = await service.token({ scope: "ingest" });
    const said = Array.from({ length: 16 }, (_, host) => [
      resultsOf(`h${host}`, { site: `s${host % 4}` }),
      resultsOf(`h${host}`, { hardware: `w${host >> 2}` }),
    ]);
    for (const [first = "", second = ""] of said) {
      await jsonOf(service.post(first, "", { ...asJson, token }), 201);
      await jsonOf(service.post(second, "", { ...asJson, token }), 201);
    }
    await service.aggregate();
    await expectRight(table);
    const of = await currentGeneration(table, "default");
    const listed = (await Promise.all(cohortPartitions(of, "all").map((pk) => queryAll(table, partition(pk))))).flat();
    expect(listed.length).toBeLessThanOrEqual(10 + 1);
  });

  test("the limit holds for processes that name kinds at the same moment", async () => {
    const table = await engine.newTable();
    const services = await Promise.all([0, 1, 2].map(() => makeTestService(table, { limits })));
    const [first] = services;
    const token = (await first?.token({ scope: "ingest" })) ?? "";
    const receipts = await Promise.all(
      services.flatMap((service, index) =>
        [0, 1].map((site) =>
          jsonOf<Receipt>(
            service.post(resultsOf(`h${index}${site}`, { site: `s${index}${site}` }), "", { ...asJson, token }),
            201,
          ),
        ),
      ),
    );
    const uncapped = receipts.filter(({ results }) => results[0]?.warnings.length === 0);
    expect(uncapped).toHaveLength(3);
  });
});
