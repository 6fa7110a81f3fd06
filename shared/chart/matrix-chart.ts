// The matrix as a heat table: a row for each pair of backends, a column for each metric, in each cell the verdict by shape and
// ground, and the ratio where there is room for it.

import type { DatedMatrix } from "../compare/dated.ts";
import type { Verdict } from "../compare/verdict.ts";
import { METRICS, type Metric } from "../run/metrics.ts";
import type { Look } from "../report/summary.ts";
import { frameOf, piled, space } from "./layout.ts";
import { caption, description, emptiness, heading, type Words } from "./heading.ts";
import { type LegendEntry, legend } from "./legend.ts";
import { hostsOf, matrixTable, type Pair, verdictTile } from "./matrix-table.ts";
import type { Scene } from "./scene.ts";
import { VERDICT_MARKS } from "./verdict-mark.ts";

/** The heat table of all pairs; `words` are those of the matrix's report. */
export function matrixChart(matrix: DatedMatrix, words: Words, look: Look): Scene {
  const frame = frameOf(look.width);
  const { pairs } = matrix;
  const shown = METRICS.filter(({ name }) => look.metrics.length === 0 || look.metrics.includes(name));
  const metrics = shown.filter(({ name }) => pairs.some((pair) => pair.metrics[name] !== undefined));
  if (pairs.length === 0 || metrics.length === 0) {
    const message = pairs.length === 0 ? words.lead : "None of the metrics asked for is in this matrix.";
    return piled(look.width, words.title, description(words, []), [
      ...heading({ ...words, lead: "" }, frame),
      emptiness(message, frame),
      ...caption(words, [], frame),
    ]);
  }
  const guide =
    `A ratio is the first of a pair over the second: above 1, the first is faster. ${words.guide ?? ""}`.trim();
  const data = pairs.map((pair) => pairInWords(pair, metrics));
  return piled(look.width, words.title, description({ ...words, guide }, data), [
    ...heading({ ...words, guide }, frame),
    matrixTable(pairs, metrics, frame),
    space(14),
    legend(VERDICTS, frame),
    ...caption(words, [], frame),
  ]);
}

/** The verdicts in the order in which they are told. */
// The record names every verdict.
const ORDER = Object.keys(VERDICT_MARKS) as Verdict[];

const VERDICTS: readonly LegendEntry[] = ORDER.map((verdict) => ({
  name: verdict,
  width: 18,
  sample: (x, y) => verdictTile(verdict, x, y - 9, 18),
}));

function pairInWords(pair: Pair, metrics: readonly Metric[]): string {
  const found = ORDER.flatMap((verdict) => {
    const names = metrics.filter(({ name }) => pair.metrics[name]?.verdict === verdict).map(({ label }) => label);
    return names.length === 0 ? [] : [`${verdict} in ${names.join(", ")}`];
  });
  return `${pair.candidate} against ${pair.baseline} on ${hostsOf(pair)}: ${found.join("; ")}.`;
}
