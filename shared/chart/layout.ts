// The layout of a chart: a stack of blocks, each with its height, drawn one below the other. Also the blocks that every chart
// has: heading, empty state, legend, and the caption with notes and facts. In: the text of a report. Out: a scene.

import { capitalize } from "../report/format.ts";
import type { Report } from "../report/model.ts";
import { printable } from "../run/text.ts";
import { type Item, LINE_HEIGHT, middle, type Role, rect, type Scene, text } from "./scene.ts";
import { type Font, textWidth, wrapText } from "./text-metrics.ts";

export interface Block {
  readonly height: number;
  /** The items, with the upper edge of the block at y. */
  readonly draw: (y: number) => readonly Item[];
}

/** The horizontal room of a chart's content, in px. */
export interface Frame {
  readonly left: number;
  readonly right: number;
}

const PADDING = { narrow: 14, wide: 20 } as const;

/** The frame of a chart of this width. */
export function makeFrame(width: number): Frame {
  const padding = width < 560 ? PADDING.narrow : PADDING.wide;
  return { left: padding, right: width - padding };
}

/** Empty room. */
export function spacer(height: number): Block {
  return { height, draw: () => [] };
}

/** Text in as many lines as needed, at most `max`. */
function paragraph(content: string, { left, right }: Frame, font: Font, role: Role, max: number): Block {
  const lines = content === "" ? [] : wrapText(content, right - left, font, max);
  const step = font.size * LINE_HEIGHT;
  return {
    height: lines.length * step,
    draw: (y) => lines.flatMap((each, index) => text(each, left, y + index * step + font.size, { ...font, role })),
  };
}

/** The scene of blocks one below the other. `title` and `desc` are for readers who do not see it. */
export function stack(width: number, title: string, desc: string, blocks: readonly Block[]): Scene {
  const padding = makeFrame(width).left;
  let y = padding;
  const items: Item[] = [];
  for (const block of blocks) {
    items.push(...block.draw(y));
    y += block.height;
  }
  const height = Math.ceil(y + padding);
  return {
    width,
    height,
    title: printable(title),
    desc: printable(desc),
    items: [rect("paper", 0, 0, width, height), ...items],
  };
}

// The text above and below every chart, from its report.

/** The parts of a report that a chart shows in addition to its marks. */
export interface ChartText extends Pick<Report, "title" | "lead" | "guide" | "facts" | "notices"> {
  /** Whether the page around the chart shows them, so that the chart need not; text that a chart adds is always drawn. */
  readonly inPage?: boolean;
}

const TITLE: Font = { size: 18, weight: "bold" };
const LEAD: Font = { size: 13, weight: "normal" };
const NOTE: Font = { size: 11.5, weight: "normal" };

/** Title, finding, and the guide to the numbers. */
export function heading({ title, lead, guide, inPage = false }: ChartText, frame: Frame): Block[] {
  if (inPage) return guide === null ? [] : [paragraph(guide, frame, NOTE, "muted", 4), spacer(14)];
  return [
    paragraph(title, frame, TITLE, "ink", 2),
    spacer(4),
    paragraph(lead, frame, LEAD, "ink", 5),
    ...(guide === null ? [] : [spacer(3), paragraph(guide, frame, NOTE, "muted", 4)]),
    spacer(14),
  ];
}

/** Notes, notices, and the facts about the numbers: sample size, period, filters, view, method, freshness. */
export function caption(
  { facts, notices, inPage = false }: ChartText,
  notes: readonly string[],
  frame: Frame,
): Block[] {
  if (inPage && notes.length === 0) return [];
  const sentences = [...notes, ...(inPage ? [] : notices.map(({ text }) => capitalize(text)))];
  const about = inPage ? "" : facts.map(({ label, text }) => `${label} ${text}`).join(" · ");
  return [
    spacer(12),
    ...sentences.flatMap((sentence) => [paragraph(sentence, frame, NOTE, "ink", 3), spacer(3)]),
    paragraph(about, frame, NOTE, "muted", 5),
  ];
}

/** The reason why there is nothing to draw, in place of the marks. */
function emptyState(message: string, { left, right }: Frame): Block {
  const lines = wrapText(message, right - left - 32, LEAD, 5);
  const step = LEAD.size * 1.5;
  const height = 56 + lines.length * step;
  return {
    height,
    draw: (y) => [
      rect("zone", left, y, right - left, height, 4),
      ...lines.flatMap((each, index) =>
        text(each, (left + right) / 2, y + 28 + (index + 0.75) * step, { ...LEAD, anchor: "middle", role: "muted" }),
      ),
    ],
  };
}

/** A chart without marks: its heading, the reason why there is nothing to draw, and its caption. */
export function emptyChart(report: ChartText, message: string, width: number, guide = report.guide): Scene {
  const frame = makeFrame(width);
  return stack(width, report.title, describeChart(report, []), [
    ...heading({ ...report, lead: "", guide }, frame),
    emptyState(message, frame),
    ...caption(report, [], frame),
  ]);
}

/** The text of a chart for readers who do not see it: the finding, then `data`, then the facts about the numbers. */
export function describeChart(chart: ChartText, data: readonly string[]): string {
  const { lead, guide, facts, notices } = chart;
  const about = facts.map((fact) => `${fact.label} ${fact.text}`).join(", ");
  const parts = [
    lead,
    guide ?? "",
    ...data,
    ...notices.map((notice) => capitalize(notice.text)),
    about === "" ? "" : `${capitalize(about)}.`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

// The legend: samples of the marks with their names, in as many lines as needed.

export interface LegendEntry {
  readonly name: string;
  /** Width of the sample in px. */
  readonly width: number;
  /** The sample with its left end at x and its center at y. */
  readonly sample: (x: number, y: number) => readonly Item[];
}

const FONT: Font = { size: 11.5, weight: "normal" };
const LINE = 20;
const AFTER_SAMPLE = 6;
const BETWEEN = 18;

/** The entries from left to right. */
export function legend(entries: readonly LegendEntry[], { left, right }: Frame): Block {
  let x = left;
  let row = 0;
  const positions = entries.map((entry) => {
    const width = entry.width + AFTER_SAMPLE + textWidth(entry.name, FONT);
    if (x > left && x + width > right) {
      x = left;
      row += 1;
    }
    const position = { entry, x, row };
    x += width + BETWEEN;
    return position;
  });
  return {
    height: entries.length === 0 ? 0 : (row + 1) * LINE,
    draw: (y) =>
      positions.flatMap(({ entry, x: at, row: line }) => {
        const center = y + line * LINE + LINE / 2;
        const from = at + entry.width + AFTER_SAMPLE;
        return [
          ...entry.sample(at, center),
          ...text(entry.name, from, middle(center, FONT.size), { ...FONT, role: "muted", room: right - from }),
        ];
      }),
  };
}

/** A title and a message, wrapped to the width, in px. */
export function messageChart(title: string, message: string, width: number): Scene {
  const frame = makeFrame(width);
  return stack(width, title, message, [
    paragraph(title, frame, { size: 16, weight: "bold" }, "ink", 3),
    spacer(6),
    paragraph(message, frame, { size: 13, weight: "normal" }, "muted", 8),
  ]);
}
