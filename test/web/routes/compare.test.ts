// GET /v1/compare over the whole way: posted lines, aggregated cells, the answer.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import type { MetricName } from "../../../shared/run/metrics.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
/** The two lines of the seed, on one host. */
let seed: TestService;
/** Twelve hosts with a loop and a phy run each, in two sites; see `beforeAll`. */
let fleet: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  seed = await makeTestService(await engine.newTable());
  await jsonOf(seed.post(`# backend: loop\n${LOOP}\n# backend: blktap\n${BLKTAP}\n`, "", asJson), 201);
  await seed.aggregate();

  fleet = await makeTestService(await engine.newTable());
  const lines = Array.from({ length: 12 }, (_, index) => [
    `# host: dom0-${index}`,
    `# site: ${index < 9 ? "fra" : "ams"}`,
    `# hardware: ${index % 2 === 0 ? "r640" : "r750"}`,
    `# xen_version: ${index < 4 ? "4.14.6" : "4.17.2"}`,
    "# storage: lvm",
    // Hosts 0 to 8 in November, 9 to 11 in August of the year before.
    `# finished: ${index < 9 ? "2026-11-15T00:00:00Z" : "2025-08-15T00:00:00Z"}`,
    "# backend: loop",
    BLKTAP,
    "# backend: phy",
    // Block write 1.8 times as fast on every host.
    BLKTAP.replace("93549", "168388"),
  ]).flat();
  await jsonOf(fleet.post(lines.join("\n"), "", asJson), 201);
  await fleet.aggregate();
});
afterAll(() => engine.stop());

const compare = (service: TestService, query: string) => jsonOf<Comparison>(service.send(`/v1/compare?${query}`), 200);
const within = (value: number | null | undefined, expected: number, relative = 0.003) =>
  expect(Math.abs((value ?? Number.NaN) / expected - 1), `${value} against ${expected}`).toBeLessThanOrEqual(relative);

describe("200: the seed, one host with one run on each backend", () => {
  test("writes: blktap 2.72 and 5.18 times as fast, and no verdict on one host", async () => {
    const { fleet, candidate, runs, pending_hosts } = await compare(seed, "baseline=loop&candidate=blktap");
    expect([candidate, runs, pending_hosts]).toEqual(["blktap1", 2, 0]);
    for (const [name, ratio] of [
      ["putc", 69_438 / 25_511],
      ["put_block", 93_549 / 18_075],
    ] as const) {
      const metric = fleet.metrics[name];
      expect(metric?.ratio.relation).toBe("=");
      within(metric?.ratio.low, ratio);
      expect(metric).toMatchObject({ hosts: 1, verdict: "inconclusive", reason: "too_few_hosts", ci: null, p: null });
      expect(metric?.flags).toContain("single_host");
    }
  });

  test("reads: the loop run is probably cached by C1 and C2, so nothing is ranked; as reported they stand beside", async () => {
    const { fleet, cached, as_reported } = await compare(seed, "baseline=loop&candidate=blktap");
    for (const name of ["rewrite", "getc", "get_block", "seeks"] as const) {
      expect(fleet.metrics[name]).toMatchObject({ hosts: 0, verdict: "not comparable", reason: "no_paired_hosts" });
    }
    expect(cached.loop).toEqual({ hosts: 1, rules: expect.arrayContaining(["C1", "C2"]) });
    within(as_reported.rewrite?.ratio.low, 38_118 / 199_488); // 0.191
    within(as_reported.getc?.ratio.low, 54_955 / 71_094); // 0.773
    within(as_reported.get_block?.ratio.low, 131_645 / 937_880); // 0.140
    // 249.1 / 16384 = 0.0152, and half a bin on the safe side.
    expect(as_reported.seeks?.ratio).toMatchObject({ low: null, relation: "<=" });
    within(as_reported.seeks?.ratio.high, 0.0153, 0.006);
    expect(Object.keys(as_reported)).toEqual(["rewrite", "getc", "get_block", "seeks"]);
  });

  test("files: create has an upper bound of 0.90, the other five were too fast on both sides", async () => {
    const { metrics } = (await compare(seed, "baseline=loop&candidate=blktap")).fleet;
    expect(metrics.seq_create?.ratio).toMatchObject({ low: null, relation: "<=" });
    within(metrics.seq_create?.ratio.high, 29_488 / 32_768, 0.005);
    for (const name of ["seq_stat", "seq_delete", "ran_create", "ran_stat", "ran_delete"] as const) {
      expect(metrics[name]).toMatchObject({ hosts: 1, verdict: "not comparable", reason: "too_fast_on_both" });
      expect(metrics[name]?.ratio).toEqual({ low: null, high: null, relation: "unknown" });
    }
  });

  test("view all ranks everything as it was reported", async () => {
    const all = await compare(seed, "baseline=loop&candidate=blktap&view=all");
    const trusted = await compare(seed, "baseline=loop&candidate=blktap");
    expect([all.view, trusted.view, all.as_reported]).toEqual(["all", "trusted", {}]);
    for (const name of ["rewrite", "getc", "get_block", "seeks"] as const) {
      expect(all.fleet.metrics[name]?.ratio).toEqual(trusted.as_reported[name]?.ratio);
    }
  });

  test("swapped, every ratio is its mirror image", async () => {
    const there = await compare(seed, "baseline=loop&candidate=blktap1&view=all");
    const back = await compare(seed, "baseline=blktap1&candidate=loop&view=all");
    const names = Object.keys(there.fleet.metrics) as MetricName[]; // Keys of a record of metrics.
    expect(names).toHaveLength(12);
    for (const name of names) {
      const [one, other] = [there.fleet.metrics[name]?.ratio, back.fleet.metrics[name]?.ratio];
      for (const [side, opposite] of [
        ["low", "high"],
        ["high", "low"],
      ] as const) {
        if (one?.[side] === null) expect(other?.[opposite]).toBeNull();
        else within((one?.[side] ?? 0) * (other?.[opposite] ?? 0), 1, 1e-12);
      }
    }
    expect(back.fleet.metrics.putc).toMatchObject({ faster_hosts: 0, slower_hosts: 1 });
  });

  test("aliases and any case stand for their backend", async () => {
    const slugs = await compare(seed, "baseline=loop&candidate=blktap1");
    for (const query of [
      "baseline=file&candidate=blktap",
      "baseline=LOOP&candidate=tap%3Aaio",
      "baseline=Loop&candidate=TAP-AIO%3A",
    ]) {
      expect(await compare(seed, query)).toEqual(slugs);
    }
  });

  test("metric, repeated, reports those only, in registry order", async () => {
    const { fleet, strata } = await compare(
      seed,
      "baseline=loop&candidate=blktap1&metric=seq_create&metric=putc&metric=putc",
    );
    expect(Object.keys(fleet.metrics)).toEqual(["putc", "seq_create"]);
    expect(Object.keys(strata["v1/2G/8k/16"]?.metrics ?? {})).toEqual(["putc", "seq_create"]);
  });

  test("backends nobody has measured, or only one side of, answer with nothing found", async () => {
    const { fleet, runs, as_of } = await compare(seed, "baseline=phy&candidate=qdisk");
    expect([runs, as_of, fleet.metrics.putc?.reason]).toEqual([0, null, "no_paired_hosts"]);
    expect((await compare(seed, "baseline=loop&candidate=phy")).fleet.metrics.putc?.hosts).toBe(0);
  });

  test("another fleet sees none of it", async () => {
    const token = await seed.token({ scope: "read", fleet: "other" });
    const other = await jsonOf<Comparison>(seed.send("/v1/compare?baseline=loop&candidate=blktap", { token }), 200);
    expect([other.runs, other.as_of]).toEqual([0, null]);
  });

  test("as text: at most 100 columns, the ratios, the verdict and the warning in words", async () => {
    for (const answer of [
      seed.send("/v1/compare.txt?baseline=loop&candidate=blktap"),
      seed.send("/v1/compare?baseline=loop&candidate=blktap", { headers: { Accept: "text/plain" } }),
    ]) {
      const text = await textOf(answer, 200);
      for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
      expect(text).toMatch(/put_block .*5\.1\d .*undecided/);
      expect(text).toMatch(/putc .*2\.7\d .*undecided/);
      expect(text).toContain("single_host");
      expect(text).toMatch(/C1, C2/);
      expect(text).not.toMatch(/[^\n\P{Cc}]/u);
    }
  });
});

describe("200: periods and filters", () => {
  const hostsOf = async (query: string) =>
    (await compare(fleet, `baseline=loop&candidate=phy${query}`)).fleet.metrics.put_block?.hosts;

  test("twelve hosts with a faster block write are a verdict", async () => {
    const { put_block, putc } = (await compare(fleet, "baseline=loop&candidate=phy")).fleet.metrics;
    within(put_block?.ratio.low, 1.8);
    expect(put_block).toMatchObject({ hosts: 12, faster_hosts: 12, verdict: "faster" });
    expect(putc).toMatchObject({ hosts: 12, verdict: "equivalent" });
  });

  test.each([
    ["", 12],
    ["&period=all", 12],
    ["&period=2026", 9],
    ["&period=2026-Q4", 9],
    ["&period=2026-11", 9],
    ["&period=2025-Q3", 3],
    ["&period=2025-08", 3],
    ["&period=2026-10", 0],
    // Months of different hosts add up.
    ["&period=2025-08,2026-11", 12],
    ["&period=2025,2026", 12],
    ["&period=2025-08,2025-08", 3],
    ["&site=fra", 9],
    ["&site=ams", 3],
    ["&site=fra&site=ams", 12],
    ["&site=nowhere", 0],
    ["&site=FRA", 0],
    ["&hardware=r640", 6],
    ["&site=fra&hardware=r640", 5],
    ["&xen_version=4.14.6", 4],
    ["&xen_version=4.14.6&xen_version=4.17.2", 12],
    ["&storage=lvm", 12],
    ["&storage=nvme", 0],
    ["&period=2026&site=ams", 0],
    ["&period=2025&site=ams&hardware=r750", 2],
  ])("%s: %d hosts", async (query, hosts) => {
    expect(await hostsOf(query)).toBe(hosts);
  });

  test("the answer repeats the question", async () => {
    const { periods, filters, margin, view } = await compare(
      fleet,
      "baseline=loop&candidate=phy&period=2026-11,2025-08&site=fra&site=ams&storage=lvm&margin=0.1&view=all",
    );
    expect({ periods, filters, margin, view }).toEqual({
      periods: ["2026-11", "2025-08"],
      filters: { site: ["fra", "ams"], storage: ["lvm"] },
      margin: 0.1,
      view: "all",
    });
  });

  test("the margin decides what is equivalent", async () => {
    const verdictAt = async (margin: string) =>
      (await compare(fleet, `baseline=loop&candidate=phy&margin=${margin}`)).fleet.metrics.put_block?.verdict;
    expect(await verdictAt("0.5")).toBe("faster");
    expect(await verdictAt("1")).toBe("equivalent");
  });

  test("a filter of 200 characters still makes text of 100 columns", async () => {
    const text = await textOf(fleet.send(`/v1/compare.txt?baseline=loop&candidate=phy&site=${"s".repeat(200)}`), 200);
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
  });
});

describe("400: a bad parameter is named, with what was found", () => {
  test.each([
    ["candidate=phy", "baseline"],
    ["baseline=loop", "candidate"],
    ["baseline=&candidate=phy", "baseline"],
    ["baseline=loop&candidate=nonsense", "candidate: expected a backend such as loop"],
    ["baseline=nonsense&candidate=phy", 'an alias of one of them, found "nonsense"'],
    ["baseline=loop&candidate=loop", "both loop"],
    ["baseline=loop&candidate=file", "both loop"],
    ["baseline=loop&baseline=phy&candidate=phy", "baseline: given 2 times"],
    [`baseline=loop&candidate=${"c".repeat(10_000)}`, "candidate"],
    ["baseline=loop&candidate=phy&period=", "period"],
    ["baseline=loop&candidate=phy&period=2026-13", '"2026-13"'],
    ["baseline=loop&candidate=phy&period=2026-Q5", "period"],
    ["baseline=loop&candidate=phy&period=2026,", "period"],
    ["baseline=loop&candidate=phy&period=latest", "period"],
    [
      `baseline=loop&candidate=phy&period=${Array.from({ length: 61 }, (_, index) => 2000 + index).join(",")}`,
      "period",
    ],
    ["baseline=loop&candidate=phy&view=ALL", '"ALL"'],
    ["baseline=loop&candidate=phy&margin=0", "margin"],
    ["baseline=loop&candidate=phy&margin=-0.1", "margin"],
    ["baseline=loop&candidate=phy&margin=2", "margin"],
    ["baseline=loop&candidate=phy&margin=NaN", "margin"],
    ["baseline=loop&candidate=phy&margin=", "margin"],
    ["baseline=loop&candidate=phy&margin=3%25", '"3%"'],
    ["baseline=loop&candidate=phy&metric=speed", '"speed"'],
    ["baseline=loop&candidate=phy&metric=constructor", "metric"],
    ["baseline=loop&candidate=phy&site=", "site"],
    [`baseline=loop&candidate=phy&site=${"s".repeat(201)}`, "site"],
    [`baseline=loop&candidate=phy${"&site=x".repeat(101)}`, "site"],
    ["baseline=loop&candidate=phy&label.rack=1", "label.rack"],
    ["baseline=loop&candidate=phy&Site=fra", "Site"],
    ["baseline=loop&candidate=phy&__proto__=x", "__proto__"],
  ])("%.60s", async (query, words) => {
    const { error } = await jsonOf<Refusal>(seed.send(`/v1/compare?${query}`), 400);
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toContain(words);
    expect(error.message.length).toBeLessThan(400);
  });
});
