import { describe, expect, it } from "vitest";
import { toSample } from "../../shared/cells/sample.ts";
import { type MetricName, perMetric } from "../../shared/run/metrics.ts";
import type { BonnieSetup, Facts, Measurement, Quality, Run } from "../../shared/run/run.ts";
import { SEED_SETUP } from "../support/seed-setup.ts";

const measured = (rate: number | null): Measurement => ({ rate, cpu: null, latency_us: null, censored: false });

const tooFast = (lower_bound: number): Measurement => ({
  rate: null,
  cpu: null,
  latency_us: null,
  censored: true,
  lower_bound,
});

function run(
  metrics: Partial<Record<MetricName, Measurement>>,
  change: Partial<Omit<Run, "metrics" | "bonnie">> & { bonnie?: Partial<BonnieSetup> } = {},
): Run {
  const { bonnie, ...rest } = change;
  return {
    id: "r1",
    fleet: "f",
    host: "h1",
    vm: "vm101",
    client_run: null,
    backend: "loop",
    stratum: "v1/2G/8k/16",
    finished_at: "2026-11-01T00:00:00.000Z",
    received_at: "2026-11-01T00:00:01.000Z",
    raw: "",
    raw_encoding: "utf-8",
    parser_version: 1,
    facts: {},
    quality: { verdict: "clean", reasons: [], decided_by: [] },
    warnings: [],
    sent_by: null,
    withdrawn_at: null,
    ...rest,
    bonnie: { ...SEED_SETUP, ...bonnie },
    metrics: perMetric((name) => metrics[name] ?? null),
  };
}

describe("toSample", () => {
  it("takes the logarithm of rates and bounds, and null if there is none", () => {
    const sample = toSample(
      run({
        putc: measured(25511), // 1e4 ln 25511 = 101468.65
        put_block: measured(0), // under one a second after truncation
        rewrite: measured(null), // unknown
        seeks: tooFast(16384), // 1e4 ln 16384 = 140000 ln 2 = 97040.6
        seq_create: tooFast(32768), // 150000 ln 2 = 103972.08
      }),
    );
    expect(sample.values).toEqual([
      { ticks: 101469, censored: false },
      null,
      null,
      null,
      null,
      { ticks: 97041, censored: true },
      { ticks: 103972, censored: true },
      null,
      null,
      null,
      null,
      null,
      ...new Array<null>(12).fill(null),
    ]);
  });

  it("takes the rate per percent of CPU, in the middle of the range of a printed %CP", () => {
    const { values } = toSample(
      run({
        putc: { ...measured(25511), cpu: 35 }, // 1e4 ln (25511 / 35.5) = 101468.65 - 35695.33 = 65773.32
        put_block: { ...measured(18075), cpu: 0 }, // under 1 %: more than 18075, 1e4 ln 18075 = 98022.85
        rewrite: { ...measured(0), cpu: 35 }, // no logarithm
        getc: measured(71094), // %CP unknown
        seeks: tooFast(16384), // neither rate nor %CP
      }),
    );
    expect(values.slice(12)).toEqual([
      { ticks: 65_773, censored: false },
      { ticks: 98_023, censored: true },
      ...new Array<null>(10).fill(null),
    ]);
  });

  it.each([
    ["cached", ["C11"], ["C11"]],
    ["probably-cached", ["C1", "C2"], ["C1", "C2"]],
    ["suspect", ["C6"], []],
    ["clean", [], []],
    ["not-assessed", [], []],
  ] as [Quality["verdict"], string[], string[]][])(
    "of a run that is %s (%j) leaves out of the view trusted: %j",
    (verdict, decided_by, cached) => {
      expect(toSample(run({}, { quality: { verdict, reasons: [], decided_by } })).cached).toEqual(cached);
    },
  );

  // A file of 2064 MiB against twice the memory that can cache it: 2 x 1032 = 2064 is not below.
  it.each([
    ["phy", {}, false],
    ["phy", { guest_mem_mb: 1032 }, false],
    ["phy", { guest_mem_mb: 1033 }, true],
    ["phy", { guest_mem_mb: 512, dom0_mem_mb: 4096 }, false],
    ["phy", { guest_mem_mb: 512, dom0_mem_mb: 4096, storage: "lvm" }, false],
    ["loop", { guest_mem_mb: 512, dom0_mem_mb: 520 }, false],
    ["loop", { guest_mem_mb: 512, dom0_mem_mb: 521 }, true],
    ["vnd", { guest_mem_mb: 512, dom0_mem_mb: 521 }, true],
    ["file-direct", { guest_mem_mb: 512, dom0_mem_mb: 521 }, true],
    ["qdisk", { guest_mem_mb: 512, dom0_mem_mb: 521, storage: "file" }, true],
    ["qdisk", { guest_mem_mb: 512, dom0_mem_mb: 521, storage: "file", cache_mode: "direct" }, true],
    ["loop", { dom0_mem_mb: 1033 }, true],
    ["loop", { guest_mem_mb: 1033 }, true],
  ] as [Run["backend"], Facts, boolean][])("of %s with %j has a small file: %s", (backend, facts, expected) => {
    expect(toSample(run({}, { backend, facts })).small_file).toBe(expected);
  });

  it("has no small file if no file was written", () => {
    const facts = { guest_mem_mb: 1_000_000 };
    expect(toSample(run({}, { facts, bonnie: { file_size_kib: null } })).small_file).toBe(false);
  });

  // 2064 MiB in 0.5 s = 2064 * 2048 = 4227072 K/s.
  it.each([
    ["at the bound", { put_block: measured(4_227_072) }, {}, false],
    ["above it", { put_block: measured(4_227_073) }, {}, true],
    ["putc of v1, whole file", { putc: measured(4_227_073) }, {}, true],
    ["putc of v2, work unknown", { putc: measured(4_227_073), getc: measured(4_227_073) }, { format: "v2" }, false],
    ["seeks", { seeks: measured(16_385) }, {}, true],
    ["twice the seeks of a 50-field line", { seeks: measured(16_385) }, { format: "v2", seek_count: 10_000 }, false],
    ["files", { ran_stat: measured(32_769) }, {}, true],
    ["a bound is not a value", { ran_stat: tooFast(32_768) }, {}, false],
  ] as [string, Partial<Record<MetricName, Measurement>>, Partial<BonnieSetup>, boolean][])(
    "compares values with their bound (%s)",
    (_, metrics, bonnie, expected) => {
      expect(toSample(run(metrics, { bonnie })).bound_mismatch).toBe(expected);
    },
  );

  it("keeps the cohort attributes among the facts as text, and no other fact", () => {
    const facts = { site: "fra", xen_version: 4.17, rotational: true, "label.rack": "a7" };
    expect(toSample(run({}, { facts })).cohort).toEqual({ site: "fra", xen_version: "4.17" });
  });
});
