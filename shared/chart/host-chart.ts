// A host among the others: for each of its ratios and rates a strip with the hosts that have the same backends and stratum, in the
// order of their values, slowest on the left, and the host itself at its rank. The profile counts the hosts that are certainly
// below and above it, so the rank is a range where some cannot be ordered. In: a host's profile and the text of its report.
// Out: a scene. The file reads like the image: groups, each with rows of text and strip; the layouts are at the end.

import type { HostMetric, HostProfile, HostRank, HostRatio } from "../compare/host.ts";
import { formatEstimate, formatTimes } from "../report/format.ts";
import type { RenderOptions } from "../report/model.ts";
import { formatCount, formatNumber, formatRate } from "../run/format.ts";
import { METRICS, type Metric } from "../run/metrics.ts";
import {
  type Block,
  type ChartText,
  caption,
  describeChart,
  emptyChart,
  type Frame,
  heading,
  legend,
  makeFrame,
  spacer,
  stack,
} from "./layout.ts";
import { type Item, marker, middle, rect, type Scene, text, verticalLine } from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";

/** Further groups are not drawn; they are in the tables. */
const MAX_GROUPS = 4;

const GUIDE = "Hosts with the same backend and stratum in the order of their values, the slowest on the left.";

/** The strips of a host; `report` is the text of its report. */
export function hostChart(profile: HostProfile, report: ChartText, options: RenderOptions): Scene {
  const frame = makeFrame(options.width);
  const groups = buildGroups(profile, options).filter(({ rows }) => rows.length > 0);
  const data = groups.flatMap(({ name, rows }) => [
    `${name}:`,
    ...rows.map((row) => `${row.label} ${row.value}, ${row.instead ?? formatRank(row.rank)}.`),
  ]);
  const desc = describeChart(report, data);
  if (groups.length === 0) return emptyChart(report, report.lead, options.width, null);
  const left = groups.length - MAX_GROUPS;
  const notes = left > 0 ? [`${formatCount(left, "further group")} not shown.`] : [];
  const drawn = groups.slice(0, MAX_GROUPS);
  const layout = chooseLayout(drawn, frame);
  return stack(options.width, report.title, desc, [
    ...heading({ ...report, guide: GUIDE }, frame),
    ...drawn.flatMap((group) => [drawGroup(group, layout, frame), spacer(14)]),
    legend(
      [
        { name: "this host", width: 11, sample: (x, y) => [marker("diamond", "better", x + 5.5, y, 11)] },
        {
          name: "its rank is in this range",
          width: 22,
          sample: (x, y) => [rect("better-tint", x, y - 6, 22, 12, 2)],
        },
        { name: "another host", width: 3, sample: (x, y) => [verticalLine("muted", x + 1, y - 6, y + 6)] },
      ],
      frame,
    ),
    ...caption(report, notes, frame),
  ]);
}

// The rows: every text, before anything has a position.

interface Row {
  readonly label: string;
  readonly value: string;
  readonly rank: HostRank | null;
  /** The text in place of the marks of the strip; null where the strip has marks. */
  readonly instead: string | null;
}

interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

function buildGroups({ ratios, backends }: HostProfile, { metrics }: RenderOptions): Group[] {
  const shown = METRICS.filter(({ name }) => metrics.length === 0 || metrics.includes(name));
  const buildRows = <T extends HostMetric | HostRatio>(
    { all, trusted }: { all: Partial<Record<Metric["name"], T>>; trusted: Partial<Record<Metric["name"], T>> },
    format: (value: T, metric: Metric) => string,
  ): Row[] =>
    shown.flatMap((metric): Row[] => {
      const value = trusted[metric.name] ?? all[metric.name];
      if (value === undefined) return [];
      const isCached = trusted[metric.name] === undefined;
      return [
        {
          label: metric.label,
          value: format(value, metric),
          rank: value.standing,
          instead: isCached ? "suspected cache: not ranked" : textInstead(value.standing),
        },
      ];
    });
  return [
    ...ratios.map((pair) => ({
      name: `${pair.candidate} vs ${pair.baseline}, stratum ${pair.stratum}`,
      rows: buildRows(pair, (value) => formatTimes(value)),
    })),
    ...backends.map((group) => ({
      name: `${group.backend}, stratum ${group.stratum}`,
      rows: buildRows(group, (value, { unit }) => formatEstimate(value, formatRate, "compact", ` ${unit}`)),
    })),
  ];
}

function textInstead(rank: HostRank | null): string | null {
  if (rank === null) return "not counted yet";
  return rank.hosts < 2 ? "no other host to compare with" : null;
}

/** `higher than 28 of 29`, or `higher than 10 to 14 of 29` where some hosts cannot be ordered. */
function formatRank(rank: HostRank | null): string {
  if (rank === null) return "";
  const others = rank.hosts - 1;
  const most = Math.max(rank.below, others - rank.above);
  const below = most === rank.below ? formatNumber(most) : `${formatNumber(rank.below)} to ${formatNumber(most)}`;
  return `higher than ${below} of ${formatNumber(others)}`;
}

// A group of rows.

const NAME: Font = { size: 12.5, weight: "bold" };
const LABEL: Font = { size: 12.5, weight: "normal" };
const SMALL: Font = { size: 11.5, weight: "normal" };
const HEAD = 40;
const STRIP = 14;
const GAP = 18;

function drawGroup({ name, rows }: Group, layout: Layout, frame: Frame): Block {
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
        return [...layout.texts(row, top), ...drawStrip(row, strip, top + stripY)];
      }),
    ],
  };
}

/** Other hosts have ticks only where each has at least so many px. */
const MIN_STEP = 4;

function drawStrip({ rank, instead }: Row, { left, right }: Frame, y: number): Item[] {
  const ground = rect("zone", left, y - STRIP / 2, right - left, STRIP, 2);
  if (rank === null || instead !== null) {
    const style = { ...SMALL, role: "muted", anchor: "middle", room: right - left - 8 } as const;
    return [ground, ...text(instead ?? "", (left + right) / 2, middle(y, SMALL.size), style)];
  }
  const others = rank.hosts - 1;
  const step = (right - left - 16) / others;
  const at = (index: number) => left + 8 + index * step;
  const [from, to] = [rank.below, Math.max(rank.below, others - rank.above)];
  // A point in the middle of a wide range would claim more than is known.
  const isExact = to - from <= Math.max(1, others / 20);
  const ticks = Array.from({ length: step >= MIN_STEP ? rank.hosts : 0 }, (_, index) => index);
  return [
    ground,
    ...(isExact ? [] : [rect("better-tint", at(from) - 2, y - STRIP / 2, at(to) - at(from) + 4, STRIP, 2)]),
    ...ticks.map((index) => verticalLine("muted", at(index), y - 3, y + 3)),
    ...(isExact ? [marker("diamond", "better", (at(from) + at(to)) / 2, y, 11)] : []),
  ];
}

// The layouts.

interface Layout {
  readonly strip: Frame;
  readonly rowHeight: number;
  readonly stripY: number;
  readonly texts: (row: Row, y: number) => Item[];
}

/** One line for each row where the texts leave room for the strip, else the strip below them. */
function chooseLayout(groups: readonly Group[], { left, right }: Frame): Layout {
  const rows = groups.flatMap((group) => group.rows);
  const widest = (format: (row: Row) => string, font: Font) =>
    Math.max(...rows.map((row) => textWidth(format(row), font)));
  const ranks = widest((row) => (row.instead === null ? formatRank(row.rank) : ""), SMALL);
  const values = widest(({ value }) => value, LABEL);
  const valueX = right - ranks - GAP;
  const strip = { left: left + widest(({ label }) => label, LABEL) + GAP, right: valueX - values - GAP };
  const value = (row: Row, x: number, y: number) =>
    text(row.value, x, middle(y, LABEL.size), { ...LABEL, anchor: "end" });
  const rankText = (row: Row, y: number) =>
    row.instead === null
      ? text(formatRank(row.rank), right, middle(y, SMALL.size), { ...SMALL, role: "muted", anchor: "end" })
      : [];
  if (strip.right - strip.left >= 220) {
    return {
      strip,
      rowHeight: 24,
      stripY: 12,
      texts: (row, y) => [
        ...text(row.label, left, middle(y + 12, LABEL.size), LABEL),
        ...value(row, valueX, y + 12),
        ...rankText(row, y + 12),
      ],
    };
  }
  return {
    strip: { left, right },
    rowHeight: 56,
    stripY: 43,
    texts: (row, y) => [
      ...text(row.label, left, middle(y + 12, LABEL.size), {
        ...LABEL,
        room: right - left - textWidth(row.value, LABEL) - GAP,
      }),
      ...value(row, right, y + 12),
      ...rankText(row, y + 27),
    ],
  };
}
