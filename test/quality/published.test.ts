import { describe, expect, it } from "vitest";
import { assessQuality } from "../../shared/quality/assess.ts";
import type { Facts, RuleStrength } from "../../shared/run/run.ts";
import { type RateText, type RunText, runOf } from "./run-builder.ts";

function fired(run: RunText): Record<string, RuleStrength> {
  return Object.fromEntries(assessQuality(runOf(run)).reasons.map(({ rule, strength }) => [rule, strength]));
}

function verdict(run: RunText): string {
  return assessQuality(runOf(run)).verdict;
}

describe("the original blog post's two runs, which a ranking by raw values gets wrong", () => {
  // seed-loop.csv: B = 18075 * 937880 / (18075 + 937880) = 17733.2; 199488 / B = 11.249; R / W = 51.89; PW / W = 1.411.
  const tooFast: Record<string, RateText> = {
    seeks: ">16384",
    seq_create: ">32768",
    seq_stat: ">32768",
    seq_delete: ">32768",
    ran_create: ">32768",
    ran_stat: ">32768",
    ran_delete: ">32768",
  };
  const loop: RunText = {
    rates: { putc: 25511, put_block: 18075, rewrite: 199488, getc: 71094, get_block: 937880, ...tooFast },
    readCpu: 86,
    fileMib: 2064,
    backend: "loop",
  };
  const blktap: RunText = {
    rates: {
      ...tooFast,
      putc: 69438,
      put_block: 93549,
      rewrite: 38118,
      getc: 54955,
      get_block: 131645,
      seeks: 249.1,
      seq_create: 29488,
    },
    readCpu: 8,
    fileMib: 2064,
    backend: "blktap1",
  };

  it("the loop run is probably cached, and every reason gives the numbers", () => {
    const quality = assessQuality(runOf(loop));
    expect(quality.verdict).toBe("probably-cached");
    expect(quality.decided_by).toEqual(["C1", "C2"]);
    expect(quality.reasons).toEqual([
      {
        rule: "C1",
        strength: "strong",
        text:
          "rewrite 199 488 K/s is 11.2 times what a disk with these write and read rates could do " + "(17 733 K/s)",
      },
      {
        rule: "C2",
        strength: "strong",
        text: "seeks were too fast to measure, more than 16 384 seeks/s (limit 16 000) in a file of 2 064 MiB",
      },
      {
        rule: "C4",
        strength: "medium",
        text: "block read 937 880 K/s is 51.9 times block write 18 075 K/s (a disk stays below 10 times)",
      },
      {
        rule: "C8",
        strength: "medium",
        text:
          "char write 25 511 K/s is 1.41 times block write 18 075 K/s (limit 1.1): " +
          "the first test wrote to memory and the next ones paid for it",
      },
      {
        rule: "C9",
        strength: "weak",
        text:
          "block read took 86 % of a CPU (limit 50) at 937 880 K/s (limit 300 000), " + "as copying from memory does",
      },
      {
        rule: "C12",
        strength: "weak",
        text: "all six file tests were too fast to measure (under 0.5 s), inconclusive on its own",
      },
    ]);
  });

  it("no rule fires for the blktap run, but it is not clean while Dom0's memory is unknown", () => {
    expect(assessQuality(runOf(blktap))).toEqual({ verdict: "not-assessed", reasons: [], decided_by: [] });
    expect(verdict({ ...blktap, facts: { dom0_mem_mb: 1000, cache_mode: "direct" } })).toBe("clean");
  });

  it("one rotating SATA disk makes C3 and C5 fire for the loop run as well", () => {
    const facts = { rotational: true, spindles: 1, storage_link: "sata-3g" };
    expect(Object.keys(fired({ ...loop, facts }))).toEqual(["C1", "C2", "C3", "C4", "C5", "C8", "C9", "C12"]);
  });
});

describe("of the published Bonnie runs (xen-backends.md, section 6, rows 1 to 4) exactly the loop run of row 3 is detected", () => {
  const mb = 1024;
  const rows: readonly (readonly [
    name: string,
    backend: RunText["backend"],
    fileMib: number,
    values: readonly number[],
  ])[] = [
    // putc, put_block, rewrite, get_block, seeks
    ["1 dom0", "phy", 2048, [31198, 56818, 20967, 59595, 264.9]],
    ["1 blkback", "phy", 2048, [31157, 54026, 25585, 64919, 292.7]],
    ["1 blktap", "blktap1", 2048, [32313, 54217, 20950, 65924, 191.8]],
    ["2 tap:aio", "blktap1", 2048, [43805, 45072, 21896, 52781, 121.1]],
    ["2 blkback", "phy", 2048, [43400, 45429, 22217, 52596, 119.0]],
    ["2 loop", "loop", 2048, [31459, 37672, 16442, 52286]],
    ["3 loop", "loop", 2064, [25511, 18075, 199488, 937880, 1e9]],
    ["3 blktap", "blktap1", 2064, [69438, 93549, 38118, 131645, 249.1]],
    ["4 low", "phy", 4096, [76 * mb, 107 * mb, 46 * mb, 150 * mb, 248]],
    ["4 high", "phy", 4096, [81 * mb, 120 * mb, 47 * mb, 159 * mb, 266]],
  ];

  it.each(rows)("row %s", (name, backend, fileMib, [putc, put_block, rewrite, get_block, seeks]) => {
    const rates = { putc: putc!, put_block: put_block!, rewrite: rewrite!, get_block: get_block! };
    const seekRate: RateText = seeks === undefined ? null : seeks > 1e6 ? ">16384" : seeks;
    const facts: Facts = name.startsWith("4") ? { dom0_mem_mb: 2048, guest_mem_mb: 2048 } : {};
    const run = { rates: { ...rates, seeks: seekRate }, fileMib, facts, ...(backend && { backend }) };
    expect(verdict(run)).toBe(name === "3 loop" ? "probably-cached" : "not-assessed");
  });
});
