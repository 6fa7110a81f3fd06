import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readUpload } from "../../../functions/service/upload/upload.ts";
import { type FleetPlan, PLAIN_FLEET, RELEASES, sameRatio } from "../../../local/demo/fleet-plan.ts";
import { generateFleet } from "../../../local/demo/generated-fleet.ts";
import { readBonnie } from "../../../shared/bonnie/reader.ts";
import { addCell, type Cell, emptyCell } from "../../../shared/cells/cell.ts";
import { contributions, pairName } from "../../../shared/cells/contribution.ts";
import { computeCohort, summarize } from "../../../shared/cells/host-values.ts";
import { toSample } from "../../../shared/cells/sample.ts";
import { compare } from "../../../shared/compare/compare.ts";
import { type Merged, mergePeriods } from "../../../shared/compare/merged-cells.ts";
import type { Backend } from "../../../shared/run/backends.ts";
import { METRIC_NAMES, type MetricName } from "../../../shared/run/metrics.ts";
import type { Run } from "../../../shared/run/run.ts";

const ALL_RELEASES: FleetPlan = { ...PLAIN_FLEET, releases: RELEASES };

/** The runs that an ingest would make of an upload; any issue fails the test. */
function runsOf(body: string): Run[] {
  const reading = readBonnie(body);
  expect(reading.entries.filter(({ kind }) => kind === "issue")).toEqual([]);
  expect(reading.ignored).toEqual({ blank: 0, header: 0, comment: 0, table: 0, other: 0 });
  const envelope = {
    fleet: "f",
    receivedAt: "2026-12-31T00:00:00.000Z",
    encoding: "utf-8",
    parameters: {},
    sentBy: null,
  } as const;
  return readUpload(reading, envelope).runs.map(({ run }) => run);
}

const runsOfFleet = (plan: FleetPlan): Run[][] => [...generateFleet(plan)].map(({ body }) => runsOf(body));

/** The fleet's comparison by the pure way: samples, summaries, contributions, cells. */
function comparisonOf(plan: FleetPlan, candidate: Backend) {
  const cells = new Map<string, Map<string, Cell>>();
  for (const { host, body } of generateFleet(plan)) {
    for (const { view, kind, name, scope, cell } of contributions(summarize(host, runsOf(body).map(toSample)))) {
      if (view !== "trusted") continue;
      const scopes = cells.get(`${kind} ${name}`) ?? new Map<string, Cell>();
      const sum = scopes.get(scope) ?? emptyCell();
      addCell(sum, cell);
      cells.set(`${kind} ${name}`, scopes.set(scope, sum));
    }
  }
  const merged = (kind: string, name: string): Map<string, Merged> =>
    new Map([...(cells.get(`${kind} ${name}`) ?? [])].map(([scope, cell]) => [scope, mergePeriods([cell])]));
  const { baseline } = plan;
  return compare({
    query: { baseline, candidate, periods: ["all"], view: "trusted", filters: {}, margin: 0.03, metrics: [] },
    asOf: null,
    pendingHosts: 0,
    pair: merged("pair", pairName(baseline, candidate)),
    baselineValues: merged("backend", baseline),
    candidateValues: merged("backend", candidate),
    pairAsReported: null,
  }).fleet.metrics;
}

describe("a generated line is one that Bonnie++ could have printed", () => {
  test.each([
    ["1.03", 27],
    ["1.96", 48],
    ["2.00a", 50],
  ] as const)("%s has %i fields, and every line reads back without issue or warning", (release, fields) => {
    for (const [fileMib, fileThousands] of [
      [8192, 128],
      [64, 16],
      [2, 1],
    ] as const) {
      const plan = {
        ...PLAIN_FLEET,
        hosts: 20,
        releases: [release],
        fileMib,
        fileThousands,
        cachedHosts: 5,
        wildShare: 0.2,
      };
      for (const run of runsOfFleet(plan).flat()) {
        expect(run.raw.split(",")).toHaveLength(fields);
        expect(run.warnings).toEqual([]);
      }
    }
  });

  test("the same seed gives the same bytes on every machine, so that figures can be compared over years", () => {
    const plan = { ...ALL_RELEASES, seed: 7, hosts: 3, runs: 1, candidates: [] };
    expect([...generateFleet(plan)].map(({ body }) => body.split("\n").at(-2))).toMatchInlineSnapshot(`
      [
        "vm1,8G,25401,91,80648,26,37618,8,32349,81,116606,20,182.0,15,128,24474,38,+++++,+++,72279,23,24522,6,+++++,+++,56742,40",
        "1.96,1.96,vm2,1,1760986275,8G,,4780,92,133925,22,57849,10,+++++,+++,195517,40,334.6,33,128,,,,,45014,21,+++++,+++,132277,8,46752,41,+++++,+++,113497,33,214ms,47473us,198ms,5001us,26776us,240ms,35354us,2437us,1000us,1005us,3711us,115ms",
        "1.98,2.00a,vm3,1,1760884190,8G,,8192,5,1268,96,41148,39,19625,29,1729,87,64326,31,96.7,4,128,,,,,14339,35,+++++,+++,33899,32,11959,25,+++++,+++,24637,24,28155us,42374us,11496us,4425us,390ms,122ms,387ms,2742us,69108us,3460us,3662us,280ms",
      ]
    `);
    const whole = [...generateFleet({ ...ALL_RELEASES, seed: 7, hosts: 50, wildShare: 0.1, cachedHosts: 3 })];
    const hash = createHash("sha256").update(whole.map(({ body }) => body).join(""));
    expect(hash.digest("hex")).toMatchInlineSnapshot(
      `"08a5a78da6514d0522c23af37af4990bd2e7b829cfacc3e7b62befbcfa6f7fd8"`,
    );
  });

  test("the first hosts of a fleet of ten million are generated at once, and equal the hosts of a small fleet", () => {
    const large = generateFleet({ ...ALL_RELEASES, hosts: 10_000_000 });
    const first = Array.from({ length: 4 }, () => large.next().value);
    expect(first).toEqual([...generateFleet({ ...ALL_RELEASES, hosts: 4 })]);
  });
});

describe("the fleet is what its plan says", () => {
  test("every host has all its runs on every backend in every month, each at its own time", () => {
    const candidates = (["blktap2", "qdisk"] as const).map((backend) => ({ backend, trueRatio: sameRatio(1) }));
    const plan = { ...PLAIN_FLEET, hosts: 2, runs: 4, months: 3, candidates };
    for (const [index, upload] of [...generateFleet(plan)].entries()) {
      const runs = runsOf(upload.body);
      expect(upload.results).toBe(runs.length);
      expect(new Set(runs.map(({ id }) => id)).size).toBe(36);
      expect(new Set(runs.map(({ host }) => host))).toEqual(new Set([`gen-dom0-00000${index + 1}`]));
      for (const backend of ["loop", "blktap2", "qdisk"]) {
        for (const month of ["2026-11", "2026-12", "2027-01"]) {
          const those = runs.filter((run) => run.backend === backend && run.finished_at.startsWith(month));
          expect(new Set(those.map(({ finished_at }) => finished_at)).size).toBe(4);
        }
      }
    }
  });

  test("a thousand runs a month stay within their month", () => {
    const runs = runsOfFleet({ ...PLAIN_FLEET, hosts: 1, runs: 500 }).flat();
    expect(runs.every(({ finished_at }) => finished_at.startsWith("2026-11"))).toBe(true);
  });

  test("50 combinations of attributes are 50 cohorts of equal size", () => {
    const plan = {
      ...PLAIN_FLEET,
      hosts: 100,
      runs: 1,
      cohortValues: { site: 5, hardware: 5, storage: 2, xen_version: 0 },
    };
    const cohorts = new Map<string, number>();
    for (const runs of runsOfFleet(plan)) {
      const key = JSON.stringify(computeCohort(summarize("h", runs.map(toSample))));
      cohorts.set(key, (cohorts.get(key) ?? 0) + 1);
    }
    expect(cohorts.size).toBe(50);
    expect(new Set(cohorts.values())).toEqual(new Set([2]));
  });

  test("small files make tests too fast to measure, large ones hardly any", () => {
    const share = (plan: Partial<FleetPlan>, name: MetricName) => {
      const runs = runsOfFleet({ ...ALL_RELEASES, hosts: 60, ...plan }).flat();
      return runs.filter(({ metrics }) => metrics[name]?.censored === true).length / runs.length;
    };
    for (const name of ["put_block", "get_block"] as const) {
      expect(share({ fileMib: 16 }, name)).toBeGreaterThan(0.9);
      expect(share({}, name)).toBe(0);
    }
    expect(share({ fileThousands: 16 }, "seq_stat")).toBe(1);
    expect(share({ fileThousands: 4096 }, "seq_stat")).toBe(0);
  });
});

test("a comparison finds the true ratios, with heavy tails and all releases mixed", () => {
  const trueRatio = {
    ...sameRatio(1),
    putc: 1.2,
    put_block: 2.1,
    rewrite: 1.4,
    seeks: 0.6,
    seq_stat: 1.3,
    ran_delete: 0.7,
  };
  const candidates = [{ backend: "blktap2", trueRatio }] as const;
  const plan = {
    ...ALL_RELEASES,
    seed: 3,
    hosts: 600,
    runs: 3,
    candidates,
    fileThousands: 4096,
    wildShare: 0.1,
    runNoise: 0.08,
  };
  const metrics = comparisonOf(plan, "blktap2");
  // The median of n hosts has a standard error of 1.2533 sd / sqrt(n). sd: 0.1 between hosts and at most 0.08 sqrt(2) of
  // noise in the ratio of two medians of three runs, together below 0.16, plus a tenth of the hosts spreading wider: 0.2.
  const allowed = 4 * ((1.2533 * 0.2) / Math.sqrt(600));
  for (const name of METRIC_NAMES) {
    const { ratio, hosts } = metrics[name] ?? { ratio: { low: null, high: null, relation: "unknown" }, hosts: 0 };
    expect(hosts).toBe(600);
    // Character tests of later releases can be too fast to measure on fast disks: then the ratio is only known to lie between.
    if (name !== "putc" && name !== "getc") expect(ratio.relation, name).toBe("=");
    expect(Math.log(ratio.low ?? 0) - allowed, name).toBeLessThan(Math.log(trueRatio[name]));
    expect(Math.log(ratio.high ?? Number.POSITIVE_INFINITY) + allowed, name).toBeGreaterThan(Math.log(trueRatio[name]));
  }
});

test("no honest run is judged cached, and every cached one is, on the baseline only", () => {
  const plan = {
    ...ALL_RELEASES,
    seed: 4,
    hosts: 600,
    hostSpread: 0.3,
    runNoise: 0.08,
    wildShare: 0.1,
    cachedHosts: 60,
  };
  for (const [index, runs] of runsOfFleet(plan).entries()) {
    for (const { backend, quality } of runs) {
      const isCached = index < 60 && backend === "loop";
      expect(/^(probably-)?cached$/.test(quality.verdict), `host ${index} ${backend}: ${quality.verdict}`).toBe(
        isCached,
      );
    }
  }
});
