import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { badge } from "../../shared/chart/badge.ts";
import type { Scene } from "../../shared/chart/scene.ts";
import { svg } from "../../shared/render/svg.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions } from "../../shared/report/model.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { oneOfMany } from "../support/comparisons.ts";
import { chartOf, type Summary } from "../support/kinds.ts";
import { faultsOf } from "../support/picture-faults.ts";
import { contentOf, elementsOf, parsedXml } from "../support/well-formed.ts";
import { anyComparison, anyLook, anyMatrix, anyText, anyTrend, HOSTILE } from "./arbitrary.ts";

/** Everything that is true of every chart. */
function expectWell(scene: Scene | null, theme: RenderOptions["theme"]): void {
  if (scene === null) throw new Error("no chart");
  expect(faultsOf(scene)).toEqual([]);
  const written = svg(scene, theme);
  const root = parsedXml(written);
  expect(contentOf(elementsOf(root, "title")[0]!)).toBe(
    scene.title.replace(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd"),
  );
  const known = ["svg", "title", "desc", "style", "rect", "line", "polygon", "circle", "text"];
  const names = [...written.matchAll(/<([a-z]+)/g)].map(([, name = ""]) => name);
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
  expect(elementsOf(root, "text").map(contentOf).join("").replaceAll(" ", "")).toBe(
    scene.items.flatMap((item) => (item.kind === "text" ? [item.text.replaceAll(" ", "")] : [])).join(""),
  );
}

const profile = oneOfMany();

const anySummary: fc.Arbitrary<Summary> = fc.oneof(
  { weight: 4, arbitrary: anyComparison.map((result) => ({ kind: "compare" as const, result })) },
  { weight: 1, arbitrary: anyMatrix.map((result) => ({ kind: "matrix" as const, result })) },
  { weight: 1, arbitrary: anyTrend.map((result) => ({ kind: "trend" as const, result })) },
  {
    weight: 1,
    arbitrary: anyText.map((host): Summary => {
      const strange = <T extends { stratum: string }>(groups: readonly T[]) =>
        groups.map((group) => ({ ...group, stratum: host }));
      const answer = {
        ...profile,
        host,
        cohort: { site: host },
        backends: strange(profile.backends),
        ratios: strange(profile.ratios),
      };
      return { kind: "host", result: answer };
    }),
  },
);

describe("any chart", () => {
  test("is well-formed, and no text overlaps another or leaves it, for any numbers and names", () => {
    fc.assert(
      fc.property(anySummary, anyLook, (summary, look) => expectWell(chartOf(summary, look), look.theme)),
      { numRuns: 200 },
    );
  });

  test("of each hostile title shows it as text and runs nothing", () => {
    const answer = fc.sample(anyComparison, { seed: 1, numRuns: 1 })[0]!;
    for (const title of HOSTILE) {
      const look = { ...DEFAULT_RENDER_OPTIONS, title, width: 320 };
      expectWell(chartOf({ kind: "compare", result: answer }, look), "auto");
    }
  });

  test("is the same for any order of the keys of its answer, and the second time", () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (value === null || typeof value !== "object") return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, own]) => [key, reversed(own)]),
      );
    };
    fc.assert(
      fc.property(anyComparison, anyLook, (answer, look) => {
        const again = JSON.parse(JSON.stringify(reversed(answer))) as typeof answer; // the same answer, as it was read
        expect(chartOf({ kind: "compare", result: again }, look)).toEqual(
          chartOf({ kind: "compare", result: answer }, look),
        );
      }),
      { numRuns: 30 },
    );
  });

  test("as a badge keeps the same laws for every metric", () => {
    fc.assert(
      fc.property(anyComparison, fc.constantFrom(...METRIC_NAMES), (answer, metric) => {
        expectWell(badge(answer, metric), "auto");
      }),
      { numRuns: 100 },
    );
  });
});
