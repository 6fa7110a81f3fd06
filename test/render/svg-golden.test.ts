import { expect, test } from "vitest";
import { badge } from "../../shared/chart/badge.ts";
import { svg } from "../../shared/render/svg.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions } from "../../shared/report/model.ts";
import * as made from "../support/comparisons.ts";
import { expectGolden } from "../support/golden.ts";
import { chartOf, type Summary } from "../support/kinds.ts";
import { faultsOf } from "../support/picture-faults.ts";
import { parsedXml } from "../support/well-formed.ts";

const charts: [name: string, summary: Summary, look: Partial<RenderOptions>][] = [
  ["compare-seed", { kind: "compare", result: made.seed() }, {}],
  ["compare-seed-all", { kind: "compare", result: made.seed("all") }, { width: 480 }],
  ["compare-clear-win", { kind: "compare", result: made.clearWin() }, {}],
  ["compare-clear-win-1200", { kind: "compare", result: made.clearWin() }, { width: 1200 }],
  ["compare-clear-win-dark", { kind: "compare", result: made.clearWin() }, { width: 480, theme: "dark" }],
  ["compare-all-equal", { kind: "compare", result: made.allEqual() }, {}],
  ["compare-all-censored", { kind: "compare", result: made.allCensored() }, {}],
  ["compare-empty", { kind: "compare", result: made.empty() }, {}],
  ["compare-six-hosts", { kind: "compare", result: made.sixHosts() }, {}],
  ["compare-hundred-thousand-hosts", { kind: "compare", result: made.hundredThousandHosts() }, { width: 1200 }],
  ["compare-mixed", { kind: "compare", result: made.mixed() }, { width: 1200 }],
  ["matrix", { kind: "matrix", result: made.fourBackends() }, {}],
  ["trend", { kind: "trend", result: made.yearOfBlktap2() }, {}],
  ["host", { kind: "host", result: made.oneOfMany() }, { metrics: ["put_block", "get_block", "seeks", "seq_stat"] }],
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
