// A host among the others: for each of its ratios and rates a strip on which the hosts with the same stand in the order of their
// values, slowest left, and the host itself in its place. The answer knows how many are certainly below and above it, so the
// place is a range where some cannot be told apart from it.

import type { HostMetric, HostProfile, HostRank, HostRatio } from "../compare/host.ts";
import { timesText, valueText } from "../report/format.ts";
import type { RenderOptions } from "../report/model.ts";
import { formatCount, formatNumber, formatRate } from "../run/format.ts";
import { METRICS, type Metric } from "../run/metrics.ts";
import {
  type Block,
  caption,
  description,
  emptyState,
  type Frame,
  frameOf,
  heading,
  legend,
  space,
  stack,
  type Words,
} from "./layout.ts";
import { type Item, marker, middle, rect, type Scene, text, upright } from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";

/** No more groups are drawn; the rest is in the tables. */
const MAX_GROUPS = 4;

interface Row {
  readonly label: string;
  readonly value: string;
  readonly standing: HostRank | null;
  /** What stands in place of the strip; null where there is one. */
  readonly instead: string | null;
}

interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** The strips of a host; `words` are those of its report. */
export function hostChart(profile: HostProfile, words: Words, look: RenderOptions): Scene {
  const frame = frameOf(look.width);
  const groups = groupsOf(profile, look).filter(({ rows }) => rows.length > 0);
  const data = groups.flatMap(({ name, rows }) => [
    `${name}:`,
    ...rows.map((row) => `${row.label} ${row.value}, ${row.instead ?? placeText(row.standing)}.`),
  ]);
  const desc = description(words, data);
  if (groups.length === 0) {
    return stack(look.width, words.title, desc, [
      ...heading({ ...words, lead: "", guide: null }, frame),
      emptyState(words.lead, frame),
      ...caption(words, [], frame),
    ]);
  }
  const left = groups.length - MAX_GROUPS;
  const notes = left > 0 ? [`${formatCount(left, "further group")} not shown.`] : [];
  const drawn = groups.slice(0, MAX_GROUPS);
  const layout = layoutOf(drawn, frame);
  return stack(look.width, words.title, desc, [
    ...heading({ ...words, guide: GUIDE }, frame),
    ...drawn.flatMap((group) => [groupBlock(group, layout, frame), space(14)]),
    legend(
      [
        { name: "this host", width: 11, sample: (x, y) => [marker("diamond", "better", x + 5.5, y, 11)] },
        {
          name: "its place lies within",
          width: 22,
          sample: (x, y) => [rect("better-tint", x, y - 6, 22, 12, 2)],
        },
        { name: "another host", width: 3, sample: (x, y) => [upright("muted", x + 1, y - 6, y + 6)] },
      ],
      frame,
    ),
    ...caption(words, notes, frame),
  ]);
}

const GUIDE = "Hosts with the same backend and stratum in the order of their values, the slowest on the left.";

function groupsOf({ ratios, backends }: HostProfile, { metrics }: RenderOptions): Group[] {
  const shown = METRICS.filter(({ name }) => metrics.length === 0 || metrics.includes(name));
  const rowsOf = <T extends HostMetric | HostRatio>(
    { all, trusted }: { all: Partial<Record<Metric["name"], T>>; trusted: Partial<Record<Metric["name"], T>> },
    textOf: (value: T, metric: Metric) => string,
  ): Row[] =>
    shown.flatMap((metric): Row[] => {
      const value = trusted[metric.name] ?? all[metric.name];
      if (value === undefined) return [];
      const isCached = trusted[metric.name] === undefined;
      return [
        {
          label: metric.label,
          value: textOf(value, metric),
          standing: value.standing,
          instead: isCached ? "suspected cache: not among the others" : insteadOf(value.standing),
        },
      ];
    });
  return [
    ...ratios.map((pair) => ({
      name: `${pair.candidate} against ${pair.baseline}, stratum ${pair.stratum}`,
      rows: rowsOf(pair, (value) => timesText(value)),
    })),
    ...backends.map((group) => ({
      name: `${group.backend}, stratum ${group.stratum}`,
      rows: rowsOf(group, (value, { unit }) => valueText(value, formatRate, ` ${unit}`)),
    })),
  ];
}

function insteadOf(standing: HostRank | null): string | null {
  if (standing === null) return "not counted yet";
  return standing.hosts < 2 ? "no other host to stand among" : null;
}

/** `above 28 of 29`, or `above 10 to 14 of 29` where some cannot be told apart. */
function placeText(standing: HostRank | null): string {
  if (standing === null) return "";
  const others = standing.hosts - 1;
  const most = Math.max(standing.below, others - standing.above);
  const below =
    most === standing.below ? formatNumber(most) : `${formatNumber(standing.below)} to ${formatNumber(most)}`;
  return `above ${below} of ${formatNumber(others)}`;
}

const NAME: Font = { size: 12.5, weight: "bold" };
const LABEL: Font = { size: 12.5, weight: "normal" };
const SMALL: Font = { size: 11.5, weight: "normal" };
const HEAD = 40;
const STRIP = 14;
const GAP = 18;

interface Layout {
  readonly strip: Frame;
  readonly rowHeight: number;
  readonly stripY: number;
  readonly words: (row: Row, y: number) => Item[];
}

/** One line for each row where the words leave room for the strip, else the strip below them. */
function layoutOf(groups: readonly Group[], { left, right }: Frame): Layout {
  const rows = groups.flatMap((group) => group.rows);
  const widest = (textOf: (row: Row) => string, font: Font) =>
    Math.max(...rows.map((row) => textWidth(textOf(row), font)));
  const places = widest((row) => (row.instead === null ? placeText(row.standing) : ""), SMALL);
  const values = widest(({ value }) => value, LABEL);
  const valueX = right - places - GAP;
  const strip = { left: left + widest(({ label }) => label, LABEL) + GAP, right: valueX - values - GAP };
  const value = (row: Row, x: number, y: number) =>
    text(row.value, x, middle(y, LABEL.size), { ...LABEL, anchor: "end" });
  const place = (row: Row, y: number) =>
    row.instead === null
      ? text(placeText(row.standing), right, middle(y, SMALL.size), { ...SMALL, role: "muted", anchor: "end" })
      : [];
  if (strip.right - strip.left >= 220) {
    return {
      strip,
      rowHeight: 24,
      stripY: 12,
      words: (row, y) => [
        ...text(row.label, left, middle(y + 12, LABEL.size), LABEL),
        ...value(row, valueX, y + 12),
        ...place(row, y + 12),
      ],
    };
  }
  return {
    strip: { left, right },
    rowHeight: 56,
    stripY: 43,
    words: (row, y) => [
      ...text(row.label, left, middle(y + 12, LABEL.size), {
        ...LABEL,
        room: right - left - textWidth(row.value, LABEL) - GAP,
      }),
      ...value(row, right, y + 12),
      ...place(row, y + 27),
    ],
  };
}

function groupBlock({ name, rows }: Group, layout: Layout, frame: Frame): Block {
  const { strip, rowHeight, stripY } = layout;
  const style = { ...SMALL, role: "muted", room: (strip.right - strip.left) / 2 - 8 } as const;
  return {
    height: HEAD + rows.length * rowHeight,
    draw: (y) => [
      ...text(name, frame.left, y + 13, { ...NAME, room: frame.right - frame.left }),
      ...text("← slower", strip.left, y + 32, style),
      ...text("faster →", strip.right, y + 32, { ...style, anchor: "end" }),
      ...rows.flatMap((row, index) => {
        const top = y + HEAD + index * rowHeight;
        return [...layout.words(row, top), ...stripItems(row, strip, top + stripY)];
      }),
    ],
  };
}

/** Ticks for the others only where each has at least so many px. */
const MIN_STEP = 4;

function stripItems({ standing, instead }: Row, { left, right }: Frame, y: number): Item[] {
  const ground = rect("zone", left, y - STRIP / 2, right - left, STRIP, 2);
  if (standing === null || instead !== null) {
    const style = { ...SMALL, role: "muted", anchor: "middle", room: right - left - 8 } as const;
    return [ground, ...text(instead ?? "", (left + right) / 2, middle(y, SMALL.size), style)];
  }
  const others = standing.hosts - 1;
  const step = (right - left - 16) / others;
  const at = (rank: number) => left + 8 + rank * step;
  const [from, to] = [standing.below, Math.max(standing.below, others - standing.above)];
  // A place in the middle of a wide range would be made up.
  const isTold = to - from <= Math.max(1, others / 20);
  const ticks = Array.from({ length: step >= MIN_STEP ? standing.hosts : 0 }, (_, rank) => rank);
  return [
    ground,
    ...(isTold ? [] : [rect("better-tint", at(from) - 2, y - STRIP / 2, at(to) - at(from) + 4, STRIP, 2)]),
    ...ticks.map((rank) => upright("muted", at(rank), y - 3, y + 3)),
    ...(isTold ? [marker("diamond", "better", (at(from) + at(to)) / 2, y, 11)] : []),
  ];
}
