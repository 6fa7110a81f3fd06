// The chart of a comparison, one row for each metric. From left to right: its name, on a logarithmic axis with 1 in the middle
// the spread over hosts, the 95 % interval and the median in the shape of its verdict, and the numbers in words. In: a
// published comparison and the text of its report. Out: a scene. The file reads like the image: header, plot with axis and
// rows, legend, notes; the layouts for different widths are at the end.

import type { Comparison, ConfidenceInterval, MetricComparison } from "../compare/comparison.ts";
import type { Flag } from "../compare/flags.ts";
import type { Reason } from "../compare/verdict.ts";
import { formatHostCount, formatInterval, formatTimes } from "../report/format.ts";
import type { RenderOptions } from "../report/model.ts";
import { verdictLabel } from "../report/verdicts.ts";
import { formatCount, formatMargin, formatRatio } from "../run/format.ts";
import { METRICS, type MetricName } from "../run/metrics.ts";
import { type LogAxis, logAxis, type Position } from "./axes.ts";
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
import {
  horizontalLine,
  type Item,
  line,
  marker,
  middle,
  type Role,
  rect,
  type Scene,
  text,
  verticalLine,
} from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";
import { countVerdicts, VERDICT_MARKS } from "./verdict-mark.ts";

/** The chart of the fleet; `report` is the text of the comparison's report. */
export function ratioChart(comparison: Comparison, report: ChartText, options: RenderOptions): Scene {
  const frame = makeFrame(options.width);
  const rows = ratioRows(comparison, options.metrics);
  const data = rows.map(({ metric, label }) => `${label}: ${verdictLabel(metric)}. ${metric.sentence}`);
  if (rows.every(({ metric, isCached }) => metric.hosts === 0 && !isCached)) {
    const message = rows.length === 0 ? "This comparison has none of the selected metrics." : report.lead;
    return emptyChart(report, message, options.width);
  }
  const notes = listNotes(comparison, rows);
  const desc = describeChart(report, [...data, ...notes]);
  const layout = chooseLayout(rows, frame);
  const axis = logAxis(axisRatios(rows), layout.plot.left, layout.plot.right);
  return stack(options.width, report.title, desc, [
    ...heading({ ...report, lead: buildLead(comparison, rows, report.lead) }, frame),
    drawPlot(comparison, rows, layout, axis, frame),
    spacer(10),
    legend(legendEntries(comparison, rows), frame),
    ...caption(report, notes, frame),
  ]);
}

/** The finding in a sentence that names no metric, since every row does; where no host counts, the report's lead. */
function buildLead({ baseline, candidate }: Comparison, rows: readonly RatioRow[], lead: string): string {
  const counts = rows.map(({ metric }) => metric.n_eff);
  const most = Math.max(...counts);
  if (most === 0) return lead;
  const hosts = `${most <= 1 || counts.every((count) => count === most) ? "" : "up to "}${formatCount(most, "host")}`;
  const verdicts = countVerdicts(rows.map(({ metric }) => metric));
  return `On ${hosts} with both, ${candidate} compared with ${baseline} is ${verdicts}.`;
}

// The rows: every text of a metric, before anything has a position.

/** Follows the names of metrics whose reads are partly suspected to come from a cache. */
const CACHE_SIGN = "†";

interface RatioRow {
  readonly name: MetricName;
  readonly metric: MetricComparison;
  readonly label: string;
  readonly times: string;
  readonly interval: string;
  /** `1 240` and `1 240 hosts`. */
  readonly count: string;
  readonly hosts: string;
  /** The text in place of the marks; null where there is something to mark. */
  readonly instead: string | null;
  readonly isCached: boolean;
  /** Whether it is the first of its group of metrics. */
  readonly opensGroup: boolean;
}

/** The rows of these metrics, or of all when none is named, in the order of the registry. */
export function ratioRows(comparison: Comparison, metrics: readonly MetricName[]): RatioRow[] {
  const shown = METRICS.filter(({ name }) => metrics.length === 0 || metrics.includes(name));
  const compared = shown.flatMap(({ name, label, group }) => {
    const metric = comparison.fleet.metrics[name];
    return metric === undefined ? [] : [{ name, metric, label, group }];
  });
  return compared.map(({ name, metric, label, group }, index) => {
    // Where no host has run both, a cache is not the reason why they cannot be compared.
    const isCached = comparison.runs > 0 && metric.flags.includes("suspect_cached_reads");
    const instead = textInstead(metric, isCached);
    const count = formatHostCount(metric, "compact");
    return {
      name,
      metric,
      label: isCached ? `${label} ${CACHE_SIGN}` : label,
      times: formatTimes(metric.ratio),
      interval: instead === null ? intervalText(metric) : "",
      count,
      hosts: `${count} ${metric.n_eff === 1 ? "host" : "hosts"}`,
      instead,
      isCached,
      opensGroup: index > 0 && compared[index - 1]?.group !== group,
    };
  });
}

function intervalText({ ci }: MetricComparison): string {
  return ci === null ? "no interval" : formatInterval(ci, formatRatio, "compact");
}

const NOT_COMPARABLE: Readonly<Partial<Record<Reason, string>>> = {
  no_paired_hosts: "not comparable: no host has both",
  too_fast_on_both: "not comparable: too fast to measure on both",
  mostly_too_fast: "not comparable: mostly too fast to measure",
};

function textInstead({ hosts, reason }: MetricComparison, isCached: boolean): string | null {
  return hosts === 0 && isCached ? "suspected cache: reads left out" : (NOT_COMPARABLE[reason] ?? null);
}

// The plot: axis and rows.

const HEAD_HEIGHT = 42;
const FOOT_HEIGHT = 20;
const GROUP_GAP = 10;
const TICK_SIZE = 11;

function drawPlot(
  comparison: Comparison,
  rows: readonly RatioRow[],
  layout: RatioLayout,
  axis: LogAxis,
  frame: Frame,
): Block {
  const gapsBefore = rows.map((_, index) => rows.slice(0, index + 1).filter(({ opensGroup }) => opensGroup).length);
  const rowTop = (index: number) => HEAD_HEIGHT + index * layout.rowHeight + (gapsBefore[index] ?? 0) * GROUP_GAP;
  const bottom = rowTop(rows.length - 1) + layout.rowHeight;
  const isOneStrip = layout.strip.bottom - layout.strip.top === layout.rowHeight;
  const strips = isOneStrip
    ? [{ top: HEAD_HEIGHT, bottom }]
    : rows.map((_, index) => ({ top: rowTop(index) + layout.strip.top, bottom: rowTop(index) + layout.strip.bottom }));
  return {
    height: bottom + FOOT_HEIGHT,
    draw: (y) => [
      ...strips.flatMap((strip) => drawAxis(comparison.margin, axis, y + strip.top, y + strip.bottom)),
      ...layout.heads(y + 13),
      ...directions(comparison, layout.plot, y + 13),
      ...tickLabels(axis, y + 32),
      ...rows.flatMap((row, index) => [
        ...(row.opensGroup ? [horizontalLine("grid", frame.left, frame.right, y + rowTop(index) - GROUP_GAP / 2)] : []),
        ...layout.texts(row, y + rowTop(index)),
        ...(row.instead === null
          ? drawMarks(row, axis, y + rowTop(index) + layout.markY)
          : drawInstead(row.instead, layout.plot, y + rowTop(index) + layout.markY)),
      ]),
      ...tickLabels(axis, y + bottom + 14),
    ],
  };
}

/** The ratios that the axis has to hold: all that are known on both sides. A bound alone is an arrow at any position. */
function axisRatios(rows: readonly RatioRow[]): number[] {
  return rows.flatMap(({ metric: { ratio, ci, host_range }, instead }) =>
    instead !== null
      ? []
      : [ratio, ci, host_range].flatMap((each) =>
          each === null || each.low === null || each.high === null ? [] : [each.low, each.high],
        ),
  );
}

/** The ground with the margin around 1, the ticks, and the line at 1. */
function drawAxis(margin: number, axis: LogAxis, top: number, bottom: number): Item[] {
  const [from, to] = [axis.position(1 / (1 + margin)).x, axis.position(1 + margin).x];
  const one = axis.position(1).x;
  return [
    rect("zone", axis.left, top, axis.right - axis.left, bottom - top),
    rect("margin", from, top, to - from, bottom - top),
    ...axis.ticks.filter((tick) => tick !== 1).map((tick) => verticalLine("grid", axis.position(tick).x, top, bottom)),
    verticalLine("muted", one, top, bottom),
  ];
}

/** The meaning of both ends of the axis; shorter where both do not fit. */
function directions({ baseline, candidate }: Comparison, { left, right }: Frame, y: number): Item[] {
  const style = { size: 11.5, weight: "bold" } as const;
  const long = [`← ${baseline} faster`, `${candidate} faster →`] as const;
  const fits = textWidth(long.join(""), style) + 16 <= right - left;
  const [before, after] = fits ? long : ([`← ${baseline}`, `${candidate} →`] as const);
  const room = (right - left - 16) / 2;
  return [
    ...text(before, left, y, { ...style, role: "worse", room }),
    ...text(after, right, y, { ...style, role: "better", anchor: "end", room }),
  ];
}

/** Names of the ticks: 1 first, then from the ends inward, as many as have room. */
function tickLabels(axis: LogAxis, y: number): Item[] {
  const byRank = axis.ticks.toSorted(
    (a, b) => Number(b === 1) - Number(a === 1) || Math.abs(Math.log(b)) - Math.abs(Math.log(a)),
  );
  const placed: { from: number; to: number; items: Item[] }[] = [];
  for (const tick of byRank) {
    const at = axis.position(tick).x;
    const half = textWidth(`${tick}×`, { size: TICK_SIZE, weight: "normal" }) / 2 + 4;
    // The outermost labels stay within the ends of the axis.
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

// A row between the ends of its axis.

const BAND_HEIGHT = 14;
const CAP_HEIGHT = 9;
const MARK = 11;
const ARROW = 8;
/** Length of the arrow at a bound. */
const BOUND = 26;
const LABEL_SIZE = 11;

/** The marks of a row centered on y: the spread over hosts, on it the interval, on it the median. */
export function drawMarks(row: RatioRow, axis: LogAxis, y: number): Item[] {
  const { host_range, ci, verdict } = row.metric;
  return [
    ...drawSpread(host_range, axis, y),
    ...(ci === null ? [] : drawInterval(ci, axis, y, VERDICT_MARKS[verdict].role)),
    ...drawMedian(row, axis, y),
  ];
}

function toPositions({ low, high }: ConfidenceInterval, axis: LogAxis): readonly [from: Position, to: Position] {
  return [axis.position(low, "left"), axis.position(high, "right")];
}

const isBeyond = (from: Position, to: Position): boolean => from.side !== "inside" && from.side === to.side;

function drawSpread(range: ConfidenceInterval, axis: LogAxis, y: number): Item[] {
  if (range.low === null && range.high === null) return [];
  const [from, to] = toPositions(range, axis);
  const width = Math.max(2, to.x - from.x);
  return [rect("band", Math.min(from.x, axis.right - width), y - BAND_HEIGHT / 2, width, BAND_HEIGHT, 2)];
}

/** An end of an interval: a bar, or an arrow where the axis ends before it or there is no limit. */
function drawEnd({ x, side }: Position, y: number, role: Role): Item {
  if (side === "inside") return line(role, x, y - CAP_HEIGHT / 2, x, y + CAP_HEIGHT / 2, 1.5);
  return marker(side === "left" ? "arrow-left" : "arrow-right", role, x, y, ARROW);
}

function drawInterval(interval: ConfidenceInterval, axis: LogAxis, y: number, role: Role): Item[] {
  const [from, to] = toPositions(interval, axis);
  // Without limits there is nothing to show; entirely beyond the axis, the arrow of the median already shows it.
  if ((interval.low === null && interval.high === null) || isBeyond(from, to)) return [];
  return [line(role, from.x, y, to.x, y, 2), drawEnd(from, y, role), drawEnd(to, y, role)];
}

function drawMedian({ metric: { ratio, ci, verdict }, times }: RatioRow, axis: LogAxis, y: number): Item[] {
  const { low, high } = ratio;
  const { role, shape } = VERDICT_MARKS[verdict];
  const [from, to] = toPositions(ratio, axis);
  if (low === null && high === null) return [];
  if (isBeyond(from, to)) {
    return [
      marker(from.side === "left" ? "arrow-left" : "arrow-right", role, from.x, y, MARK),
      ...labelAtEnd(times, from, MARK, y),
    ];
  }
  if (low !== null && high !== null) {
    if (low === high) return [marker(shape, role, from.x, y, MARK)];
    return [line(role, from.x, y, Math.max(to.x, from.x + 1), y, 6)];
  }
  const bound = high === null ? from : to;
  const tip = high === null ? Math.min(axis.right, bound.x + BOUND) : Math.max(axis.left, bound.x - BOUND);
  const arrow = [
    line(role, bound.x, y, tip, y, 2),
    marker(high === null ? "arrow-right" : "arrow-left", role, tip, y, ARROW),
  ];
  // The bound itself is beyond the axis: all of the axis is possible.
  if (bound.side !== "inside") return [...arrow, ...labelAtEnd(times, bound, BOUND, y)];
  const mark = marker(shape, role, bound.x, y, MARK);
  // An interval without that limit already has its arrow.
  const isOpen = ci !== null && (ci.low === null) !== (ci.high === null) && (high === null ? ci.high : ci.low) === null;
  return isOpen ? [mark] : [...arrow, mark];
}

/** The number of a ratio beyond the axis, next to an arrow of that length at its end. */
function labelAtEnd(content: string, { x, side }: Position, length: number, y: number): Item[] {
  const [sign, anchor] = side === "left" ? ([1, "start"] as const) : ([-1, "end"] as const);
  return text(content, x + sign * (length + 4), middle(y, LABEL_SIZE), { size: LABEL_SIZE, anchor });
}

function drawInstead(message: string, { left, right }: Frame, y: number): Item[] {
  const style = { size: 11.5, anchor: "middle", role: "muted", room: right - left - 16 } as const;
  const center = (left + right) / 2;
  const label = text(message, center, middle(y, style.size), style);
  // Its own ground keeps ticks from crossing the letters.
  return [...label.map(({ box }) => rect("zone", box.x - 6, box.y - 1, box.width + 12, box.height + 2)), ...label];
}

// The legend.

function legendEntries({ margin }: Comparison, rows: readonly RatioRow[]): LegendEntry[] {
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
  const entries: readonly (readonly [isUsed: boolean, entry: LegendEntry])[] = [
    [
      marked.length > 0,
      { name: "median of the hosts", width: 11, sample: (x, y) => [marker("circle", "muted", x + 5.5, y, 10)] },
    ],
    [
      marked.some(({ ci }) => ci !== null),
      {
        name: "95 % interval",
        width: 22,
        sample: (x, y) => [
          line("muted", x, y, x + 22, y, 2),
          line("muted", x, y - 4, x, y + 4, 1.5),
          line("muted", x + 22, y - 4, x + 22, y + 4, 1.5),
        ],
      },
    ],
    [kinds.has("central_90"), band("middle 90 % of the hosts")],
    [kinds.has("min_max"), band(kinds.size === 1 ? "all hosts" : "all hosts, below 20")],
    [
      hasArrows,
      {
        name: "only a bound is known",
        width: 22,
        sample: (x, y) => [line("muted", x, y, x + 20, y, 2), marker("arrow-right", "muted", x + 22, y, 8)],
      },
    ],
    [
      true,
      {
        name: `within ${formatMargin(margin)}: equal`,
        width: 12,
        sample: (x, y) => [rect("margin", x, y - 6, 12, 12), line("muted", x + 6, y - 6, x + 6, y + 6)],
      },
    ],
  ];
  return entries.flatMap(([isUsed, entry]) => (isUsed ? [entry] : []));
}

// The notes below the chart: suspected caches, undecided verdicts, and flags with the metrics that have them.

/** Each flag in the few words that a chart has room for. */
const FLAG_LABELS: Readonly<Record<Flag, string>> = {
  single_host: "one host only",
  mostly_single_runs: "mostly single runs",
  many_too_fast: "many too fast to measure",
  outlier_hosts: "some hosts far from the rest",
  mixed_effect: "some hosts gain and others lose",
  strata_disagree: "strata disagree",
  simpson: "all results pooled show the opposite",
  paired_and_between_disagree: "hosts with one backend show the opposite",
  suspect_cached_reads: "suspected cached reads",
  small_file: "test files too small for the memory",
  mixed_versions: "both Bonnie++ 1.0x and 1.9x/2.0",
  bound_mismatch: "rates above the measurable maximum",
  low_cpu: "CPU use too small to compare",
  inflated_cpu: "CPU counted several times",
};

/** Reasons for an open verdict that no mark of the chart shows. */
const TOO_FEW_HOSTS = [
  ["too_few_hosts", "fewer than 6 hosts"],
  ["not_significant_after_holm", "too few hosts to decide so many metrics at once"],
] as const satisfies readonly (readonly [Reason, string])[];

/** Up to so many metrics are named; more are counted. */
const MAX_NAMED = 3;

function listNotes({ view, fleet }: Comparison, rows: readonly RatioRow[]): string[] {
  const isCached = rows.some((row) => row.isCached);
  const flags = fleet.flags.flatMap((flag) => {
    if (flag === "suspect_cached_reads" && isCached) return [];
    const metrics = fleet.flag_details[flag]?.metrics;
    if (metrics === undefined) return [FLAG_LABELS[flag]];
    const flagged = rows.filter(({ name }) => metrics.includes(name));
    return withMetrics(FLAG_LABELS[flag], flagged, rows);
  });
  const undecided = TOO_FEW_HOSTS.flatMap(([reason, label]) =>
    withMetrics(
      label,
      rows.filter(({ metric }) => metric.reason === reason),
      rows,
    ),
  );
  const treatment = view === "trusted" ? "left out" : "counted here";
  return [
    ...(isCached
      ? [
          `${CACHE_SIGN} Suspected cache: some reads probably came from a page cache, not from the disk; they are ${treatment}.`,
        ]
      : []),
    ...(undecided.length === 0 ? [] : [`No verdict yet: ${undecided.join("; ")}.`]),
    ...(flags.length === 0 ? [] : [`Caveats: ${flags.join("; ")}.`]),
  ];
}

/** A label that applies to some of the rows, with their metrics unless they are all; nothing where it applies to no row. */
function withMetrics(label: string, some: readonly RatioRow[], rows: readonly RatioRow[]): string[] {
  if (some.length === 0) return [];
  if (some.length === rows.length) return [label];
  const labels = METRICS.filter(({ name }) => some.some((row) => row.name === name)).map((metric) => metric.label);
  return [`${label} (${labels.length > MAX_NAMED ? formatCount(labels.length, "metric") : labels.join(", ")})`];
}

// The layouts. Wide images have a line for each metric, narrower ones two, and in narrow ones the axis is below the text. The
// choice depends on the room that the texts leave for the axis.

interface RatioLayout {
  /** The ends of the axis. */
  readonly plot: Frame;
  readonly rowHeight: number;
  /** The center of the marks, and the part of the row that belongs to the axis, from the upper edge of the row. */
  readonly markY: number;
  readonly strip: { readonly top: number; readonly bottom: number };
  /** Names of the columns, with their baseline at y. */
  readonly heads: (y: number) => Item[];
  /** The texts of a row with its upper edge at y. */
  readonly texts: (row: RatioRow, y: number) => Item[];
}

const LABEL: Font = { size: 13, weight: "normal" };
const STRONG: Font = { size: 13, weight: "bold" };
const SMALL: Font = { size: 11.5, weight: "normal" };

/** Width of a verdict's shape with the gap behind it. */
const SHAPE = 16;
const GAP = 20;
/** Between the ratio and its interval. */
const CLOSE = 9;

/** Room that the axis needs, in px. */
const MIN_PLOT = { wide: 300, medium: 230 } as const;

/** The first layout whose axis has enough room next to the texts of these rows. */
function chooseLayout(rows: readonly RatioRow[], frame: Frame): RatioLayout {
  const widest = (format: (row: RatioRow) => string, font: Font, min = 0) =>
    rows.reduce((width, row) => Math.max(width, textWidth(format(row), font)), min);
  const widths: Widths = {
    label: widest(({ label }) => label, LABEL),
    verdict: SHAPE + widest(({ metric }) => verdictLabel(metric), SMALL),
    times: widest(({ times }) => times, STRONG, textWidth(HEADS.times, SMALL)),
    interval: widest(({ interval }) => interval, LABEL, textWidth(HEADS.interval, SMALL)),
    count: widest(({ count }) => count, LABEL, textWidth(HEADS.count, SMALL)),
    hosts: widest(({ hosts }) => hosts, SMALL),
  };
  return wideLayout(widths, frame) ?? mediumLayout(widths, frame) ?? narrowLayout(frame);
}

const HEADS = { times: "ratio", interval: "95 % interval", count: "hosts" } as const;

type Widths = Readonly<Record<"label" | "verdict" | "times" | "interval" | "count" | "hosts", number>>;

function drawVerdict({ metric }: RatioRow, x: number, y: number, room: number): Item[] {
  const { role, shape } = VERDICT_MARKS[metric.verdict];
  const style = { ...SMALL, role, room: room - SHAPE };
  return [marker(shape, role, x + 5, y, 9), ...text(verdictLabel(metric), x + SHAPE, middle(y, SMALL.size), style)];
}

function drawHead(content: string, x: number, y: number, anchor: "start" | "end"): Item[] {
  return text(content, x, y, { ...SMALL, role: "muted", anchor });
}

/** A line for each metric: name, axis, verdict, ratio, interval, hosts. */
function wideLayout(widths: Widths, { left, right }: Frame): RatioLayout | null {
  const interval = right - widths.count - GAP - widths.interval;
  const times = interval - CLOSE;
  const verdict = times - widths.times - GAP - widths.verdict;
  const plot = { left: left + widths.label + GAP, right: verdict - GAP };
  if (plot.right - plot.left < MIN_PLOT.wide) return null;
  return {
    plot,
    rowHeight: 28,
    markY: 14,
    strip: { top: 0, bottom: 28 },
    heads: (y) => [
      ...drawHead("verdict", verdict + SHAPE, y, "start"),
      ...drawHead(HEADS.times, times, y, "end"),
      ...drawHead(HEADS.interval, interval, y, "start"),
      ...drawHead(HEADS.count, right, y, "end"),
    ],
    texts: (row, y) => {
      const baseline = middle(y + 14, LABEL.size);
      return [
        ...text(row.label, left, baseline, LABEL),
        ...drawVerdict(row, verdict, y + 14, widths.verdict),
        ...text(row.times, times, baseline, { ...STRONG, anchor: "end" }),
        ...text(row.interval, interval, baseline, { ...LABEL, role: "muted" }),
        ...text(row.count, right, baseline, { ...LABEL, role: "muted", anchor: "end" }),
      ];
    },
  };
}

/** Two lines for each metric: name and verdict, axis, ratio with interval and hosts. */
function mediumLayout(widths: Widths, { left, right }: Frame): RatioLayout | null {
  const interval = right - Math.max(widths.interval, widths.hosts);
  const times = interval - CLOSE;
  const names = Math.max(widths.label, widths.verdict);
  const plot = { left: left + names + GAP, right: times - widths.times - GAP };
  if (plot.right - plot.left < MIN_PLOT.medium) return null;
  const lines = { first: 12, second: 28 } as const;
  return {
    plot,
    rowHeight: 41,
    markY: 20.5,
    strip: { top: 0, bottom: 41 },
    heads: (y) => [...drawHead(HEADS.times, times, y, "end"), ...drawHead(HEADS.interval, interval, y, "start")],
    texts: (row, y) => [
      ...text(row.label, left, middle(y + lines.first, LABEL.size), LABEL),
      ...drawVerdict(row, left, y + lines.second, names),
      ...text(row.times, times, middle(y + lines.first, STRONG.size), { ...STRONG, anchor: "end" }),
      ...text(row.interval, interval, middle(y + lines.first, LABEL.size), { ...LABEL, role: "muted" }),
      ...text(row.hosts, interval, middle(y + lines.second, SMALL.size), { ...SMALL, role: "muted" }),
    ],
  };
}

/** The texts in two lines above the axis, which is as wide as the chart. */
function narrowLayout({ left, right }: Frame): RatioLayout {
  const lines = { first: 14, second: 30 } as const;
  return {
    plot: { left, right },
    rowHeight: 66,
    markY: 50,
    strip: { top: 40, bottom: 60 },
    heads: () => [],
    texts: (row, y) => {
      const interval = textWidth(row.interval, LABEL);
      const times = right - (row.interval === "" ? 0 : interval + CLOSE);
      const label = times - textWidth(row.times, STRONG) - CLOSE - left;
      const verdict = right - textWidth(row.hosts, SMALL) - CLOSE - left;
      return [
        ...text(row.label, left, middle(y + lines.first, LABEL.size), { ...LABEL, room: label }),
        ...text(row.times, times, middle(y + lines.first, STRONG.size), { ...STRONG, anchor: "end" }),
        ...text(row.interval, right, middle(y + lines.first, LABEL.size), { ...LABEL, role: "muted", anchor: "end" }),
        ...drawVerdict(row, left, y + lines.second, verdict),
        ...text(row.hosts, right, middle(y + lines.second, SMALL.size), { ...SMALL, role: "muted", anchor: "end" }),
      ];
    },
  };
}
