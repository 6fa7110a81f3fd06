// GET /v1/hosts and /v1/hosts/{host}: what is known of each host, whatever it is called.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostEntry, HostProfile } from "../../../shared/compare/host.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

interface Hosts {
  readonly hosts: readonly HostEntry[];
  readonly cursor: string | null;
}

let engine: TestEngine;
let service: TestService;

/** Names that a path, a key or an order may stumble over, in the order of their bytes. */
const NAMES = [
  "%2F",
  "-",
  "..x",
  "a b",
  "a#b",
  "a/b",
  "a?b=c&d",
  "dom0-1",
  "dom0-10",
  "dom0-2",
  "web",
  "web.json",
  "web.md",
  "z".repeat(255),
  "é",
  "\uffee",
  "😀",
];

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  const lines = NAMES.flatMap((name, index) => [
    `# host: ${name}`,
    `# site: ${index % 2 === 0 ? "fra" : "ams"}`,
    "# backend: loop",
    // Block writes 80 000, 81 500, 83 000 ... K/s: apart from each other by more than a bin.
    BLKTAP.replace("93549", String(80_000 + 1_500 * index)),
    "# backend: phy",
    // 30 % faster than on loop, and on the last host 60 %.
    BLKTAP.replace("93549", String((80_000 + 1_500 * index) * (index === NAMES.length - 1 ? 1.6 : 1.3))),
  ]);
  await jsonOf(service.post(lines.join("\n"), "", asJson), 201);
  await jsonOf(
    service.post(`# host: web\n# backend: loop\n${LOOP}\n# backend: loop\n# host: gone\n${LOOP}`, "", asJson),
    201,
  );
  await service.aggregate();
  const { runs } = await jsonOf<{ runs: { id: string }[] }>(service.send("/v1/runs?host=gone"), 200);
  await service.send(`/v1/runs/${runs[0]?.id}`, { method: "DELETE" });
  await service.aggregate();
  await jsonOf(service.post(`# backend: qdisk\n# host: new\n${LOOP}`, "", asJson), 201);
});
afterAll(() => engine.stop());

const list = (query: string) => jsonOf<Hosts>(service.send(`/v1/hosts${query}`), 200);
const profile = (name: string) => jsonOf<HostProfile>(service.send(`/v1/hosts/${encodeURIComponent(name)}`), 200);

describe("200, the list", () => {
  test.each([1, 2, 5, 16, 17, 18, 100])("pages of %d hold every host once, in order", async (limit) => {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Hosts = await list(`?limit=${limit}${cursor === null ? "" : `&cursor=${cursor}`}`);
      expect(page.hosts.length).toBeLessThanOrEqual(limit);
      expect(page.hosts.length).toBeGreaterThan(0);
      found.push(...page.hosts.map(({ host }) => host));
      cursor = page.cursor;
    } while (cursor !== null);
    // A host whose only run was withdrawn, and one that is not counted yet, are not there.
    expect(found).toEqual(NAMES);
  });

  test("says what a host has: backends, strata, runs, cached rules, attributes, and where to ask for more", async () => {
    const { hosts } = await list("");
    expect(hosts.find(({ host }) => host === "web")).toEqual({
      host: "web",
      url: "/v1/hosts/web",
      backends: ["loop", "phy"],
      strata: ["v1/2G/8k/16"],
      runs: 3,
      cached: { loop: ["C1", "C2"] },
      cohort: { site: "fra", storage: "file" },
      last_at: "2026-11-22T10:00:00.000Z",
      silent: false,
    });
    for (const { host, url } of hosts) expect((await jsonOf<HostProfile>(service.send(url), 200)).host).toBe(host);
  });

  test("as text: at most 100 columns, and how to ask for more", async () => {
    const text = await textOf(service.send("/v1/hosts.txt?limit=5"), 200);
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    expect(text).toContain("cursor=");
    expect(text).toMatch(/^a b +2026-11-22 10:00:00 UTC +2 +loop phy +v1\/2G\/8k\/16 +- +site=ams storage=file$/m);
  });

  test("another fleet sees none of them", async () => {
    const token = await service.token({ scope: "read", fleet: "other" });
    expect(await jsonOf(service.send("/v1/hosts", { token }), 200)).toEqual({
      order: "name",
      hosts: [],
      cursor: null,
    });
    await jsonOf(service.send("/v1/hosts/web", { token }), 404);
  });
});

describe("200, one host", () => {
  test("its values in both views: what a cache answered is in `all` and not in `trusted`", async () => {
    const { backends, pending, cohort } = await profile("web");
    expect({ pending, cohort }).toEqual({ pending: false, cohort: { site: "fra", storage: "file" } });
    const loop = backends.find(({ backend }) => backend === "loop");
    expect(loop).toMatchObject({ stratum: "v1/2G/8k/16", runs: 2, cached: ["C1", "C2"] });
    // Block reads 131 645 and, from a cache, 937 880: the median of two is their geometric mean.
    expect(loop?.trusted.get_block?.low).toBeCloseTo(131_645, -2);
    expect(loop?.all.get_block).toMatchObject({ relation: "=", runs: 2, exact_runs: 2 });
    expect(loop?.all.get_block?.low).toBeCloseTo(Math.sqrt(131_645 * 937_880), -3);
    // Two block writes, 18 075 and 95 000: the sd of two values is their distance over sqrt(2).
    expect(loop?.all.put_block?.run_sd_log).toBeCloseTo(Math.log(95_000 / 18_075) / Math.SQRT2, 3);
    // Too fast to measure on all runs: a bound.
    expect(loop?.all.seq_stat).toMatchObject({ relation: ">=", high: null, exact_runs: 0, run_sd_log: null });
  });

  test("its ratios, the later backend over the earlier, and no ratio where a side is missing", async () => {
    const { ratios } = await profile("dom0-1");
    expect(ratios).toHaveLength(1);
    expect(ratios[0]).toMatchObject({ baseline: "loop", candidate: "phy", stratum: "v1/2G/8k/16" });
    expect(ratios[0]?.trusted.put_block?.relation).toBe("=");
    expect(ratios[0]?.trusted.put_block?.low).toBeCloseTo(1.3, 3);
    expect(ratios[0]?.trusted.seq_stat).toMatchObject({ low: null, high: null, relation: "unknown" });
  });

  test("where it stands: hosts certainly below and above it, ties on neither side", async () => {
    const fifth = await profile(NAMES[5] ?? "");
    // Five come before it in the list; the second run of "web", which comes behind it, makes that one the slowest of all.
    expect(fifth.backends[0]?.trusted.put_block?.standing).toEqual({ hosts: 17, below: 6, above: 10 });
    expect(fifth.ratios[0]?.trusted.put_block?.standing).toEqual({ hosts: 17, below: 0, above: 2 });
    expect(fifth.backends[0]?.trusted.putc?.standing).toEqual({ hosts: 17, below: 1, above: 0 });
    const last = await profile(NAMES[16] ?? "");
    expect(last.ratios[0]?.trusted.put_block?.standing).toEqual({ hosts: 17, below: 15, above: 1 });
  });

  test("a host not counted yet is there, pending, without numbers", async () => {
    expect(await profile("new")).toMatchObject({ host: "new", pending: true, backends: [], ratios: [] });
  });

  test("a name that ends like a format is a name if there is such a host, and a format if not", async () => {
    const text = { headers: { Accept: "text/plain" } };
    expect((await jsonOf<HostProfile>(service.send("/v1/hosts/web.md"), 200)).host).toBe("web.md");
    expect((await jsonOf<HostProfile>(service.send("/v1/hosts/web.json"), 200)).host).toBe("web.json");
    expect((await jsonOf<HostProfile>(service.send("/v1/hosts/web.json.json"), 200)).host).toBe("web.json");
    expect(await textOf(service.send("/v1/hosts/web.md", text), 200)).toMatch(/^Host web\.md$/m);
    expect(await textOf(service.send("/v1/hosts/web.txt"), 200)).toMatch(/^Host web$/m);
    expect((await jsonOf<HostProfile>(service.send("/v1/hosts/dom0-1.json"), 200)).host).toBe("dom0-1");
  });

  test("as text: at most 100 columns, values, ratios and what is not trusted", async () => {
    for (const name of NAMES) {
      const text = await textOf(service.send(`/v1/hosts/${encodeURIComponent(name)}.txt`), 200);
      for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    }
    const text = await textOf(service.send("/v1/hosts/web.txt"), 200);
    expect(text).toMatch(/^phy vs loop, stratum v1\/2G\/8k\/16: above 1, phy is faster$/m);
    expect(text).toContain("reads probably cached by C1, C2");
    expect(text).toMatch(/^get_block .*trusted runs only: 131 \d\d\d$/m);
  });
});

describe("refused", () => {
  test.each(["nobody", "gone", "%00", "x".repeat(256), "%E0%A4%A", "x.csv.json"])("404: %.20s", async (name) => {
    const { error } = await jsonOf<Refusal>(service.send(`/v1/hosts/${name}`), 404);
    expect(error.code).toBe("not_found");
  });

  test.each(["?limit=0", "?limit=101", "?cursor=", "?cursor=*", `?cursor=${"A".repeat(1_401)}`, "?host=web"])(
    "400: %.20s",
    async (query) => {
      const { error } = await jsonOf<Refusal>(service.send(`/v1/hosts${query}`), 400);
      expect(error.code).toBe("bad_parameter");
    },
  );
});
