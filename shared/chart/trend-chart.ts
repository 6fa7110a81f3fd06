// One backend and metric over time: for each stratum a panel of medians with their 95 % intervals, period by period. Strata have
// axes of their own, because they are different tests. A hint of a change has the shape and colour of its direction.

import type { TrendPoint, TrendResult } from "../compare/trend.ts";
import { intervalText, knownText } from "../report/format.ts";
import type { RenderOptions } from "../report/model.ts";
import { formatCount, formatNumber, formatRate } from "../run/format.ts";
import { METRICS } from "../run/metrics.ts";
import { type LinearAxis, linearAxis } from "./axes.ts";
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
import { type Item, level, line, marker, middle, type Role, rect, type Scene, text } from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";

/** No more strata have a panel; the rest is in the tables. */
const MAX_PANELS = 8;

/** The panels of a trend; `words` are those of its report. */
export function trendChart(trend: TrendResult, words: Words, look: RenderOptions): Scene {
  const frame = frameOf(look.width);
  const strata = Object.entries(trend.strata);
  const data = strata.flatMap(([stratum, points]) => [`Stratum ${stratum}:`, ...points.map(pointInWords)]);
  const notes =
    strata.length > MAX_PANELS ? [`${formatCount(strata.length - MAX_PANELS, "further stratum")} not shown.`] : [];
  const desc = description(words, data);
  if (strata.length === 0) {
    return stack(look.width, words.title, desc, [
      ...heading({ ...words, lead: "" }, frame),
      emptyState(words.lead, frame),
      ...caption(words, [], frame),
    ]);
  }
  const shown = strata.slice(0, MAX_PANELS);
  return stack(look.width, words.title, desc, [
    ...heading(words, frame),
    ...shown.flatMap(([stratum, points]) => [panel(trend, stratum, points, frame), space(16)]),
    legend(meanings(shown.flatMap(([, points]) => points)), frame),
    ...caption(words, notes, frame),
  ]);
}

function pointInWords({ period, hosts, median, ci, change }: TrendPoint): string {
  const interval = ci === null ? "" : ` (95 % interval ${intervalText(ci, formatRate)})`;
  const hint = change === null || change.hint === "none" ? "" : `, a hint that it became ${change.hint}`;
  return `${period} ${knownText(median, formatRate)}${interval} on ${formatCount(hosts, "host")}${hint}.`;
}

const NAME: Font = { size: 12.5, weight: "bold" };
const SMALL: Font = { size: 11, weight: "normal" };
const TOP = 26;
const PLOT = 150;
const MARK = 9;
const BOUND = 18;

/** How a point looks by the hint of its change. */
function markOf({ change, median }: TrendPoint): { role: Role; shape: "up" | "down" | "circle" | "ring" } {
  if (change?.hint === "faster") return { role: "better", shape: "up" };
  if (change?.hint === "slower") return { role: "worse", shape: "down" };
  return median.relation === "=" ? { role: "ink", shape: "circle" } : { role: "ink", shape: "ring" };
}

const numbersOf = (of: { low: number | null; high: number | null } | null): number[] =>
  [of?.low ?? null, of?.high ?? null].filter((value) => value !== null);

function panel({ metric, periods }: TrendResult, stratum: string, points: readonly TrendPoint[], frame: Frame): Block {
  const unit = METRICS.find(({ name }) => name === metric)?.unit ?? "";
  const values = points.flatMap(({ median, ci }) => [...numbersOf(median), ...numbersOf(ci)]);
  const bottom = TOP + PLOT;
  const axis = linearAxis(values.length === 0 ? [0] : values, bottom - 8, TOP + 14, 4);
  const labels =
    Math.max(...axis.ticks.map((tick) => textWidth(tickText(tick), SMALL)), textWidth("hosts", SMALL)) + 10;
  const left = frame.left + labels;
  const step = (frame.right - left) / Math.max(1, periods.length);
  const placed = points.map((point) => ({
    point,
    x: left + (Math.max(0, periods.indexOf(point.period)) + 0.5) * step,
  }));
  return {
    height: bottom + 38,
    draw: (y) => [
      ...text(`stratum ${stratum}`, frame.left, y + 12, { ...NAME, room: frame.right - frame.left - 70 }),
      ...text(unit, frame.right, y + 12, { ...SMALL, role: "muted", anchor: "end" }),
      rect("zone", left, y + TOP, frame.right - left, PLOT),
      ...axis.ticks.flatMap((tick) => [
        level("grid", left, frame.right, y + axis.place(tick)),
        ...text(tickText(tick), left - 8, middle(y + axis.place(tick), SMALL.size), {
          ...SMALL,
          role: "muted",
          anchor: "end",
        }),
      ]),
      ...placed.flatMap(({ point, x }, index) => {
        const next = placed[index + 1];
        const isNext = next !== undefined && periods.indexOf(next.point.period) === periods.indexOf(point.period) + 1;
        const [from, to] = [levelOf(point), next === undefined ? null : levelOf(next.point)];
        if (!isNext || from === null || to === null) return [];
        return [line("band", x, y + axis.place(from), next.x, y + axis.place(to), 2)];
      }),
      ...placed.flatMap(({ point, x }) => pointItems(point, axis, x, y, y + TOP)),
      ...text("hosts", left - 8, y + bottom + 32, { ...SMALL, role: "muted", anchor: "end" }),
      ...feet(periods, points, left, step, y + bottom),
    ],
  };
}

/** Where the line passes: the median, or what is known of it. */
const levelOf = ({ median: { low, high } }: TrendPoint): number | null => low ?? high;

/** As many digits as tell the ticks apart. */
const tickText = (tick: number): string => formatNumber(Number(tick.toPrecision(6)));

function pointItems(point: TrendPoint, axis: LinearAxis, x: number, y: number, top: number): Item[] {
  const { median, ci } = point;
  const { role, shape } = markOf(point);
  const at = (value: number) => y + axis.place(value);
  const { low, high } = median;
  if (low === null && high === null) return [marker("arrow-up", "unclear", x, top + 2, MARK)];
  const from = ci?.low ?? low ?? high ?? 0;
  const to = ci === null ? (high ?? low ?? 0) : (ci.high ?? low ?? high ?? 0);
  const isOpen = ci === null ? high === null : ci.high === null;
  const place = at(low ?? high ?? 0);
  const tip = Math.max(top + 2, Math.min(at(to), place) - BOUND);
  return [
    ...(ci === null ? [] : whisker(x, at(from), isOpen ? tip : at(to), role, isOpen)),
    ...(ci === null && isOpen ? whisker(x, place, tip, role, true).slice(0, 2) : []),
    ...(low !== null && high !== null && low !== high ? [line(role, x, at(low), x, at(high), 5)] : []),
    marker(shape, role, x, place, MARK),
  ];
}

/** A line up from `from`, ending in an arrow where there is no limit; a bar at its foot, and at its head if it has one. */
function whisker(x: number, from: number, to: number, role: Role, isOpen: boolean): Item[] {
  const bar = (y: number) => line(role, x - 3.5, y, x + 3.5, y, 1.5);
  return [line(role, x, from, x, to, 1.5), isOpen ? marker("arrow-up", role, x, to, 8) : bar(to), bar(from)];
}

/** Periods and hosts below the plot, as many as have room. */
function feet(
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
  // The outermost labels are moved so that they stay below the plot, towards their neighbours.
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

function meanings(points: readonly TrendPoint[]): LegendEntry[] {
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
            sample: (x: number, y: number) => whisker(x + 5.5, y + 7, y - 7, "ink", false),
          },
        ]
      : []),
    ...(has(">=") || has("<=") || has("between") ? [sample("only a bound is known", "ink", "ring")] : []),
    ...(has("unknown") ? [sample("too fast to measure", "unclear", "arrow-up")] : []),
    ...(hints.has("faster") ? [sample("hint: became faster", "better", "up")] : []),
    ...(hints.has("slower") ? [sample("hint: became slower", "worse", "down")] : []),
  ];
}
