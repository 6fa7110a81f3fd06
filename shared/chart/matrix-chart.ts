// The matrix as a heat table: a row for each pair of backends, a column for each metric; each cell shows the verdict by shape and
// ground, and the ratio where it has room. In: a published matrix and the text of its report. Out: a scene. The file reads
// like the image: table with heads, names and cells, then the legend.

import type { MatrixEntry } from "../compare/matrix.ts";
import type { MatrixResult } from "../compare/trend.ts";
import type { Verdict } from "../compare/verdict.ts";
import { formatEstimate, formatHostRange } from "../report/format.ts";
import type { RenderOptions } from "../report/model.ts";
import { verdictLabel } from "../report/verdicts.ts";
import { formatRatio } from "../run/format.ts";
import { METRICS, type Metric } from "../run/metrics.ts";
import {
  type Block,
  type ChartText,
  caption,
  describeChart,
  emptyChart,
  type Frame,
  heading,
  type LegendEntry,
  legend,
  makeFrame,
  spacer,
  stack,
} from "./layout.ts";
import { type Item, marker, middle, rect, type Scene, text } from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";
import { groupByVerdict, VERDICT_MARKS, VERDICT_ORDER } from "./verdict-mark.ts";

type Pair = MatrixResult["pairs"][number];

/** The heat table of all pairs; `report` is the text of the matrix's report. */
export function matrixChart(matrix: MatrixResult, report: ChartText, options: RenderOptions): Scene {
  const frame = makeFrame(options.width);
  const { pairs } = matrix;
  const shown = METRICS.filter(({ name }) => options.metrics.length === 0 || options.metrics.includes(name));
  const metrics = shown.filter(({ name }) => pairs.some((pair) => pair.metrics[name] !== undefined));
  if (pairs.length === 0 || metrics.length === 0) {
    const message = pairs.length === 0 ? report.lead : "This matrix has none of the selected metrics.";
    return emptyChart(report, message, options.width);
  }
  const guide =
    `A ratio is the first of a pair over the second: above 1, the first is faster. ${report.guide ?? ""}`.trim();
  const data = pairs.map((pair) => describePair(pair, metrics));
  const entries = pairs.flatMap((pair) => metrics.flatMap(({ name }) => pair.metrics[name] ?? []));
  return stack(options.width, report.title, describeChart({ ...report, guide }, data), [
    ...heading({ ...report, guide }, frame),
    drawTable(pairs, metrics, frame),
    spacer(14),
    legend(legendEntries(entries), frame),
    ...caption(report, [], frame),
  ]);
}

function describePair(pair: Pair, metrics: readonly Metric[]): string {
  const entries = metrics.flatMap(({ name, label }) => {
    const entry = pair.metrics[name];
    return entry === undefined ? [] : [{ ...entry, metric: label }];
  });
  const found = groupByVerdict(entries).map(
    ([label, own]) => `${label} in ${own.map(({ metric }) => metric).join(", ")}`,
  );
  return `${pair.candidate} vs ${pair.baseline} on ${formatPairHosts(pair)}: ${found.join("; ")}.`;
}

const pairName = ({ candidate, baseline }: Pair): string => `${candidate} / ${baseline}`;

/** The hosts of a pair, which differ from metric to metric. */
function formatPairHosts({ metrics }: Pair): string {
  return formatHostRange(Object.values(metrics));
}

// The table.

const LABEL: Font = { size: 12.5, weight: "normal" };
const SMALL: Font = { size: 11, weight: "normal" };
const HEAD: Font = { size: 11.5, weight: "normal" };

const ROW = 42;
const GAP = 2;
const GROUP_GAP = 8;
const MAX_CELL = 104;
const MIN_CELL = 22;
/** Height of a name above its cells, where it is not to the left of them. */
const NAME_LINE = 26;

/** The table of these pairs and metrics, at least one of each. */
function drawTable(pairs: readonly Pair[], metrics: readonly Metric[], frame: Frame): Block {
  const { left, right } = frame;
  const widest = (texts: readonly string[], font: Font) => Math.max(...texts.map((each) => textWidth(each, font)));
  const names = Math.max(widest(pairs.map(pairName), LABEL), widest(pairs.map(formatPairHosts), SMALL)) + 12;
  const { areNamesLeft, width, x } = layoutColumns(metrics, names, frame);
  const entries = pairs.flatMap((pair) => metrics.map(({ name }) => pair.metrics[name]));
  const ratios = entries.map((entry) => (entry === undefined ? "" : formatShortRatio(entry)));
  const hasRatios = widest(ratios, SMALL) <= width - GAP - 2;
  const heads = layoutHeads(metrics, width);
  const nameHeight = areNamesLeft ? 0 : NAME_LINE;
  const step = nameHeight + ROW;
  const muted = { ...SMALL, role: "muted" } as const;
  return {
    height: heads.height + pairs.length * step,
    draw: (y) => [
      ...metrics.flatMap((metric, index) => heads.draw(metric, x(index) + width / 2, y + heads.height - 6)),
      ...pairs.flatMap((pair, row) => {
        const top = y + heads.height + row * step;
        return [
          ...text(pairName(pair), left, middle(top + 13, LABEL.size), LABEL),
          ...(areNamesLeft
            ? text(formatPairHosts(pair), left, middle(top + 29, SMALL.size), muted)
            : text(formatPairHosts(pair), right, middle(top + 13, SMALL.size), { ...muted, anchor: "end" })),
          ...metrics.flatMap(({ name }, index) => {
            const entry = pair.metrics[name];
            return entry === undefined ? [] : drawCell(entry, x(index), top + nameHeight, width - GAP, hasRatios);
          }),
        ];
      }),
    ],
  };
}

/** The positions of the columns: right of the names of the pairs, or below the names where a cell would get too narrow. */
function layoutColumns(metrics: readonly Metric[], names: number, { left, right }: Frame) {
  const gaps = metrics.map((metric, index) =>
    index > 0 && metrics[index - 1]?.group !== metric.group ? GROUP_GAP : 0,
  );
  const gapsTo = (index: number) => gaps.slice(0, index + 1).reduce<number>((sum, gap) => sum + gap, 0);
  const cellFrom = (start: number) => (right - start - gapsTo(metrics.length)) / metrics.length;
  const areNamesLeft = cellFrom(left + names) >= MIN_CELL;
  const start = areNamesLeft ? left + names : left;
  const width = Math.min(MAX_CELL, cellFrom(start));
  return { areNamesLeft, width, x: (index: number) => start + index * width + gapsTo(index) };
}

interface Heads {
  readonly height: number;
  /** The name of a metric around x, ending at y. */
  readonly draw: (metric: Metric, x: number, y: number) => Item[];
}

/** Names above their columns: one word in a line, or turned where the words are wider than the columns. */
function layoutHeads(metrics: readonly Metric[], cell: number): Heads {
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

function drawCell(entry: MatrixEntry, x: number, y: number, width: number, hasRatio: boolean): Item[] {
  const center = x + width / 2;
  const height = ROW - GAP;
  return [
    ...drawGround(entry.verdict, x, y, width, height),
    drawMark(entry.verdict, center, y + (hasRatio ? 13 : height / 2)),
    ...(entry.flags.length > 0 ? text("*", x + width - 2, y + 12, { ...SMALL, anchor: "end" }) : []),
    ...(hasRatio
      ? text(formatShortRatio(entry), center, middle(y + 29, SMALL.size), { ...SMALL, anchor: "middle" })
      : []),
  ];
}

/** A ratio without its sign and spaces, for a narrow cell. */
const formatShortRatio = ({ ratio }: MatrixEntry): string =>
  formatEstimate(ratio, formatRatio, "compact").replace(" ", "");

function drawGround(verdict: Verdict, x: number, y: number, width: number, height: number): Item[] {
  return [rect(`${VERDICT_MARKS[verdict].role}-tint`, x, y, width, height, 3)];
}

function drawMark(verdict: Verdict, x: number, y: number): Item {
  const { role, shape } = VERDICT_MARKS[verdict];
  return marker(shape, role, x, y, 10);
}

// The legend.

/** All verdicts. One mark may have two labels, of which those in the matrix are named. */
function legendEntries(entries: readonly MatrixEntry[]): LegendEntry[] {
  const used = groupByVerdict(entries);
  return VERDICT_ORDER.map((verdict) => {
    const labels = used.flatMap(([label, [first]]) => (first?.verdict === verdict ? [label] : []));
    return {
      name: labels.length === 0 ? verdictLabel({ verdict }) : labels.join(" or "),
      width: 18,
      sample: (x, y) => drawSample(verdict, x, y - 9, 18),
    };
  });
}

/** A sample of a verdict: its ground with its shape. */
function drawSample(verdict: Verdict, x: number, y: number, size: number): Item[] {
  return [...drawGround(verdict, x, y, size, size), drawMark(verdict, x + size / 2, y + size / 2)];
}
