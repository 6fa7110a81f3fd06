import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logAxis } from "../../shared/chart/axes.ts";
import { drawMarks, ratioRows } from "../../shared/chart/ratio-chart.ts";
import type { Item, Scene } from "../../shared/chart/scene.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions } from "../../shared/report/model.ts";
import { allCensored, clearWin, empty, mixed, neverMeasured, seed, sixHosts } from "../support/comparisons.ts";
import { chartOf } from "../support/kinds.ts";
import { boxOf } from "../support/picture-faults.ts";
import { anyComparison } from "./arbitrary.ts";

function sceneOf(answer: Comparison, look: Partial<RenderOptions> = {}): Scene {
  const scene = chartOf({ kind: "compare", result: answer }, { ...DEFAULT_RENDER_OPTIONS, ...look });
  if (scene === null) throw new Error("no chart");
  return scene;
}

const textsOf = ({ items }: Scene): string[] => items.flatMap((item) => (item.kind === "text" ? [item.text] : []));

describe("the chart of a comparison", () => {
  const widths = [320, 480, 720, 1200] as const;

  test.each(widths)("at %d px shows the verdict, ratio, interval and hosts of each metric", (width) => {
    const texts = textsOf(sceneOf(clearWin(), { width }));
    for (const word of ["block write", "faster", "1.95×", "1.86–2.13", "slower", "too close to call"])
      expect(texts).toContain(word);
    expect(texts.filter((text) => /^40( hosts)?$/.test(text))).toHaveLength(12);
  });

  test("names what the numbers are of: period, filters, view, margin, runs, freshness, method", () => {
    const answer = { ...clearWin(), filters: { site: ["fra", "ams"] }, pending_hosts: 3 };
    const caption = textsOf(sceneOf(answer, { width: 1600 })).join(" ");
    for (const fact of [
      "period all",
      "site fra or ams",
      "view trusted",
      "margin 3 %",
      "runs 240",
      "as of 2026-11-22",
      "method 1",
    ]) {
      expect(caption).toContain(fact);
    }
    expect(caption).toContain("3 hosts have newer results");
  });

  test("names both directions, so that nobody reads the axis the wrong way round", () => {
    expect(textsOf(sceneOf(clearWin()))).toEqual(expect.arrayContaining(["← loop faster", "blktap2 faster →", "1×"]));
    expect(textsOf(sceneOf(clearWin(), { width: 320 }))).toEqual(
      expect.arrayContaining(["← loop faster", "blktap2 faster →"]),
    );
  });

  test("puts words where there is nothing to mark", () => {
    const texts = textsOf(sceneOf(seed()));
    expect(texts.filter((text) => text === "suspected cache: reads left out")).toHaveLength(4);
    expect(texts.filter((text) => text === "not comparable: too fast to measure on both")).toHaveLength(5);
    expect(textsOf(sceneOf(allCensored()))).toContain(
      "On 12 hosts with both, qdisk compared with loop is not comparable in 12 metrics.",
    );
  });

  test("does not blame a cache where a backend was never measured", () => {
    const answer = neverMeasured();
    const words = "No host has usable results for both loop and phy: nothing to compare yet.";
    expect(textsOf(sceneOf(answer)).join(" ")).toContain(words);
    expect(textsOf(sceneOf(answer)).join(" ")).not.toContain("cache");
    expect(answer.fleet.metrics.get_block?.sentence).toBe(
      "No host has measured block reads with both loop and phy (loop has results of 1 host, phy of 0 hosts).",
    );
  });

  test("explains why a clear difference has no verdict: too few hosts", () => {
    expect(textsOf(sceneOf(seed())).join(" ")).toContain(
      "No verdict yet: fewer than 6 hosts (char write, block write, sequential create).",
    );
    expect(textsOf(sceneOf(sixHosts(), { width: 1200 })).join(" ")).toMatch(
      /No verdict yet: too few hosts to decide so many metrics at once \(\d+ metrics\)\./,
    );
    expect(textsOf(sceneOf(clearWin())).join(" ")).not.toContain("No verdict yet");
  });

  test("marks cached reads that count, and says whether they are left out", () => {
    expect(textsOf(sceneOf(mixed("all")))).toContain("block read †");
    expect(textsOf(sceneOf(mixed("all"))).join(" ")).toContain("they are counted here");
    expect(textsOf(sceneOf(mixed())).join(" ")).toContain("they are left out");
  });

  test("shows a ratio beyond the axis as an arrow at its end with the number next to it", () => {
    const scene = sceneOf(seed("all"));
    expect(textsOf(scene).filter((text) => text === "≤ 0.0153×")).toHaveLength(2);
    expect(scene.items.some((item) => item.kind === "marker" && item.shape === "arrow-left" && item.size === 11)).toBe(
      true,
    );
  });

  test("of nothing is a chart that says so", () => {
    const scene = sceneOf(empty());
    expect(textsOf(scene)).toContain("No host has usable results for both loop and tapdisk3: nothing to compare yet.");
    expect(textsOf(sceneOf(clearWin(), { metrics: ["seeks"] }))).not.toContain("block write");
    const asked = sceneOf({ ...clearWin(), fleet: { ...clearWin().fleet, metrics: {} } });
    expect(textsOf(asked)).toContain("This comparison has none of the selected metrics.");
  });

  test("calls the band what it is: all hosts of a few, the middle of many", () => {
    expect(textsOf(sceneOf(sixHosts()))).toContain("all hosts");
    expect(textsOf(sceneOf(clearWin()))).toContain("middle 90 % of the hosts");
  });

  test("names every finding and caveat for a reader who does not see it", () => {
    const { desc } = sceneOf(mixed());
    for (const { sentence } of Object.values(mixed().fleet.metrics)) expect(desc).toContain(sentence);
    expect(desc).toContain("Suspected cache");
  });

  test("keeps its marks between the ends of the axis, for any numbers", () => {
    const inside = ({ x, width }: { x: number; width: number }) => x >= 100 - 1e-9 && x + width <= 500 + 1e-9;
    fc.assert(
      fc.property(
        anyComparison,
        fc.array(fc.double({ min: 0.02, max: 50, noNaN: true }), { maxLength: 3 }),
        (answer, reach) => {
          // An axis that was not made for these numbers: most are beyond it.
          const axis = logAxis(reach, 100, 500);
          const marks = ratioRows(answer, []).flatMap((row): Item[] =>
            row.instead === null ? drawMarks(row, axis, 50) : [],
          );
          const outside = marks.filter(
            (item) => !inside(boxOf(item)) || boxOf(item).y < 40 || boxOf(item).y + boxOf(item).height > 60,
          );
          expect(outside).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
