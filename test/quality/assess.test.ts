import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assessQuality } from "../../shared/quality/assess.ts";
import { BACKENDS } from "../../shared/run/backends.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import type { Facts, RuleStrength } from "../../shared/run/run.ts";
import { type RateText, type RunText, runOf } from "./run-builder.ts";

const KNOWN: Facts = { dom0_mem_mb: 1024, cache_mode: "direct" };

function verdict(run: RunText): string {
  return assessQuality(runOf(run)).verdict;
}

describe("the verdict follows from the rules", () => {
  const oneMedium = { guest_mem_mb: 4096 };
  const twoMedium = { guest_mem_mb: 4096, run_index: 2, first_run_read_kps: 10_000 };

  it.each<[string, RunText, string, string[]]>([
    ["nothing fired, all known", { facts: KNOWN }, "clean", []],
    ["nothing fired, cache mode not sent", { facts: { dom0_mem_mb: 1024 } }, "not-assessed", []],
    ["nothing fired, cache mode unknown", { facts: { dom0_mem_mb: 1024, cache_mode: "unknown" } }, "not-assessed", []],
    ["nothing fired, Dom0's memory not sent", { facts: { cache_mode: "direct" } }, "not-assessed", []],
    ["nothing fired, in a driver domain", { facts: { ...KNOWN, backend_domid: 3 } }, "not-assessed", []],
    ["a weak rule prevents clean", { rates: { get_block: 500_001 }, facts: KNOWN }, "not-assessed", []],
    ["C12 prevents nothing", { rates: { seq_create: ">32768", ran_create: ">32768" }, facts: KNOWN }, "clean", []],
    ["one medium", { facts: { ...KNOWN, ...oneMedium } }, "suspect", ["C6"]],
    ["two medium", { facts: { ...KNOWN, ...twoMedium } }, "probably-cached", ["C6", "C10"]],
    ["one strong", { rates: { seeks: ">16384" }, facts: KNOWN }, "probably-cached", ["C2"]],
    ["strong and medium", { rates: { seeks: ">16384" }, facts: oneMedium }, "probably-cached", ["C2"]],
    ["the disk's counters: cached", { facts: { ...KNOWN, device_read_ratio: 0.1 } }, "cached", ["C11"]],
    [
      "the disk overrides strong rules",
      { rates: { seeks: ">16384" }, facts: { device_read_ratio: 0.97 } },
      "clean",
      [],
    ],
    ["the disk overrides missing facts", { facts: { device_read_ratio: 1.2 } }, "clean", []],
    ["cached beats strong", { rates: { seeks: ">16384" }, facts: { device_read_ratio: 0 } }, "cached", ["C11"]],
  ])("%s", (_, run, expected, decidedBy) => {
    const quality = assessQuality(runOf(run));
    expect([quality.verdict, quality.decided_by]).toEqual([expected, decidedBy]);
  });

  it("a run without IO tests is not assessed, whatever was sent with it", () => {
    const rates = { putc: null, put_block: null, rewrite: null, getc: null, get_block: null, seeks: null };
    for (const facts of [KNOWN, { ...KNOWN, device_read_ratio: 0.1 }, { ...KNOWN, ...oneMedium }]) {
      expect(assessQuality(runOf({ rates, fileMib: null, facts }))).toEqual({
        verdict: "not-assessed",
        reasons: [],
        decided_by: [],
      });
    }
  });
});

describe("a ratio from the counters of a device that is no disk is no evidence", () => {
  const decided = (run: RunText) => {
    const { verdict, decided_by } = assessQuality(runOf(run));
    return [verdict, decided_by];
  };
  const cachedRates: RunText["rates"] = { seeks: ">16384" };

  it.each([
    "loop0",
    "loop/loop7",
    "lvm/loop12",
    "md-raid1/loop0+loop1",
    "md-raid1/sda+loop1",
    "zvol/zd16",
    "lvm/zvol/zd16p1",
    "kpartx/loop0p2",
    "zram0",
    "nbd/nbd3",
    "rbd/rbd0",
    "rbd",
    "drbd/nbd0",
    "/dev/loop0",
    "LVM/Loop0 ",
    "lvm/loop0/",
  ])("%s: C11 neither clears nor convicts, and the other rules decide", (storage_stack) => {
    const near1 = { storage_stack, device_read_ratio: 0.97 };
    const near0 = { storage_stack, device_read_ratio: 0.02 };
    for (const facts of [near1, near0]) {
      expect(decided({ rates: cachedRates, facts: { ...KNOWN, ...facts } })).toEqual(["probably-cached", ["C2"]]);
      expect(decided({ facts: { ...KNOWN, ...facts } })).toEqual(["clean", []]);
      expect(decided({ facts })).toEqual(["not-assessed", []]);
      expect(decided({ facts: { ...facts, guest_mem_mb: 4096 } })).toEqual(["suspect", ["C6"]]);
    }
  });

  it.each([
    "sda",
    "lvm/sda",
    "lvm/md-raid1/sda+sdb",
    "multipath/sdd",
    "drbd/drbd1",
    "loop/sda",
    "zvol/sda+sdb",
    "nbd0/nvme0n1",
    "xloop0",
    "loopback",
    "rbdx",
    "zd16/zfs-disk",
  ])("%s: the disks' counters decide", (storage_stack) => {
    expect(decided({ rates: cachedRates, facts: { storage_stack, device_read_ratio: 0.97 } })).toEqual(["clean", []]);
    expect(decided({ facts: { ...KNOWN, storage_stack, device_read_ratio: 0.02 } })).toEqual(["cached", ["C11"]]);
  });

  it("the reason says which device it is, and that its ratio is not used", () => {
    const facts = { storage_stack: "md-raid1/sda+loop1", device_read_ratio: 0.974 };
    expect(assessQuality(runOf({ facts })).reasons).toEqual([
      {
        rule: "C11",
        strength: "weak",
        text: 'device_read_ratio 0.974 is not used: the storage stack ends in "loop1", which is not a disk, and its counters do not show whether a cache answered',
      },
    ]);
    expect(assessQuality(runOf({ facts: { storage_stack: "loop1" } })).reasons).toEqual([]);
  });
});

describe("for any run", () => {
  const anyRate = fc.oneof(
    fc.integer({ min: 0, max: 10_000_000 }),
    fc.integer({ min: 1, max: 10_000_000 }).map((bound): RateText => `>${bound}`),
    fc.constant(null),
  );
  const anyFacts = fc.record(
    {
      dom0_mem_mb: fc.integer({ min: 1, max: 100_000 }),
      dom0_mem_avail_mb: fc.integer({ min: 0, max: 100_000 }),
      guest_mem_mb: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.string()),
      cache_mode: fc.constantFrom("buffered", "direct", "direct-read-cached", "unknown"),
      rotational: fc.boolean(),
      spindles: fc.integer({ min: 1, max: 100 }),
      storage_link: fc.constantFrom("sata-3g", "1gbe", "other", "zz"),
      reference_read_kps: fc.integer({ min: 1, max: 1_000_000 }),
      first_run_read_kps: fc.integer({ min: 1, max: 1_000_000 }),
      run_index: fc.integer({ min: 1, max: 9 }),
      device_read_ratio: fc.double({ min: 0, max: 2, noNaN: true }),
    },
    { requiredKeys: [] },
  );
  const anyRun = fc
    .record({
      rates: fc.tuple(...METRIC_NAMES.map(() => anyRate)),
      facts: anyFacts,
      fileMib: fc.oneof(fc.integer({ min: 1, max: 2_000_000 }), fc.constant(null)),
      readCpu: fc.integer({ min: 0, max: 101 }),
      backend: fc.constantFrom(...BACKENDS),
    })
    .map(
      ({ rates, ...run }): RunText => ({
        ...run,
        rates: Object.fromEntries(METRIC_NAMES.map((name, index) => [name, rates[index] ?? null])),
      }),
    );

  it("never throws; reasons are in order, each rule once, with finite numbers in one line", () => {
    const order = Array.from({ length: 12 }, (_, index) => `C${index + 1}`);
    fc.assert(
      fc.property(anyRun, (run) => {
        const { reasons } = assessQuality(runOf(run));
        const ids = reasons.map(({ rule }) => rule);
        expect(ids).toEqual(order.filter((id) => ids.includes(id)));
        for (const { text } of reasons) expect(text).not.toMatch(/NaN|Infinity|undefined|null|\n|e\+/);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("the verdict follows from the reasons alone, and names only rules that fired", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const { verdict: given, reasons, decided_by } = assessQuality(runOf(run));
        const count = (strength: RuleStrength) => reasons.filter((reason) => reason.strength === strength).length;
        expect(reasons.map(({ rule }) => rule)).toEqual(expect.arrayContaining([...decided_by]));
        expect(decided_by.length > 0).toBe(["cached", "probably-cached", "suspect"].includes(given));
        expect(["cached", "clean"].includes(given) || count("decisive") === 0).toBe(true);
        if (count("decisive") > 0) return;
        if (given === "probably-cached") expect(count("strong") > 0 || count("medium") > 1).toBe(true);
        if (given === "suspect") expect([count("strong"), count("medium")]).toEqual([0, 1]);
        if (given === "clean") expect(reasons.filter(({ rule }) => rule !== "C12")).toEqual([]);
        expect(given).not.toBe("cached");
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it("a faster rewrite never makes a run clean", () => {
    const rank = ["clean", "not-assessed", "suspect", "probably-cached", "cached"];
    fc.assert(
      fc.property(
        anyRun,
        fc.integer({ min: 1, max: 5_000_000 }),
        fc.integer({ min: 0, max: 5_000_000 }),
        (run, rewrite, more) => {
          const slower = verdict({ ...run, rates: { ...run.rates, rewrite } });
          const faster = verdict({ ...run, rates: { ...run.rates, rewrite: rewrite + more } });
          expect(rank.indexOf(faster)).toBeGreaterThanOrEqual(rank.indexOf(slower));
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });
});
