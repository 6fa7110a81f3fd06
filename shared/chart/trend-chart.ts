// One backend and metric over time: for each stratum a panel with the medians and their 95 % intervals, period by period. Strata
// have axes of their own, because they are different tests. A hint of a change has the shape and color of its direction. In:
// a published trend and the text of its report. Out: a scene. The file reads like the image: panels, with axis, points and
// labels below, then the legend.

import type { ConfidenceInterval } from "../compare/comparison.ts";
import type { TrendPoint, TrendResult } from "../compare/trend.ts";
import { formatEstimate, formatInterval } from "../report/format.ts";
import type { RenderOptions } from "../report/model.ts";
import { formatCount, formatNumber, formatRate } from "../run/format.ts";
import { METRICS } from "../run/metrics.ts";
import { type LinearAxis, linearAxis } from "./axes.ts";
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
import { horizontalLine, type Item, line, marker, middle, type Role, rect, type Scene, text } from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";

/** Further strata have no panel; they are in the tables. */
const MAX_PANELS = 8;

/** The panels of a trend; `report` is the text of its report. */
export function trendChart(trend: TrendResult, report: ChartText, options: RenderOptions): Scene {
  const frame = makeFrame(options.width);
  const strata = Object.entries(trend.strata);
  const data = strata.flatMap(([stratum, points]) => [`Stratum ${stratum}:`, ...points.map(describePoint)]);
  const left = strata.length - MAX_PANELS;
  const notes = left > 0 ? [`${formatNumber(left)} further ${left === 1 ? "stratum" : "strata"} not shown.`] : [];
  const desc = describeChart(report, data);
  if (strata.length === 0) return emptyChart(report, report.lead, options.width);
  const shown = strata.slice(0, MAX_PANELS);
  return stack(options.width, report.title, desc, [
    ...heading(report, frame),
    ...shown.flatMap(([stratum, points]) => [drawPanel(trend, stratum, points, frame), spacer(16)]),
    legend(legendEntries(shown.flatMap(([, points]) => points)), frame),
    ...caption(report, notes, frame),
  ]);
}

function describePoint({ period, hosts, median, ci, change }: TrendPoint): string {
  const interval = ci === null ? "" : ` (95 % interval ${formatInterval(ci, formatRate)})`;
  const hint = change === null || change.hint === "none" ? "" : `, a hint that it became ${change.hint}`;
  return `${period} ${formatEstimate(median, formatRate)}${interval} on ${formatCount(hosts, "host")}${hint}.`;
}

// A panel.

const NAME: Font = { size: 12.5, weight: "bold" };
const SMALL: Font = { size: 11, weight: "normal" };
const TOP = 26;
const PLOT = 150;
const MARK = 9;
const BOUND = 18;

function drawPanel(
  { metric, periods }: TrendResult,
  stratum: string,
  points: readonly TrendPoint[],
  frame: Frame,
): Block {
  const unit = METRICS.find(({ name }) => name === metric)?.unit ?? "";
  const values = points.flatMap(({ median, ci }) => [...finiteLimits(median), ...finiteLimits(ci)]);
  const bottom = TOP + PLOT;
  const axis = linearAxis(values.length === 0 ? [0] : values, bottom - 8, TOP + 14, 4);
  const labels =
    Math.max(...axis.ticks.map((tick) => textWidth(tickText(tick), SMALL)), textWidth("hosts", SMALL)) + 10;
  const left = frame.left + labels;
  const step = (frame.right - left) / Math.max(1, periods.length);
  const placed = points.map((point): PlacedPoint => {
    const index = Math.max(0, periods.indexOf(point.period));
    return { point, index, x: left + (index + 0.5) * step };
  });
  return {
    height: bottom + 38,
    draw: (y) => [
      ...text(`stratum ${stratum}`, frame.left, y + 12, { ...NAME, room: frame.right - frame.left - 70 }),
      ...text(unit, frame.right, y + 12, { ...SMALL, role: "muted", anchor: "end" }),
      ...drawAxis(axis, { left, right: frame.right }, y),
      ...drawLine(placed, axis, y),
      ...placed.flatMap(({ point, x }) => drawPoint(point, axis, x, y, y + TOP)),
      ...text("hosts", left - 8, y + bottom + 32, { ...SMALL, role: "muted", anchor: "end" }),
      ...drawLabels(periods, points, left, step, y + bottom),
    ],
  };
}

const finiteLimits = (range: ConfidenceInterval | null): number[] =>
  range === null ? [] : [range.low, range.high].filter((value) => value !== null);

/** Enough digits to distinguish the ticks. */
const tickText = (tick: number): string => formatNumber(Number(tick.toPrecision(6)));

/** A point, the index of its period, and its position on the axis of time. */
interface PlacedPoint {
  readonly point: TrendPoint;
  readonly index: number;
  readonly x: number;
}

/** The ground of the plot, and its ticks with their values on the left. */
function drawAxis(axis: LinearAxis, { left, right }: Frame, y: number): Item[] {
  const style = { ...SMALL, role: "muted", anchor: "end" } as const;
  return [
    rect("zone", left, y + TOP, right - left, PLOT),
    ...axis.ticks.flatMap((tick) => [
      horizontalLine("grid", left, right, y + axis.position(tick)),
      ...text(tickText(tick), left - 8, middle(y + axis.position(tick), SMALL.size), style),
    ]),
  ];
}

/** The line from point to point, with a gap where a period has no hosts. */
function drawLine(placed: readonly PlacedPoint[], axis: LinearAxis, y: number): Item[] {
  return placed.flatMap(({ point, index, x }, position) => {
    const next = placed[position + 1];
    if (next === undefined || next.index !== index + 1) return [];
    const [from, to] = [lineValue(point), lineValue(next.point)];
    if (from === null || to === null) return [];
    return [line("band", x, y + axis.position(from), next.x, y + axis.position(to), 2)];
  });
}

/** The value that the line passes through: the median, or its bound. */
const lineValue = ({ median: { low, high } }: TrendPoint): number | null => low ?? high;

function drawPoint(point: TrendPoint, axis: LinearAxis, x: number, y: number, top: number): Item[] {
  const { median, ci } = point;
  const { role, shape } = pointMark(point);
  const at = (value: number) => y + axis.position(value);
  const { low, high } = median;
  if (low === null && high === null) return [marker("arrow-up", "unclear", x, top + 2, MARK)];
  const from = ci?.low ?? low ?? high ?? 0;
  const to = ci === null ? (high ?? low ?? 0) : (ci.high ?? low ?? high ?? 0);
  const isOpen = ci === null ? high === null : ci.high === null;
  const pointY = at(low ?? high ?? 0);
  const tip = Math.max(top + 2, Math.min(at(to), pointY) - BOUND);
  return [
    ...(ci === null ? [] : drawInterval(x, at(from), isOpen ? tip : at(to), role, isOpen)),
    ...(ci === null && isOpen ? drawInterval(x, pointY, tip, role, true).slice(0, 2) : []),
    ...(low !== null && high !== null && low !== high ? [line(role, x, at(low), x, at(high), 5)] : []),
    marker(shape, role, x, pointY, MARK),
  ];
}

/** The look of a point, by the hint of its change. */
function pointMark({ change, median }: TrendPoint): { role: Role; shape: "up" | "down" | "circle" | "ring" } {
  if (change?.hint === "faster") return { role: "better", shape: "up" };
  if (change?.hint === "slower") return { role: "worse", shape: "down" };
  return median.relation === "=" ? { role: "ink", shape: "circle" } : { role: "ink", shape: "ring" };
}

/** A line up from `from`, ending in an arrow where there is no limit; a bar at its foot, and at its head if it has one. */
function drawInterval(x: number, from: number, to: number, role: Role, isOpen: boolean): Item[] {
  const bar = (y: number) => line(role, x - 3.5, y, x + 3.5, y, 1.5);
  return [line(role, x, from, x, to, 1.5), isOpen ? marker("arrow-up", role, x, to, 8) : bar(to), bar(from)];
}

/** Periods and hosts below the plot, as many as have room. */
function drawLabels(
  periods: readonly string[],
  points: readonly TrendPoint[],
  left: number,
  step: number,
  y: number,
): Item[] {
  const texts = periods.map((period) => {
    const hosts = points.find((point) => point.period === period)?.hosts;
    return { period, hosts: hosts === undefined ? "–" : formatNumber(hosts) };
  });
  const widest = Math.max(
    0,
    ...texts.flatMap(({ period, hosts }) => [textWidth(period, SMALL), textWidth(hosts, SMALL)]),
  );
  // The outermost labels move toward their neighbors, so that they stay below the plot.
  const moved = Math.max(0, (widest - step) / 2);
  const every = Math.max(1, Math.ceil((widest + 2 * moved + 8) / step));
  const style = { ...SMALL, role: "muted", anchor: "middle" } as const;
  return texts.flatMap(({ period, hosts }, index) => {
    if ((texts.length - 1 - index) % every !== 0) return [];
    const right = left + step * texts.length;
    const x = Math.max(left + widest / 2, Math.min(left + (index + 0.5) * step, right - widest / 2));
    return [...text(period, x, y + 15, style), ...text(hosts, x, y + 32, style)];
  });
}

// The legend.

function legendEntries(points: readonly TrendPoint[]): LegendEntry[] {
  const hints = new Set(points.map(({ change }) => change?.hint));
  const has = (relation: string) => points.some(({ median }) => median.relation === relation);
  const sample = (name: string, role: Role, shape: "up" | "down" | "circle" | "ring" | "arrow-up"): LegendEntry => ({
    name,
    width: 11,
    sample: (x, y) => [marker(shape, role, x + 5.5, shape === "arrow-up" ? y - MARK / 2 : y, MARK)],
  });
  return [
    ...(has("=") ? [sample("median of the hosts", "ink", "circle")] : []),
    ...(points.some(({ ci }) => ci !== null)
      ? [
          {
            name: "95 % interval",
            width: 11,
            sample: (x: number, y: number) => drawInterval(x + 5.5, y + 7, y - 7, "ink", false),
          },
        ]
      : []),
    ...(has(">=") || has("<=") || has("between") ? [sample("only a bound is known", "ink", "ring")] : []),
    ...(has("unknown") ? [sample("too fast to measure", "unclear", "arrow-up")] : []),
    ...(hints.has("faster") ? [sample("hint: became faster", "better", "up")] : []),
    ...(hints.has("slower") ? [sample("hint: became slower", "worse", "down")] : []),
  ];
}
