import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bins } from "../../shared/cells/bins.ts";
import type { MetricCell } from "../../shared/cells/cell.ts";
import { contributions, pairName } from "../../shared/cells/contribution.ts";
import { type RunSample, type Sample, summarize, toTicks } from "../../shared/cells/host-values.ts";
import { type QuantityName, quantityIndex } from "../../shared/cells/quantities.ts";
import { hostsByBin } from "./histogram.ts";
import { find, randomHost } from "./hosts.ts";
import { plainSample, values } from "./random-samples.ts";

fc.configureGlobal({ seed: 20_261_101, numRuns: 50 });

/** A metric cell in short: bins as objects, without fields that are 0 or empty. */
function short(cell: MetricCell | null | undefined): object | null {
  if (!cell) return null;
  const entries = Object.entries(cell).map(([key, value]: [string, number | Bins]) =>
    typeof value === "number" ? ([key, value] as const) : ([key, value.counts.length && hostsByBin(value)] as const),
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== 0));
}

const exactly = (rate: number): Sample => ({ ticks: toTicks(rate), censored: false });
const above = (rate: number): Sample => ({ ticks: toTicks(rate), censored: true });

const SEED = [
  plainSample({
    id: "loop",
    backend: "loop",
    values: [
      ...[25511, 18075, 199488, 71094, 937880].map(exactly),
      above(16384),
      ...new Array<Sample>(6).fill(above(32768)),
    ],
  }),
  plainSample({
    id: "tap",
    backend: "blktap1",
    values: [
      ...[69438, 93549, 38118, 54955, 131645, 249.1, 29488].map(exactly),
      ...new Array<Sample>(5).fill(above(32768)),
    ],
  }),
];

/** The metric cell of `what` for a host with these samples. */
function metricOf(samples: readonly RunSample[], what: string, metric: QuantityName = "putc"): object | null {
  return short(find(contributions(summarize("h", samples)), what)?.cell.metrics[quantityIndex(metric)]);
}

describe("the two lines of the original blog post", () => {
  // The pair is stored as blktap1:loop, so d = loop - blktap1.
  it.each([
    // 1e4 ln 25511 = 101468.65, 1e4 ln 69438 = 111481.90: d = 101469 - 111482 = -10013, bin -200.26; s2 = 10013^2
    ["putc", { n: 1, nx: 1, neg: 1, s1: -10013, s2: 100_260_169, one: 1, runs: 2, x: { "-200": 1 } }],
    // 98022.85, 114462.41: d = 98023 - 114462 = -16439, bin -328.78
    ["put_block", { n: 1, nx: 1, neg: 1, s1: -16439, s2: 270_240_721, one: 1, runs: 2, x: { "-329": 1 } }],
    // 137513.77, 117878.64: d = 137514 - 117879 = 19635, bin 392.7: the page cache, not the disk
    ["get_block", { n: 1, nx: 1, pos: 1, s1: 19635, s2: 385_533_225, one: 1, runs: 2, x: { 393: 1 } }],
    // loop above 97040.61, blktap1 55178.54: d at least 97041 - 55179 = 41862, bin 837.24
    ["seeks", { n: 1, pos: 1, one: 1, runs: 2, l: { 837: 1 } }],
    // loop above 103972.08, blktap1 102917.39: d at least 103972 - 102917 = 1055, bin 21.1
    ["seq_create", { n: 1, pos: 1, one: 1, runs: 2, l: { 21: 1 } }],
    ["ran_delete", { n: 1, nb: 1, one: 1, runs: 2 }],
  ] as [QuantityName, object][])("give the pair cell of %s that is derived by hand", (metric, expected) => {
    expect(metricOf(SEED, "pair blktap1:loop v1/2G/8k/16", metric)).toEqual(expected);
    expect(metricOf(SEED, "pair blktap1:loop ALL", metric)).toEqual(expected);
  });

  it("give the value cells of each backend", () => {
    // 101469 / 50 = 2029.38; 101469^2 = 10295957961
    expect(metricOf(SEED, "backend loop v1/2G/8k/16")).toEqual({
      n: 1,
      nx: 1,
      s1: 101_469,
      s2: 10_295_957_961,
      one: 1,
      runs: 1,
      x: { 2029: 1 },
    });
    // 97041 / 50 = 1940.82
    expect(metricOf(SEED, "backend loop v1/2G/8k/16", "seeks")).toEqual({ n: 1, one: 1, runs: 1, l: { 1941: 1 } });
  });

  it("are one host, two runs, in each view: fleet, two backends with ALL and stratum, one pair with ALL and stratum", () => {
    const list = contributions(summarize("h", SEED));
    for (const view of ["trusted", "all"]) {
      const heads = list
        .filter((each) => each.view === view)
        .map(({ kind, name, scope, cell }) => `${kind} ${name} ${scope}: ${cell.hosts}, ${cell.runs}`);
      expect(heads).toEqual([
        "fleet * ALL: 1, 2",
        "backend blktap1 ALL: 1, 1",
        "backend blktap1 v1/2G/8k/16: 1, 1",
        "backend loop ALL: 1, 1",
        "backend loop v1/2G/8k/16: 1, 1",
        "pair blktap1:loop ALL: 1, 2",
        "pair blktap1:loop v1/2G/8k/16: 1, 2",
      ]);
    }
  });
});

describe("a pair cell", () => {
  const on = (backend: RunSample["backend"], stratum: string, ...runs: ReturnType<typeof values>[]) =>
    runs.map((each, index) => plainSample({ id: `${backend}${stratum}${index}`, backend, stratum, values: each }));

  it("counts a sign only if it is certain: for a bound of 0 it is, for an exact tie not", () => {
    const pairOf = (loop: ReturnType<typeof values>, phy: ReturnType<typeof values>) =>
      metricOf([...on("loop", "s", loop), ...on("phy", "s", phy)], "pair loop:phy s");
    expect(pairOf(values(10), values(10))).toEqual({ n: 1, nx: 1, one: 1, runs: 2, x: { 0: 1 } });
    expect(pairOf(values(10), values(">10"))).toEqual({ n: 1, pos: 1, one: 1, runs: 2, l: { 0: 1 } });
    expect(pairOf(values(">10"), values(10))).toEqual({ n: 1, neg: 1, one: 1, runs: 2, u: { 0: 1 } });
    expect(pairOf(values(11), values(">10"))).toEqual({ n: 1, one: 1, runs: 2, l: { 0: 1 } });
    expect(pairOf(values(10), values(11))).toMatchObject({ pos: 1, s1: 1, s2: 1 });
  });

  it("has the noise of both sides if both know it: 2.25 + (14/3)/12 * pi = 3.4717 -> 3", () => {
    const loop = on("loop", "s", values(10), values(13));
    const phy = on("phy", "s", values(1), values(2), values(4));
    // d = 2 - rnd(11.5) = -10, bin -0.2
    const expected = { n: 1, nx: 1, neg: 1, s1: -10, s2: 100, wv: 3, wn: 1, runs: 5, x: { 0: 1 } };
    expect(metricOf([...loop, ...phy], "pair loop:phy s")).toEqual(expected);
    expect(metricOf([...loop.slice(0, 1), ...phy], "pair loop:phy s")).not.toHaveProperty("wn");
  });

  it("gives the host one vote over its strata in scope ALL", () => {
    const samples = [
      // d = 100, two runs a side: noise known
      ...on("loop", "s1", values(0), values(0)),
      ...on("phy", "s1", values(100), values(100)),
      // d = 201, single runs
      ...on("loop", "s2", values(0)),
      ...on("phy", "s2", values(201)),
      // too fast on both sides: no vote, and neither its runs nor its single runs count
      ...on("loop", "s3", values(">900")),
      ...on("phy", "s3", values(">900")),
    ];
    // mid(100, 201) = 150.5 -> 151, bin 3.02; two informative strata have no noise
    expect(metricOf(samples, "pair loop:phy ALL")).toEqual({
      n: 1,
      nx: 1,
      pos: 1,
      s1: 151,
      s2: 22_801,
      one: 1,
      runs: 6,
      x: { 3: 1 },
    });
    const withoutSecond = samples.filter((sample) => sample.stratum !== "s2");
    expect(metricOf(withoutSecond, "pair loop:phy ALL")).toEqual({
      n: 1,
      nx: 1,
      pos: 1,
      s1: 100,
      s2: 10_000,
      wn: 1,
      runs: 4,
      x: { 2: 1 },
    });
    const onlyThird = samples.filter((sample) => sample.stratum === "s3");
    expect(metricOf(onlyThird, "pair loop:phy ALL")).toEqual({ n: 1, nb: 1, one: 1, runs: 2 });
    // The head counts the runs of all strata that are paired at all.
    expect(find(contributions(summarize("h", samples)), "pair loop:phy ALL")?.cell).toMatchObject({
      hosts: 1,
      runs: 8,
    });
  });

  it("has no noise in scope ALL for two informative strata, even if it is known in each: it is not that of their median", () => {
    const samples = ["s1", "s2"].flatMap((stratum) => [
      ...on("loop", stratum, values(0), values(0)),
      ...on("phy", stratum, values(100), values(100)),
    ]);
    expect(metricOf(samples, "pair loop:phy s1")).toMatchObject({ wn: 1 });
    expect(metricOf(samples, "pair loop:phy ALL")).not.toHaveProperty("wn");
  });

  it("does not exist if no metric is on both sides, neither in scope ALL", () => {
    const list = contributions(summarize("h", [...on("loop", "s", values(1)), ...on("phy", "s", values(null, 1))]));
    expect(list.filter((each) => each.kind === "pair")).toEqual([]);
  });

  it("may be missing in the view without cached reads and present in the other", () => {
    const cached = on("loop", "s", values(null, null, 5)).map((sample) => ({ ...sample, cached: ["C1"] }));
    const list = contributions(summarize("h", [...cached, ...on("phy", "s", values(null, null, 5))]));
    expect(find(list, "pair loop:phy s", "all")).toBeDefined();
    expect(find(list, "pair loop:phy s", "trusted")).toBeUndefined();
  });
});

describe("a value cell", () => {
  it("has the run-to-run noise of the exact runs: SS = 14/3 -> 5 with 2 degrees of freedom, one run censored", () => {
    const samples = [values(1), values(2), values(4), values(">9")].map((each, index) =>
      plainSample({ id: `r${index}`, values: each }),
    );
    // lo = mid(1, 2, 4, 9) = 3, hi = mid(1, 2, 4, inf) = 3: exact
    expect(metricOf(samples, "backend loop v1/2G/8k/16")).toEqual({
      n: 1,
      nx: 1,
      s1: 3,
      s2: 9,
      wv: 5,
      wn: 2,
      runs: 4,
      x: { 0: 1 },
    });
  });

  it("notes a host once for cached runs and for each rule, in its stratum and in ALL", () => {
    const list = contributions(
      summarize("h", [
        plainSample({ id: "a", cached: ["C1"], small_file: true }),
        plainSample({ id: "b", cached: ["C2"] }),
        plainSample({ id: "c", stratum: "s2", cached: ["C2"], bound_mismatch: true }),
        plainSample({ id: "d", backend: "phy" }),
      ]),
    );
    const notesOf = (what: string) => Object.fromEntries(find(list, what)?.cell.notes ?? []);
    expect(notesOf("backend loop v1/2G/8k/16")).toEqual({ cached: 1, "cached:C1": 1, "cached:C2": 1, small_file: 1 });
    expect(notesOf("backend loop s2")).toEqual({ cached: 1, "cached:C2": 1, bound_mismatch: 1 });
    expect(notesOf("backend loop ALL")).toEqual({
      cached: 1,
      "cached:C1": 1,
      "cached:C2": 1,
      small_file: 1,
      bound_mismatch: 1,
    });
    expect(notesOf("backend phy ALL")).toEqual({});
  });
});

it("notes that a host has the same note on another backend, so that a comparison counts it once", () => {
  const list = contributions(
    summarize("h", [
      plainSample({ id: "a", cached: ["C1"], small_file: true }),
      plainSample({ id: "b", stratum: "s2", backend: "phy", cached: ["C2"] }),
      plainSample({ id: "c", backend: "qdisk", cached: ["C2"], small_file: true, bound_mismatch: true }),
    ]),
  );
  const onBoth = (what: string) =>
    [...(find(list, what)?.cell.notes.keys() ?? [])].filter((note) => note.includes("+"));
  expect(onBoth("backend loop ALL").sort()).toEqual(["cached+phy", "cached+qdisk", "small_file+qdisk"]);
  expect(onBoth("backend phy ALL").sort()).toEqual(["cached+loop", "cached+qdisk"]);
  // In a stratum, only the notes in that stratum on both.
  expect(onBoth("backend loop v1/2G/8k/16").sort()).toEqual(["cached+qdisk", "small_file+qdisk"]);
  expect(onBoth("backend phy s2")).toEqual([]);
});

describe("CPU efficiency", () => {
  const on = (backend: RunSample["backend"], rate: number, efficiency: number | `>${number}`) =>
    plainSample({ id: backend, backend, values: values(...[rate], ...new Array<null>(11).fill(null), efficiency) });

  it("is in the pair cell like a rate, and in no value cell", () => {
    const samples = [on("loop", 90_000, 60_000), on("phy", 90_100, 60_200)];
    expect(metricOf(samples, "pair loop:phy ALL", "putc:eff")).toEqual({
      n: 1,
      nx: 1,
      pos: 1,
      s1: 200,
      s2: 40_000,
      one: 1,
      runs: 2,
      x: { 4: 1 },
    });
    expect(metricOf(samples, "backend loop v1/2G/8k/16", "putc:eff")).toBeNull();
  });

  it.each([
    // rate less efficiency is ln of the %CP and a half: 23025.85 ticks are 10 %.
    ["10.5 % and 9.5 %", on("loop", 90_000, 66_486), on("phy", 90_000, 67_487), { "low_cpu:putc": 1 }],
    ["10.5 % on both", on("loop", 90_000, 66_486), on("phy", 90_000, 66_486), {}],
    ["0 on a side: at least", on("loop", 90_000, 60_000), on("phy", 90_000, ">90000"), { "low_cpu:putc": 1 }],
    ["one side only", on("loop", 90_000, 89_000), plainSample({ id: "p", backend: "phy", values: values(1) }), {}],
  ] as const)("is noted as rough where a side uses less than 10 %% CPU: %s", (_, loop, phy, expected) => {
    const list = contributions(summarize("h", [loop, phy]));
    expect(Object.fromEntries(find(list, "pair loop:phy ALL")?.cell.notes ?? [])).toEqual(expected);
    expect(find(list, "backend loop ALL")?.cell.notes.size).toBe(0);
  });
});

describe("contributions", () => {
  it("are empty for a host without runs", () => {
    expect(contributions({ host: "h", groups: [] })).toEqual([]);
  });

  it("name a pair the same in either order", () => {
    expect(pairName("phy", "loop")).toBe("loop:phy");
    expect(pairName("loop", "phy")).toBe("loop:phy");
  });

  it("count a host once in every cell and metric: the rule of one vote, without which intervals are too narrow", () => {
    fc.assert(
      fc.property(randomHost, (host) => {
        const list = contributions(host);
        const keys = list.map(({ view, kind, name, scope }) => `${view} ${kind} ${name} ${scope}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { cell } of list) {
          expect(cell.hosts).toBe(1);
          for (const metric of cell.metrics) {
            if (metric === null) continue;
            expect(metric.n).toBe(1);
            expect(metric.pos + metric.neg).toBeLessThanOrEqual(1);
            // Exact, too fast on both sides, or bounded on a side.
            const bounds = metric.l.counts.length + metric.u.counts.length;
            expect(metric.nx + metric.nb + Math.min(1, bounds)).toBe(1);
            expect(metric.x.counts.length).toBe(metric.nx);
          }
        }
      }),
    );
  });

  it("are equal in both views if nothing is cached", () => {
    fc.assert(
      fc.property(randomHost, (host) => {
        const clean = host.groups.map((group) => ({ ...group, trusted: group.all }));
        const list = contributions({ ...host, groups: clean });
        const of = (view: string) => list.filter((each) => each.view === view).map(({ view: _, ...rest }) => rest);
        expect(of("all")).toEqual(of("trusted"));
      }),
    );
  });
});
