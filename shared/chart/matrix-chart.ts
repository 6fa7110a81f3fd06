// The matrix as a heat table: a row for each pair of backends, a column for each metric, in each cell the verdict by shape and
// ground, and the ratio where there is room for it.

import type { MatrixEntry } from "../compare/matrix.ts";
import type { MatrixResult } from "../compare/trend.ts";
import type { Verdict } from "../compare/verdict.ts";
import { hostsOfAll, timesText } from "../report/format.ts";
import type { RenderOptions } from "../report/model.ts";
import { METRICS, type Metric } from "../run/metrics.ts";
import {
  type Block,
  caption,
  description,
  emptyState,
  type Frame,
  frameOf,
  heading,
  type LegendEntry,
  legend,
  space,
  stack,
  type Words,
} from "./layout.ts";
import { type Item, marker, middle, rect, type Scene, text } from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";
import { VERDICT_MARKS } from "./verdict-mark.ts";

// The cells of the matrix: pairs of backends downwards, metrics across.

type Pair = MatrixResult["pairs"][number];

const LABEL: Font = { size: 12.5, weight: "normal" };
const SMALL: Font = { size: 11, weight: "normal" };
const HEAD: Font = { size: 11.5, weight: "normal" };

const ROW = 42;
const GAP = 2;
const GROUP_GAP = 8;
const WIDEST_CELL = 104;
const MIN_CELL = 22;
/** A name above its cells, where it does not stand beside them. */
const NAME_LINE = 26;

const nameOf = ({ candidate, baseline }: Pair): string => `${candidate} / ${baseline}`;

/** The hosts behind a pair, which differ from metric to metric. */
function hostsOf({ metrics }: Pair): string {
  return hostsOfAll(Object.values(metrics));
}

/** A ratio without its sign, as short as can be. */
const shortText = ({ ratio }: MatrixEntry): string => timesText(ratio).replaceAll("×", "").replace(" ", "");

/** Where the columns are: beside the names of the pairs, or below them where that would leave too little for a cell. */
function columnsOf(metrics: readonly Metric[], names: number, { left, right }: Frame) {
  const gaps = metrics.map((metric, index) =>
    index > 0 && metrics[index - 1]?.group !== metric.group ? GROUP_GAP : 0,
  );
  const gapsTo = (index: number) => gaps.slice(0, index + 1).reduce<number>((sum, gap) => sum + gap, 0);
  const cellFrom = (start: number) => (right - start - gapsTo(metrics.length)) / metrics.length;
  const isBeside = cellFrom(left + names) >= MIN_CELL;
  const start = isBeside ? left + names : left;
  const width = Math.min(WIDEST_CELL, cellFrom(start));
  return { isBeside, width, x: (index: number) => start + index * width + gapsTo(index) };
}

/** The table of these pairs and metrics, at least one of each. */
function matrixTable(pairs: readonly Pair[], metrics: readonly Metric[], frame: Frame): Block {
  const { left, right } = frame;
  const widest = (texts: readonly string[], font: Font) => Math.max(...texts.map((each) => textWidth(each, font)));
  const names = Math.max(widest(pairs.map(nameOf), LABEL), widest(pairs.map(hostsOf), SMALL)) + 12;
  const { isBeside, width, x } = columnsOf(metrics, names, frame);
  const entries = pairs.flatMap((pair) => metrics.map(({ name }) => pair.metrics[name]));
  const ratios = entries.map((entry) => (entry === undefined ? "" : shortText(entry)));
  const hasRatios = widest(ratios, SMALL) <= width - GAP - 2;
  const heads = headsOf(metrics, width);
  const nameHeight = isBeside ? 0 : NAME_LINE;
  const step = nameHeight + ROW;
  const muted = { ...SMALL, role: "muted" } as const;
  return {
    height: heads.height + pairs.length * step,
    draw: (y) => [
      ...metrics.flatMap((metric, index) => heads.draw(metric, x(index) + width / 2, y + heads.height - 6)),
      ...pairs.flatMap((pair, row) => {
        const top = y + heads.height + row * step;
        return [
          ...text(nameOf(pair), left, middle(top + 13, LABEL.size), LABEL),
          ...(isBeside
            ? text(hostsOf(pair), left, middle(top + 29, SMALL.size), muted)
            : text(hostsOf(pair), right, middle(top + 13, SMALL.size), { ...muted, anchor: "end" })),
          ...metrics.flatMap(({ name }, index) => {
            const entry = pair.metrics[name];
            return entry === undefined ? [] : cellItems(entry, x(index), top + nameHeight, width - GAP, hasRatios);
          }),
        ];
      }),
    ],
  };
}

interface Heads {
  readonly height: number;
  /** The name of a metric around x, ending at y. */
  readonly draw: (metric: Metric, x: number, y: number) => Item[];
}

/** Names above their columns: a word a line, or turned where the words are wider than the columns. */
function headsOf(metrics: readonly Metric[], cell: number): Heads {
  const style = { ...HEAD, role: "muted" } as const;
  const words = metrics.flatMap(({ label }) => label.split(" "));
  if (words.every((word) => textWidth(word, HEAD) <= cell - 6)) {
    const step = 15;
    return {
      height: 2 * step + 10,
      draw: ({ label }, x, y) =>
        label
          .split(" ")
          .toReversed()
          .flatMap((word, index) => text(word, x - GAP / 2, y - 3 - index * step, { ...style, anchor: "middle" })),
    };
  }
  return {
    height: Math.max(...metrics.map(({ label }) => textWidth(label, HEAD))) + 10,
    draw: ({ label }, x, y) => text(label, middle(x - GAP / 2, HEAD.size), y, { ...style, turned: true }),
  };
}

/** The sample of a verdict: its ground with its shape. */
function verdictTile(verdict: Verdict, x: number, y: number, size: number): Item[] {
  return [...ground(verdict, x, y, size, size), glyph(verdict, x + size / 2, y + size / 2)];
}

function ground(verdict: Verdict, x: number, y: number, width: number, height: number): Item[] {
  return [rect(`${VERDICT_MARKS[verdict].role}-tint`, x, y, width, height, 3)];
}

function glyph(verdict: Verdict, x: number, y: number): Item {
  const { role, shape } = VERDICT_MARKS[verdict];
  return marker(shape, role, x, y, 10);
}

function cellItems(entry: MatrixEntry, x: number, y: number, width: number, hasRatio: boolean): Item[] {
  const center = x + width / 2;
  const height = ROW - GAP;
  return [
    ...ground(entry.verdict, x, y, width, height),
    glyph(entry.verdict, center, y + (hasRatio ? 13 : height / 2)),
    ...(entry.flags.length > 0 ? text("*", x + width - 2, y + 12, { ...SMALL, anchor: "end" }) : []),
    ...(hasRatio ? text(shortText(entry), center, middle(y + 29, SMALL.size), { ...SMALL, anchor: "middle" }) : []),
  ];
}

/** The heat table of all pairs; `words` are those of the matrix's report. */
export function matrixChart(matrix: MatrixResult, words: Words, look: RenderOptions): Scene {
  const frame = frameOf(look.width);
  const { pairs } = matrix;
  const shown = METRICS.filter(({ name }) => look.metrics.length === 0 || look.metrics.includes(name));
  const metrics = shown.filter(({ name }) => pairs.some((pair) => pair.metrics[name] !== undefined));
  if (pairs.length === 0 || metrics.length === 0) {
    const message = pairs.length === 0 ? words.lead : "None of the metrics asked for is in this matrix.";
    return stack(look.width, words.title, description(words, []), [
      ...heading({ ...words, lead: "" }, frame),
      emptyState(message, frame),
      ...caption(words, [], frame),
    ]);
  }
  const guide =
    `A ratio is the first of a pair over the second: above 1, the first is faster. ${words.guide ?? ""}`.trim();
  const data = pairs.map((pair) => pairInWords(pair, metrics));
  return stack(look.width, words.title, description({ ...words, guide }, data), [
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
