// GET /v1/backends: each backend on its own (statistics.md, section 5), with numbers that can be derived by hand.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AllBackends } from "../../../shared/compare/backends.ts";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  // Eleven hosts, block writes 100 000, 102 000 ... 120 000 K/s on phy, one run each; host 0 also on loop, from a cache.
  const lines = Array.from({ length: 11 }, (_, index) => [
    `# host: h${index}`,
    `# site: ${index < 7 ? "fra" : "ams"}`,
    `# finished: ${index < 7 ? "2026-11-15T00:00:00Z" : "2025-08-15T00:00:00Z"}`,
    "# backend: phy",
    BLKTAP.replace("93549", String(100_000 + 2_000 * index)),
  ]).flat();
  await jsonOf(service.post(lines.join("\n"), "", asJson), 201);
  await jsonOf(service.post(`# backend: loop\n# host: h0\n${LOOP}`, "", asJson), 201);
  await service.aggregate();
});
afterAll(() => engine.stop());

const STRATUM = "v1/2G/8k/16";
const backends = (query = "") => jsonOf<AllBackends>(service.send(`/v1/backends${query}`), 200);

describe("200", () => {
  test("medians, quantiles and counts of every backend that has results, and of no other", async () => {
    const { backends: found, as_of, pending_hosts, periods, view } = await backends();
    expect({ as_of, pending_hosts, periods, view }).toEqual({
      as_of: "2026-11-22T10:00:00.000Z",
      pending_hosts: 0,
      periods: ["all"],
      view: "trusted",
    });
    expect(Object.keys(found)).toEqual(["loop", "phy"]);
    expect(found.phy).toMatchObject({ hosts: 11, runs: 11, cached: { hosts: 0, rules: [] } });
    expect(found.loop).toMatchObject({ hosts: 1, runs: 1, cached: { hosts: 1, rules: ["C1", "C2"] } });
    const value = found.phy?.strata[STRATUM]?.put_block;
    expect(value).toMatchObject({ hosts: 11, runs: 11, censored_hosts: 0, single_run_hosts: 11, run_sd_log: null });
    // The sixth of eleven is 110 000; a bin is half a per cent wide.
    expect(value?.median.relation).toBe("=");
    expect(Math.abs((value?.median.low ?? 0) / 110_000 - 1)).toBeLessThan(0.0026);
    // Hazen: the quantile p is at rank 11 p + 0.5, so 10 % at 1.6 and 90 % at 10.4.
    expect(Math.abs((value?.p10.low ?? 0) / 101_200 - 1)).toBeLessThan(0.0026);
    expect(Math.abs((value?.p90.low ?? 0) / 118_800 - 1)).toBeLessThan(0.0026);
    expect(value?.ci?.low).toBeLessThan(110_000);
    expect(value?.ci?.high).toBeGreaterThan(110_000);
    // Too fast to measure on every host: only the bound is known, half a bin to the safe side.
    expect(found.phy?.strata[STRATUM]?.seq_stat).toMatchObject({ censored_hosts: 11, geometric_mean: null });
    expect(found.phy?.strata[STRATUM]?.seq_stat?.median).toMatchObject({ relation: ">=", high: null });
  });

  test("are those of the comparison", async () => {
    const comparison = await jsonOf<Comparison>(service.send("/v1/compare?baseline=loop&candidate=phy"), 200);
    const { backends: found } = await backends();
    expect(found.phy?.strata).toEqual(comparison.backends.phy);
    expect(found.loop?.strata).toEqual(comparison.backends.loop);
  });

  test.each([
    ["", 11],
    ["?site=fra", 7],
    ["?site=ams&site=fra", 11],
    ["?site=nowhere", undefined],
    ["?period=2025", 4],
    ["?period=2025-08,2026-11", 11],
    ["?period=2024", undefined],
    ["?period=2026&site=ams", undefined],
  ])("%s: %s hosts on phy", async (query, hosts) => {
    expect((await backends(query)).backends.phy?.strata[STRATUM]?.put_block?.hosts).toBe(hosts);
  });

  test("reads from a cache are in view all only", async () => {
    const trusted = (await backends()).backends.loop?.strata[STRATUM];
    const all = (await backends("?view=all")).backends.loop?.strata[STRATUM];
    expect(Object.keys(trusted ?? {})).not.toContain("get_block");
    expect(all?.get_block?.hosts).toBe(1);
  });

  test("metric, repeated, reports those only, in registry order", async () => {
    const { backends: found } = await backends("?metric=seeks&metric=putc");
    expect(Object.keys(found.phy?.strata[STRATUM] ?? {})).toEqual(["putc", "seeks"]);
  });

  test("as text: at most 100 columns, a table for each stratum", async () => {
    const text = await textOf(service.send("/v1/backends.txt?view=all"), 200);
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    expect(text).toMatch(/^put_block +phy +11 +11 +1(09|10) \d\d\d /m);
    expect(text).toMatch(/^seq_stat +loop +1 +1 +>= 3\d \d\d\d +- /m);
    expect(text).toMatch(/^loop +1 +1 +on 1 host, by C1, C2$/m);
  });
});

test.each(["metric=speed", "period=latest", "view=ALL", "margin=0.1", "baseline=loop", "site="])(
  "400: %s",
  async (query) => {
    const { error } = await jsonOf<Refusal>(service.send(`/v1/backends?${query}`), 400);
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toContain(query.split("=")[0]);
  },
);
