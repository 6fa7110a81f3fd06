// The chart of a comparison: a row for each metric, the ratio on a logarithmic axis with 1 in the middle, the band of hosts,
// on it the 95 % interval, on it the median in the shape of its verdict.

import type { Comparison } from "../compare/comparison.ts";
import { countOf, marginText } from "../run/format.ts";
import type { Look } from "../report/summary.ts";
import { type Block, type Frame, frameOf, piled, space } from "./layout.ts";
import { caption, description, emptiness, heading, type Words } from "./heading.ts";
import { level, line, marker, middle, rect, text, upright } from "./items.ts";
import { type LegendEntry, legend } from "./legend.ts";
import { type LogAxis, logAxis } from "./log-axis.ts";
import { widthOfText } from "./text-metrics.ts";
import { type RatioLayout, ratioLayout } from "./ratio-layout.ts";
import { ratioMarks } from "./ratio-marks.ts";
import { ratioNotes } from "./ratio-notes.ts";
import { type RatioRow, ratioRows } from "./ratio-row.ts";
import type { Item, Scene } from "./scene.ts";
import { verdictCount } from "./verdict-count.ts";

/** The chart of the fleet; `words` are those of the comparison's report. */
export function ratioChart(comparison: Comparison, words: Words, look: Look): Scene {
  const frame = frameOf(look.width);
  const rows = ratioRows(comparison, look.metrics);
  const data = rows.map(({ metric, label }) => `${label}: ${metric.verdict}. ${metric.sentence}`);
  const isEmpty = rows.every(({ metric, isCached }) => metric.hosts === 0 && !isCached);
  const notes = isEmpty ? [] : ratioNotes(comparison, rows);
  const desc = description(words, isEmpty ? [] : [...data, ...notes]);
  if (isEmpty) {
    const message = rows.length === 0 ? "None of the metrics asked for is in this comparison." : words.lead;
    return piled(look.width, words.title, desc, [
      ...heading({ ...words, lead: "" }, frame),
      emptiness(message, frame),
      ...caption(words, [], frame),
    ]);
  }
  const layout = ratioLayout(rows, frame);
  const axis = logAxis(ratiosOf(rows), layout.plot.left, layout.plot.right);
  return piled(look.width, words.title, desc, [
    ...heading({ ...words, lead: leadOf(comparison, rows, words.lead) }, frame),
    plot(comparison, rows, layout, axis, frame),
    space(10),
    legend(meanings(comparison, rows), frame),
    ...caption(words, notes, frame),
  ]);
}

/** The finding in a sentence that names no metric, since every row does; where no host counts, that of the report. */
function leadOf({ baseline, candidate }: Comparison, rows: readonly RatioRow[], lead: string): string {
  const counts = rows.map(({ metric }) => metric.n_eff);
  const most = Math.max(...counts);
  if (most === 0) return lead;
  const hosts = `${most <= 1 || counts.every((count) => count === most) ? "" : "up to "}${countOf(most, "host")}`;
  const verdicts = verdictCount(rows.map(({ metric }) => metric.verdict));
  return `On ${hosts} with both, ${candidate} compared with ${baseline} is ${verdicts}.`;
}

/** What the axis has to hold: all that is known on both sides. A bound alone is an arrow, wherever it is. */
function ratiosOf(rows: readonly RatioRow[]): number[] {
  return rows.flatMap(({ metric: { ratio, ci, host_range }, instead }) =>
    instead !== null
      ? []
      : [ratio, ci, host_range].flatMap((each) =>
          each === null || each.low === null || each.high === null ? [] : [each.low, each.high],
        ),
  );
}

const HEAD_HEIGHT = 42;
const FOOT_HEIGHT = 20;
const GROUP_GAP = 10;
const TICK_SIZE = 11;

function plot(
  comparison: Comparison,
  rows: readonly RatioRow[],
  layout: RatioLayout,
  axis: LogAxis,
  frame: Frame,
): Block {
  const gapsBefore = rows.map((_, index) => rows.slice(0, index + 1).filter(({ opensGroup }) => opensGroup).length);
  const topOf = (index: number) => HEAD_HEIGHT + index * layout.rowHeight + (gapsBefore[index] ?? 0) * GROUP_GAP;
  const bottom = topOf(rows.length - 1) + layout.rowHeight;
  const isOneStrip = layout.strip.bottom - layout.strip.top === layout.rowHeight;
  const strips = isOneStrip
    ? [{ top: HEAD_HEIGHT, bottom }]
    : rows.map((_, index) => ({ top: topOf(index) + layout.strip.top, bottom: topOf(index) + layout.strip.bottom }));
  return {
    height: bottom + FOOT_HEIGHT,
    draw: (y) => [
      ...strips.flatMap((strip) => ground(comparison.margin, axis, y + strip.top, y + strip.bottom)),
      ...layout.heads(y + 13),
      ...directions(comparison, layout.plot, y + 13),
      ...tickLabels(axis, y + 32),
      ...rows.flatMap((row, index) => [
        ...(row.opensGroup ? [level("grid", frame.left, frame.right, y + topOf(index) - GROUP_GAP / 2)] : []),
        ...layout.words(row, y + topOf(index)),
        ...(row.instead === null
          ? ratioMarks(row, axis, y + topOf(index) + layout.markY)
          : instead(row.instead, layout.plot, y + topOf(index) + layout.markY)),
      ]),
      ...tickLabels(axis, y + bottom + 14),
    ],
  };
}

/** The margin around 1, the ticks, and the line at 1. */
function ground(margin: number, axis: LogAxis, top: number, bottom: number): Item[] {
  const [from, to] = [axis.place(1 / (1 + margin)).x, axis.place(1 + margin).x];
  const one = axis.place(1).x;
  return [
    rect("zone", axis.left, top, axis.right - axis.left, bottom - top),
    rect("margin", from, top, to - from, bottom - top),
    ...axis.ticks.filter((tick) => tick !== 1).map((tick) => upright("grid", axis.place(tick).x, top, bottom)),
    upright("muted", one, top, bottom),
  ];
}

/** Which way is which, at the ends of the axis; shorter where both do not fit. */
function directions({ baseline, candidate }: Comparison, { left, right }: Frame, y: number): Item[] {
  const style = { size: 11.5, weight: "bold" } as const;
  const long = [`← ${baseline} faster`, `${candidate} faster →`] as const;
  const fits = widthOfText(long.join(""), style) + 16 <= right - left;
  const [before, after] = fits ? long : ([`← ${baseline}`, `${candidate} →`] as const);
  const room = (right - left - 16) / 2;
  return [
    ...text(before, left, y, { ...style, role: "worse", room }),
    ...text(after, right, y, { ...style, role: "better", anchor: "end", room }),
  ];
}

/** Names of the ticks; 1 first, then from the ends inwards, as many as have room. */
function tickLabels(axis: LogAxis, y: number): Item[] {
  const byRank = axis.ticks.toSorted(
    (a, b) => Number(b === 1) - Number(a === 1) || Math.abs(Math.log(b)) - Math.abs(Math.log(a)),
  );
  const placed: { from: number; to: number; items: Item[] }[] = [];
  for (const tick of byRank) {
    const at = axis.place(tick).x;
    const half = widthOfText(`${tick}×`, { size: TICK_SIZE, weight: "normal" }) / 2 + 4;
    // The outermost ones stay within the ends of the axis.
    const x = Math.min(Math.max(at, axis.left + half - 4), axis.right - half + 4);
    if (placed.some(({ from, to }) => x - half < to && from < x + half)) continue;
    placed.push({
      from: x - half,
      to: x + half,
      items: text(`${tick}×`, x, y, { size: TICK_SIZE, role: "muted", anchor: "middle" }),
    });
  }
  return placed.flatMap(({ items }) => items);
}

function instead(words: string, { left, right }: Frame, y: number): Item[] {
  const style = { size: 11.5, anchor: "middle", role: "muted", room: right - left - 16 } as const;
  const center = (left + right) / 2;
  const label = text(words, center, middle(y, style.size), style);
  // On ground of its own, so that no tick runs through the letters.
  return [...label.map(({ box }) => rect("zone", box.x - 6, box.y - 1, box.width + 12, box.height + 2)), ...label];
}

function meanings({ margin }: Comparison, rows: readonly RatioRow[]): LegendEntry[] {
  const marked = rows.filter((row) => row.instead === null).map(({ metric }) => metric);
  const kinds = new Set(marked.map(({ host_range: { kind } }) => kind));
  const isBound = (low: number | null, high: number | null) => (low === null) !== (high === null);
  const hasArrows = marked.some(
    ({ ratio, ci }) => isBound(ratio.low, ratio.high) || (ci !== null && isBound(ci.low, ci.high)),
  );
  const band = (name: string): LegendEntry => ({
    name,
    width: 22,
    sample: (x, y) => [rect("band", x, y - 6, 22, 12, 2)],
  });
  return [
    ...(marked.length === 0
      ? []
      : [
          {
            name: "median of the hosts",
            width: 11,
            sample: (x: number, y: number) => [marker("circle", "muted", x + 5.5, y, 10)],
          },
        ]),
    ...(marked.some(({ ci }) => ci !== null)
      ? [
          {
            name: "95 % interval",
            width: 22,
            sample: (x: number, y: number) => [
              line("muted", x, y, x + 22, y, 2),
              line("muted", x, y - 4, x, y + 4, 1.5),
              line("muted", x + 22, y - 4, x + 22, y + 4, 1.5),
            ],
          },
        ]
      : []),
    ...(kinds.has("central_90") ? [band("middle 90 % of the hosts")] : []),
    ...(kinds.has("min_max") ? [band(kinds.size === 1 ? "all hosts" : "all hosts, below 20")] : []),
    ...(hasArrows
      ? [
          {
            name: "only a bound is known",
            width: 22,
            sample: (x: number, y: number) => [
              line("muted", x, y, x + 20, y, 2),
              marker("arrow-right", "muted", x + 22, y, 8),
            ],
          },
        ]
      : []),
    {
      name: `within ${marginText(margin)}: equal`,
      width: 12,
      sample: (x, y) => [rect("margin", x, y - 6, 12, 12), line("muted", x + 6, y - 6, x + 6, y + 6)],
    },
  ];
}
