import { describe, expect, it } from "vitest";
import { assessQuality } from "../../shared/quality/assess.ts";
import { adviceFor } from "../../shared/quality/rules.ts";
import type { RuleStrength } from "../../shared/run/run.ts";
import { type RunText, runOf } from "./run-builder.ts";

function fired(run: RunText): Record<string, RuleStrength> {
  return Object.fromEntries(assessQuality(runOf(run)).reasons.map(({ rule, strength }) => [rule, strength]));
}

describe("each rule at its threshold: on the limit it does not fire, just above it does", () => {
  // Uncached run: W = R = 100 000, so B = 50 000: 1.5 B = 75 000, 3 B = 150 000.
  it.each<[string, RunText, Record<string, RuleStrength>]>([
    ["C1 at 1.5", { rates: { rewrite: 75_000 } }, {}],
    ["C1 above 1.5", { rates: { rewrite: 75_001 } }, { C1: "medium" }],
    ["C1 at 3", { rates: { rewrite: 150_000 } }, { C1: "medium" }],
    ["C1 above 3", { rates: { rewrite: 150_001 } }, { C1: "strong" }],
    ["C2 in 1023 MiB", { rates: { seeks: ">16384" }, fileMib: 1023 }, {}],
    ["C2 in 1024 MiB", { rates: { seeks: ">16384" }, fileMib: 1024 }, { C2: "strong" }],
    ["C2 with 200 seeks only", { rates: { seeks: ">400" } }, {}],
    ["C2 with a measured rate", { rates: { seeks: 16_384 } }, {}],
    ["C3 at 1000, one disk", { rates: { seeks: 1000 }, facts: { rotational: true, spindles: 1 } }, {}],
    [
      "C3 above 1000, one disk",
      { rates: { seeks: 1000.1 }, facts: { rotational: true, spindles: 1 } },
      { C3: "strong" },
    ],
    ["C3 at 4000, four disks", { rates: { seeks: 4000 }, facts: { rotational: true, spindles: 4 } }, {}],
    [
      "C3 above 4000, four disks",
      { rates: { seeks: 4001 }, facts: { rotational: true, spindles: 4 } },
      { C3: "strong" },
    ],
    ["C3, disks not counted", { rates: { seeks: 1001 }, facts: { rotational: true } }, { C3: "medium" }],
    ["C3 on an SSD", { rates: { seeks: 9000 }, facts: { rotational: false, spindles: 1 } }, {}],
    ["C3, medium unknown", { rates: { seeks: 9000 }, facts: { spindles: 1 } }, {}],
    ["C4 at 5", { rates: { get_block: 500_000 } }, {}],
    ["C4 above 5", { rates: { get_block: 500_001 } }, { C4: "weak" }],
    ["C4 at 10", { rates: { get_block: 1_000_000 } }, { C4: "weak" }],
    ["C4 above 10", { rates: { get_block: 1_000_001 } }, { C4: "medium" }],
    ["C5 one disk at 300 000", { rates: { get_block: 300_000 }, facts: { rotational: true, spindles: 1 } }, {}],
    [
      "C5 one disk above",
      { rates: { get_block: 300_001 }, facts: { rotational: true, spindles: 1 } },
      { C5: "strong" },
    ],
    ["C5 two disks at 400 000", { rates: { get_block: 400_000 }, facts: { rotational: true, spindles: 2 } }, {}],
    ["C5 disks not counted", { rates: { get_block: 300_001 }, facts: { rotational: true } }, { C5: "medium" }],
    ["C5 sata-3g at 300 000", { rates: { get_block: 300_000 }, facts: { storage_link: "sata-3g" } }, {}],
    ["C5 sata-3g above", { rates: { get_block: 300_001 }, facts: { storage_link: "sata-3g" } }, { C5: "strong" }],
    [
      "C5 sata-6g, two SSDs",
      { rates: { put_block: 500_000, get_block: 900_000 }, facts: { storage_link: "sata-6g", spindles: 2 } },
      {},
    ],
    [
      "C5 sata-6g at 600 000",
      { rates: { put_block: 500_000, get_block: 600_000 }, facts: { storage_link: "sata-6g" } },
      {},
    ],
    [
      "C5 sata-6g above",
      { rates: { put_block: 500_000, get_block: 600_001 }, facts: { storage_link: "sata-6g" } },
      { C5: "strong" },
    ],
    ["C5 1gbe at 120 000", { rates: { get_block: 120_000 }, facts: { storage_link: "1gbe", spindles: 12 } }, {}],
    [
      "C5 1gbe above",
      { rates: { get_block: 120_001 }, facts: { storage_link: "1gbe", spindles: 12 } },
      { C5: "strong" },
    ],
    [
      "C5 10gbe at 1 200 000",
      { rates: { put_block: 500_000, get_block: 1_200_000 }, facts: { storage_link: "10gbe" } },
      {},
    ],
    [
      "C5 10gbe above",
      { rates: { put_block: 500_000, get_block: 1_200_001 }, facts: { storage_link: "10gbe" } },
      { C5: "strong" },
    ],
    ["C5 other link", { rates: { get_block: 500_000 }, facts: { storage_link: "other" } }, {}],
    ["C5 at 3 x reference", { rates: { get_block: 300_000 }, facts: { reference_read_kps: 100_000 } }, {}],
    [
      "C5 above 3 x reference",
      { rates: { get_block: 300_001 }, facts: { reference_read_kps: 100_000 } },
      { C5: "medium" },
    ],
    ["C6 at 2 G", { facts: { guest_mem_mb: 2048 } }, {}],
    ["C6 below 2 G", { facts: { guest_mem_mb: 2049 } }, { C6: "medium" }],
    ["C7 buffered at 2 D", { facts: { cache_mode: "buffered", dom0_mem_mb: 2048 } }, {}],
    ["C7 buffered below 2 D", { facts: { cache_mode: "buffered", dom0_mem_mb: 2049 } }, { C7: "medium" }],
    ["C7 buffered, file as large as free memory", { facts: { cache_mode: "buffered", dom0_mem_avail_mb: 4096 } }, {}],
    [
      "C7 buffered, file in free memory",
      { facts: { cache_mode: "buffered", dom0_mem_avail_mb: 4097 } },
      { C7: "strong" },
    ],
    ["C7 loop is buffered by default", { backend: "loop", facts: { dom0_mem_mb: 2049 } }, { C7: "medium" }],
    ["C7 unknown path below 2 D", { facts: { cache_mode: "unknown", dom0_mem_mb: 2049 } }, { C7: "medium" }],
    [
      "C7 unknown path, file in free memory",
      { facts: { cache_mode: "unknown", dom0_mem_avail_mb: 4097 } },
      { C7: "medium" },
    ],
    ["C7 phy bypasses the page cache by default", { backend: "phy", facts: { dom0_mem_mb: 65_536 } }, {}],
    ["C7 blktap1 too", { backend: "blktap1", facts: { dom0_mem_mb: 65_536 } }, {}],
    ["C7 a backend nobody knows the path of", { backend: "other", facts: { dom0_mem_mb: 2049 } }, { C7: "medium" }],
    ["C7 direct", { facts: { cache_mode: "direct", dom0_mem_mb: 65_536, dom0_mem_avail_mb: 65_536 } }, {}],
    ["C7 loop with direct I/O", { backend: "loop", facts: { cache_mode: "direct", dom0_mem_mb: 65_536 } }, {}],
    ["C7 only parents cached", { facts: { cache_mode: "direct-read-cached", dom0_mem_mb: 65_536 } }, {}],
    [
      "C7 in a driver domain, whose memory is not Dom0's",
      { facts: { cache_mode: "buffered", dom0_mem_mb: 65_536, dom0_mem_avail_mb: 65_536, driver_domain: true } },
      {},
    ],
    ["C8 at 1.1", { rates: { putc: 110_000 } }, {}],
    ["C8 above 1.1", { rates: { putc: 110_001 } }, { C8: "medium" }],
    ["C9 at 50 %", { rates: { get_block: 300_001 }, readCpu: 50 }, {}],
    ["C9 at 300 000 K/s", { rates: { get_block: 300_000 }, readCpu: 51 }, {}],
    ["C9 above both", { rates: { get_block: 300_001 }, readCpu: 51 }, { C9: "weak" }],
    ["C10 at 2 x run 1", { facts: { run_index: 2, first_run_read_kps: 50_000 } }, {}],
    ["C10 above 2 x run 1", { facts: { run_index: 2, first_run_read_kps: 49_999 } }, { C10: "medium" }],
    ["C10 is about repeats", { facts: { run_index: 1, first_run_read_kps: 10_000 } }, {}],
    ["C10 without a run index", { facts: { first_run_read_kps: 10_000 } }, {}],
    ["C11 below 0.5", { facts: { device_read_ratio: 0.499 } }, { C11: "decisive" }],
    ["C11 at 0.5", { facts: { device_read_ratio: 0.5 } }, { C11: "decisive" }],
    ["C12", { rates: { seq_create: ">32768", ran_create: ">32768" } }, { C12: "weak" }],
    ["C12 with one test missing", { rates: { seq_create: null, ran_create: ">32768" } }, {}],
  ])("%s", (_, run, expected) => {
    expect(fired(run)).toEqual(expected);
  });
});

describe("a rate too fast to measure is an interval: a rule fires only if it holds for all of it", () => {
  // 4 GiB file: every block rate above 4096 * 2048 = 8 388 608 K/s is censored.
  const fast = ">8388608" as const;
  it.each<[string, RunText, Record<string, RuleStrength>]>([
    // B <= 1/(1/100 000 + 0) = 100 000 when R has no upper end.
    ["C1: R unbounded, RW at 1.5 W", { rates: { get_block: fast, rewrite: 150_000 } }, { C4: "medium" }],
    [
      "C1: R unbounded, RW above 1.5 W",
      { rates: { get_block: fast, rewrite: 150_001 } },
      { C1: "medium", C4: "medium" },
    ],
    ["C1: R unbounded, RW above 3 W", { rates: { get_block: fast, rewrite: 300_001 } }, { C1: "strong", C4: "medium" }],
    ["C1: W unbounded, RW at 1.5 R", { rates: { put_block: fast, rewrite: 150_000 } }, {}],
    ["C1: W unbounded, RW above 1.5 R", { rates: { put_block: fast, rewrite: 150_001 } }, { C1: "medium" }],
    ["C1: RW above its bound, itself above 3 B", { rates: { rewrite: fast } }, { C1: "strong" }],
    ["C1: all unbounded does not fire", { rates: { put_block: fast, get_block: fast, rewrite: fast } }, {}],
    ["C4: W unbounded does not fire", { rates: { put_block: fast, get_block: fast } }, {}],
    ["C8: W unbounded does not fire", { rates: { put_block: fast, putc: fast } }, {}],
    ["C8: PW unbounded against a slow W", { rates: { putc: fast } }, { C8: "medium" }],
    ["C3 by the bound", { rates: { seeks: ">1001" }, facts: { rotational: true, spindles: 1 } }, { C3: "strong" }],
    ["C3 with the bound on the limit", { rates: { seeks: ">1000" }, facts: { rotational: true, spindles: 1 } }, {}],
    [
      "C5 by the bound",
      { rates: { put_block: fast, get_block: fast }, facts: { storage_link: "10gbe" } },
      { C5: "strong" },
    ],
    [
      "C10 by the bound",
      { rates: { put_block: fast, get_block: fast }, facts: { run_index: 3, first_run_read_kps: 1000 } },
      { C10: "medium" },
    ],
  ])("%s", (_, run, expected) => {
    expect(fired(run)).toEqual(expected);
  });

  it("the sentence shows that the number is a bound", () => {
    // 8 388 608 / 50 000 = 167.8
    const [reason] = assessQuality(runOf({ rates: { rewrite: fast } })).reasons;
    expect(reason?.text).toBe(
      "rewrite more than 8 388 608 K/s is more than 168 times what a disk with these write and read rates could do " +
        "(50 000 K/s)",
    );
  });

  it("a printed 0 and a test that was not run have no ratio to anything", () => {
    expect(fired({ rates: { put_block: 0 } })).toEqual({});
    expect(fired({ rates: { get_block: 0, rewrite: 0, seeks: 0 } })).toEqual({});
    expect(fired({ rates: { put_block: null, putc: null } })).toEqual({});
  });
});

describe("the advice for a verdict says what to do", () => {
  it("a clean run needs no advice", () => {
    expect(adviceFor("clean", "loop")).toEqual([]);
  });

  it("an unassessed run names the facts to send", () => {
    expect(adviceFor("not-assessed", "phy").join(" ")).toMatch(/dom0_mem_mb and cache_mode/);
  });

  it.each(["cached", "probably-cached", "suspect"] as const)(
    "%s: only loop gets the advice to switch its device",
    (verdict) => {
      expect(adviceFor(verdict, "loop")[0]).toContain("losetup --direct-io=on");
      expect(adviceFor(verdict, "qdisk").join(" ")).not.toContain("losetup");
      expect(adviceFor(verdict, "qdisk")[0]).toContain("twice the memory");
    },
  );
});
