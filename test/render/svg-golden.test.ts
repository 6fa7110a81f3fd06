import { expect, test } from "vitest";
import { badge } from "../../shared/chart/badge.ts";
import { svg } from "../../shared/render/svg.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions, type Summary } from "../../shared/report/model.ts";
import { chartOf } from "../../shared/summaries/registry.ts";
import * as made from "../support/comparisons.ts";
import { expectGolden } from "../support/golden.ts";
import { faultsOf } from "../support/picture-faults.ts";
import { parsedXml } from "../support/well-formed.ts";

const charts: [name: string, summary: Summary, look: Partial<RenderOptions>][] = [
  ["compare-seed", { kind: "compare", answer: made.seed() }, {}],
  ["compare-seed-all", { kind: "compare", answer: made.seed("all") }, { width: 480 }],
  ["compare-clear-win", { kind: "compare", answer: made.clearWin() }, {}],
  ["compare-clear-win-1200", { kind: "compare", answer: made.clearWin() }, { width: 1200 }],
  ["compare-clear-win-dark", { kind: "compare", answer: made.clearWin() }, { width: 480, theme: "dark" }],
  ["compare-all-equal", { kind: "compare", answer: made.allEqual() }, {}],
  ["compare-all-censored", { kind: "compare", answer: made.allCensored() }, {}],
  ["compare-empty", { kind: "compare", answer: made.empty() }, {}],
  ["compare-six-hosts", { kind: "compare", answer: made.sixHosts() }, {}],
  ["compare-hundred-thousand-hosts", { kind: "compare", answer: made.hundredThousandHosts() }, { width: 1200 }],
  ["compare-mixed", { kind: "compare", answer: made.mixed() }, { width: 1200 }],
  ["matrix", { kind: "matrix", answer: made.fourBackends() }, {}],
  ["trend", { kind: "trend", answer: made.yearOfBlktap2() }, {}],
  ["host", { kind: "host", answer: made.oneOfMany() }, { metrics: ["put_block", "get_block", "seeks", "seq_stat"] }],
];

test.each(charts)("the chart %s is the golden one", (name, summary, look) => {
  const scene = chartOf(summary, { ...DEFAULT_RENDER_OPTIONS, ...look });
  expect(scene && faultsOf(scene)).toEqual([]);
  const written = scene === null ? "" : svg(scene, look.theme ?? "auto");
  expect(parsedXml(written).name).toBe("svg");
  expectGolden(`${name}.svg`, written);
});

test("the badge is the golden one", () => {
  expectGolden("badge.svg", svg(badge(made.clearWin(), "put_block"), "auto"));
});
