// Where the columns of the ratio chart are. Wide pictures have a line for each metric, narrower ones two, and in narrow ones
// the axis lies below the words. Which it is depends on the room that the texts leave for the axis.

import type { Frame } from "./layout.ts";
import { marker, middle, text } from "./items.ts";
import { type Font, widthOfText } from "./text-metrics.ts";
import type { RatioRow } from "./ratio-row.ts";
import type { Item } from "./scene.ts";
import { VERDICT_MARKS } from "./verdict-mark.ts";

export interface RatioLayout {
  /** Between these the axis lies. */
  readonly plot: Frame;
  readonly rowHeight: number;
  /** The middle of the marks, and the part of the row that belongs to the axis, from the upper edge of the row. */
  readonly markY: number;
  readonly strip: { readonly top: number; readonly bottom: number };
  /** Names of the columns, with their baseline at y. */
  readonly heads: (y: number) => Item[];
  /** The words of a row with its upper edge at y. */
  readonly words: (row: RatioRow, y: number) => Item[];
}

const LABEL: Font = { size: 13, weight: "normal" };
const STRONG: Font = { size: 13, weight: "bold" };
const SMALL: Font = { size: 11.5, weight: "normal" };

/** Width of a verdict's shape with the gap behind it. */
const SHAPE = 16;
const GAP = 20;
/** Between the ratio and its interval. */
const CLOSE = 9;

/** Room that the axis needs. */
const LEAST_PLOT = { wide: 300, medium: 230 } as const;

/** The layout for these rows. */
export function ratioLayout(rows: readonly RatioRow[], frame: Frame): RatioLayout {
  const widest = (textOf: (row: RatioRow) => string, font: Font, least = 0) =>
    rows.reduce((width, row) => Math.max(width, widthOfText(textOf(row), font)), least);
  const widths: Widths = {
    label: widest(({ label }) => label, LABEL),
    verdict: SHAPE + widest(({ metric }) => metric.verdict, SMALL),
    times: widest(({ times }) => times, STRONG, widthOfText(HEADS.times, SMALL)),
    interval: widest(({ interval }) => interval, LABEL, widthOfText(HEADS.interval, SMALL)),
    count: widest(({ count }) => count, LABEL, widthOfText(HEADS.count, SMALL)),
    hosts: widest(({ hosts }) => hosts, SMALL),
  };
  return wide(widths, frame) ?? medium(widths, frame) ?? stacked(frame);
}

const HEADS = { times: "ratio", interval: "95 % interval", count: "hosts" } as const;

type Widths = Readonly<Record<"label" | "verdict" | "times" | "interval" | "count" | "hosts", number>>;

function verdictAt({ metric: { verdict } }: RatioRow, x: number, y: number, room: number): Item[] {
  const { role, shape } = VERDICT_MARKS[verdict];
  const style = { ...SMALL, role, room: room - SHAPE };
  return [marker(shape, role, x + 5, y, 9), ...text(verdict, x + SHAPE, middle(y, SMALL.size), style)];
}

function head(content: string, x: number, y: number, anchor: "start" | "end"): Item[] {
  return text(content, x, y, { ...SMALL, role: "muted", anchor });
}

/** A line for each metric: name, axis, verdict, ratio, interval, hosts. */
function wide(widths: Widths, { left, right }: Frame): RatioLayout | null {
  const interval = right - widths.count - GAP - widths.interval;
  const times = interval - CLOSE;
  const verdict = times - widths.times - GAP - widths.verdict;
  const plot = { left: left + widths.label + GAP, right: verdict - GAP };
  if (plot.right - plot.left < LEAST_PLOT.wide) return null;
  return {
    plot,
    rowHeight: 28,
    markY: 14,
    strip: { top: 0, bottom: 28 },
    heads: (y) => [
      ...head("verdict", verdict + SHAPE, y, "start"),
      ...head(HEADS.times, times, y, "end"),
      ...head(HEADS.interval, interval, y, "start"),
      ...head(HEADS.count, right, y, "end"),
    ],
    words: (row, y) => {
      const baseline = middle(y + 14, LABEL.size);
      return [
        ...text(row.label, left, baseline, LABEL),
        ...verdictAt(row, verdict, y + 14, widths.verdict),
        ...text(row.times, times, baseline, { ...STRONG, anchor: "end" }),
        ...text(row.interval, interval, baseline, { ...LABEL, role: "muted" }),
        ...text(row.count, right, baseline, { ...LABEL, role: "muted", anchor: "end" }),
      ];
    },
  };
}

/** Two lines for each metric: name and verdict, axis, ratio with interval and hosts. */
function medium(widths: Widths, { left, right }: Frame): RatioLayout | null {
  const interval = right - Math.max(widths.interval, widths.hosts);
  const times = interval - CLOSE;
  const names = Math.max(widths.label, widths.verdict);
  const plot = { left: left + names + GAP, right: times - widths.times - GAP };
  if (plot.right - plot.left < LEAST_PLOT.medium) return null;
  const lines = { first: 12, second: 28 } as const;
  return {
    plot,
    rowHeight: 41,
    markY: 20.5,
    strip: { top: 0, bottom: 41 },
    heads: (y) => [...head(HEADS.times, times, y, "end"), ...head(HEADS.interval, interval, y, "start")],
    words: (row, y) => [
      ...text(row.label, left, middle(y + lines.first, LABEL.size), LABEL),
      ...verdictAt(row, left, y + lines.second, names),
      ...text(row.times, times, middle(y + lines.first, STRONG.size), { ...STRONG, anchor: "end" }),
      ...text(row.interval, interval, middle(y + lines.first, LABEL.size), { ...LABEL, role: "muted" }),
      ...text(row.hosts, interval, middle(y + lines.second, SMALL.size), { ...SMALL, role: "muted" }),
    ],
  };
}

/** The words in two lines above the axis, which is as wide as the picture. */
function stacked({ left, right }: Frame): RatioLayout {
  const lines = { first: 14, second: 30 } as const;
  return {
    plot: { left, right },
    rowHeight: 66,
    markY: 50,
    strip: { top: 40, bottom: 60 },
    heads: () => [],
    words: (row, y) => {
      const interval = widthOfText(row.interval, LABEL);
      const times = right - (row.interval === "" ? 0 : interval + CLOSE);
      const label = times - widthOfText(row.times, STRONG) - CLOSE - left;
      const verdict = right - widthOfText(row.hosts, SMALL) - CLOSE - left;
      return [
        ...text(row.label, left, middle(y + lines.first, LABEL.size), { ...LABEL, room: label }),
        ...text(row.times, times, middle(y + lines.first, STRONG.size), { ...STRONG, anchor: "end" }),
        ...text(row.interval, right, middle(y + lines.first, LABEL.size), { ...LABEL, role: "muted", anchor: "end" }),
        ...verdictAt(row, left, y + lines.second, verdict),
        ...text(row.hosts, right, middle(y + lines.second, SMALL.size), { ...SMALL, role: "muted", anchor: "end" }),
      ];
    },
  };
}
