// When one of these fails, somebody acts on a verdict of the matrix without knowing that something is wrong with it.

import { expect, test } from "vitest";
import type { MatrixResult } from "../../shared/compare/trend.ts";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import * as comparisons from "../support/comparisons.ts";
import { rendered, reportOf, type Summary } from "../support/kinds.ts";

const clean = (matrix: MatrixResult): MatrixResult => ({
  ...matrix,
  pairs: matrix.pairs.map((pair) => ({
    ...pair,
    metrics: Object.fromEntries(Object.entries(pair.metrics).map(([name, entry]) => [name, { ...entry, flags: [] }])),
  })),
});

/** The matrix with a flag on one metric of the first pair. */
function flagged(): Summary {
  const matrix = clean(comparisons.fourBackends());
  const [first, ...others] = matrix.pairs;
  const entry = first?.metrics.get_block;
  if (first === undefined || entry === undefined) throw new Error("the matrix lacks its first pair");
  const marked = { ...first, metrics: { ...first.metrics, get_block: { ...entry, flags: ["mixed_effect"] as const } } };
  return { kind: "matrix", result: { ...matrix, pairs: [marked, ...others] } };
}

test("a verdict with flags has a mark and the flag below it, and others have neither", () => {
  const [first, ...others] = reportOf(flagged(), DEFAULT_RENDER_OPTIONS).sections;
  const verdicts = first?.table?.rows.map((row) => [row[0]?.text, row[4]?.text.endsWith(" *")]);
  expect(verdicts?.filter(([, isMarked]) => isMarked)).toEqual([["get_block", true]]);
  expect(first?.texts).toEqual([{ label: "* mixed_effect", text: "get_block.", isWarning: true }]);
  for (const { table, texts } of others) {
    expect(texts).toEqual([]);
    for (const row of table?.rows ?? []) expect(row[4]?.text).not.toContain("*");
  }
});

test.each(["txt", "md", "html"] as const)(
  "%s explains the mark, and names the flags that a matrix cannot have",
  (format) => {
    const page = rendered(format, flagged(), DEFAULT_RENDER_OPTIONS).replaceAll(/[\s\\]+/g, " ");
    expect(page).toContain("a verdict with * has flags");
    for (const flag of ["strata_disagree", "simpson", "paired_and_between_disagree"]) expect(page).toContain(flag);
    expect(page).toContain("mixed_effect");
  },
);

test("the chart marks the same cell", () => {
  const stars = (summary: Summary) => rendered("svg", summary, DEFAULT_RENDER_OPTIONS).match(/>\*</g)?.length ?? 0;
  expect(stars(flagged())).toBe(1);
  expect(stars({ kind: "matrix", result: clean(comparisons.fourBackends()) })).toBe(0);
});

test("CSV names the flags", () => {
  const lines = rendered("csv", flagged(), DEFAULT_RENDER_OPTIONS).split("\r\n");
  expect(lines.filter((line) => line.includes("mixed_effect"))).toHaveLength(1);
});
