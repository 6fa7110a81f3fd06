// The list of the cache rules that readers see, on /docs and in docs/statistics.md: all twelve, with the limits and strengths that
// the rules have.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import openApi from "../../docs/openapi.json" with { type: "json" };
import { renderDocsPage } from "../../functions/web/docs/page.tsx";
import { assessQuality } from "../../shared/quality/assess.ts";
import { RULE_DESCRIPTIONS } from "../../shared/report/glossary.ts";
import { type RunText, runOf } from "../quality/run-builder.ts";

type Rule = keyof typeof RULE_DESCRIPTIONS;

const IDS = Array.from({ length: 12 }, (_, at) => `C${at + 1}`);

test("every rule is listed in both places, with the same sentence", () => {
  expect(Object.keys(RULE_DESCRIPTIONS)).toEqual(IDS);
  const page = readFileSync("docs/statistics.md", "utf8");
  const html = renderDocsPage(openApi);
  for (const [id, description] of Object.entries(RULE_DESCRIPTIONS)) {
    expect(page).toContain(`| ${id} | ${description} |`);
    expect(html).toContain(`id="rule-${id}"`);
  }
  expect(readFileSync("README.md", "utf8")).toContain("docs/statistics.md#the-cache-rules");
});

const ALL_TOO_FAST = Object.fromEntries(
  (["seq_create", "seq_stat", "seq_delete", "ran_create", "ran_stat", "ran_delete"] as const).map((name) => [
    name,
    ">32768" as const,
  ]),
);
const disk = { rotational: true, spindles: 1 };
const buffered = { cache_mode: "buffered", dom0_mem_mb: 2048 };

// W = R = 100 000 K/s in a file of 4 096 MiB, so a disk rewrites at 50 000 at most. Each limit: on it, and just beyond it.
test.each<[rule: Rule, says: string, beyond: RunText, on: RunText]>([
  ["C1", "1.5 times (medium)", { rates: { rewrite: 75_001 } }, { rates: { rewrite: 75_000 } }],
  ["C1", "3 times (strong)", { rates: { rewrite: 150_001 } }, { rates: { rewrite: 150_000 } }],
  [
    "C2",
    "1 024 MiB or more (strong)",
    { rates: { seeks: ">16384" }, fileMib: 1024 },
    { rates: { seeks: ">16384" }, fileMib: 1023 },
  ],
  ["C2", "over 16 000 seeks/s", { rates: { seeks: ">16000" } }, { rates: { seeks: ">15999" } }],
  [
    "C3",
    "1 000 seeks/s for each rotating disk (strong",
    { rates: { seeks: 1001 }, facts: disk },
    { rates: { seeks: 1000 }, facts: disk },
  ],
  ["C4", "5 times (weak)", { rates: { get_block: 500_001 } }, { rates: { get_block: 500_000 } }],
  ["C4", "10 times (medium)", { rates: { get_block: 1_000_001 } }, { rates: { get_block: 1_000_000 } }],
  [
    "C5",
    "(strong): 300 000 K/s for each rotating disk",
    { rates: { get_block: 300_001 }, facts: disk },
    { rates: { get_block: 300_000 }, facts: disk },
  ],
  ["C6", "2 times the guest's memory (medium)", { facts: { guest_mem_mb: 2049 } }, { facts: { guest_mem_mb: 2048 } }],
  ["C7", "2 times Dom0's memory (medium)", { facts: buffered, fileMib: 4095 }, { facts: buffered, fileMib: 4096 }],
  [
    "C7",
    "Dom0's free memory (strong",
    { facts: { cache_mode: "buffered", dom0_mem_avail_mb: 4097 } },
    { facts: { cache_mode: "buffered", dom0_mem_avail_mb: 4096 } },
  ],
  ["C8", "1.1 times block write (medium)", { rates: { putc: 110_001 } }, { rates: { putc: 110_000 } }],
  [
    "C9",
    "more than 50 % of a CPU at more than 300 000 K/s (weak)",
    { rates: { get_block: 300_001 }, readCpu: 51 },
    { rates: { get_block: 300_001 }, readCpu: 50 },
  ],
  [
    "C10",
    "2 times as fast as the first (medium)",
    { rates: { get_block: 100_001 }, facts: { run_index: 2, first_run_read_kps: 50_000 } },
    { facts: { run_index: 2, first_run_read_kps: 50_000 } },
  ],
  ["C12", "(weak)", { rates: ALL_TOO_FAST }, {}],
])("%s: %s", (rule, says, beyond, on) => {
  const strengthOf = (run: RunText) =>
    assessQuality(runOf(run)).reasons.find((reason) => reason.rule === rule)?.strength;
  expect(RULE_DESCRIPTIONS[rule]).toContain(says);
  const strength = strengthOf(beyond);
  expect(strength).toBeDefined();
  expect(strengthOf(on)).not.toBe(strength);
  // The strength in words, which may follow the limit at the end of the sentence.
  expect(RULE_DESCRIPTIONS[rule]).toContain(`(${strength}`);
});

test("C11: below 0.5 cached, from 0.5 on not, whatever other rules say", () => {
  const cachedLooks = { rates: { rewrite: 150_001 } };
  expect(RULE_DESCRIPTIONS.C11).toContain("less than 0.5");
  expect(assessQuality(runOf({ ...cachedLooks, facts: { device_read_ratio: 0.499 } })).verdict).toBe("cached");
  expect(assessQuality(runOf({ ...cachedLooks, facts: { device_read_ratio: 0.5 } })).verdict).toBe("clean");
});
