import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { cohortHash, computeShard, hostHash } from "../../functions/store/table/keys.ts";
import { aggregateAll } from "../service/play.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { audit } from "../support/recompute.ts";
import { newRun } from "../support/runs.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

test("hosts spread over all buckets, and the same name is another host in another fleet", () => {
  const hosts = Array.from({ length: 800 }, (_, index) => `dom0-${index}`);
  const counts = new Map<number, number>();
  for (const host of hosts)
    counts.set(computeShard("default", host), (counts.get(computeShard("default", host)) ?? 0) + 1);
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  // 100 each are expected, with a standard deviation under 10.
  expect(Math.min(...counts.values())).toBeGreaterThan(60);
  expect(new Set(hosts.flatMap((host) => [hostHash("a", host), hostHash("b", host)])).size).toBe(1600);
});

describe("a cohort's hash", () => {
  const cohort = fc.record(
    { site: fc.string(), hardware: fc.string(), storage: fc.string(), xen_version: fc.string() },
    { requiredKeys: [] },
  );

  test("is the same however the attributes are ordered", () => {
    expect(cohortHash({ site: "a", storage: "b" })).toBe(cohortHash({ storage: "b", site: "a" }));
  });

  test("tells what was said from what was not, and one attribute from another", () => {
    const hashes = [{}, { site: "" }, { site: "null" }, { hardware: "a" }, { site: "a" }, { site: 'a","b' }].map(
      cohortHash,
    );
    expect(new Set(hashes).size).toBe(6);
    fc.assert(
      fc.property(cohort, cohort, (one, other) => {
        const isSame = JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
        expect(cohortHash(one) === cohortHash(other)).toBe(isSame);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

test("names with colons, slashes, blanks and any script go into keys and come back out of them", async () => {
  const table = await engine.newTable();
  const strata = ["v1/2G/8k/16:1000:0/64", "v2/-/-/16:link", "v2/8G/?/-", "v1/2G/8k/16"];
  const hosts = ["a:b/c", "dom0 é 测试", "*", "~", "h".repeat(250)];
  const added = hosts.flatMap((host, h) =>
    strata.flatMap((stratum, s) =>
      (["loop", "blktap2"] as const).map((backend, b) =>
        newRun({ host, stratum, backend, number: 100 * h + 10 * s + b, rates: { putc: 1000 + h + s + b } }),
      ),
    ),
  );
  await makeRunStore(table).add(added);
  await aggregateAll(table, "default");
  const { views } = await (await makeCellStore(table).open({ fleet: "default", periods: ["all"], filters: {} })).read(
    "pair",
    "blktap2:loop",
  );
  expect([...views.trusted.keys()]).toEqual(["ALL", ...strata.toSorted()]);
  expect([...views.trusted.values()].map(({ cell }) => cell.hosts)).toEqual([5, 5, 5, 5, 5]);
  for (const host of hosts) {
    const { items } = await makeRunStore(table).list("default", { host, limit: 100 });
    expect(items.map((run) => run.host)).toEqual(new Array(8).fill(host));
  }
  expect((await audit(table)).differences).toEqual([]);
});
