// A picture is a pile of blocks: each knows how high it is, and draws itself where the pile puts it.

import type { Report } from "../report/model.ts";
import { printable } from "../run/text.ts";
import { type Item, LINE_HEIGHT, middle, type Role, rect, type Scene, text } from "./scene.ts";
import { broken, type Font, textWidth } from "./text-metrics.ts";

export interface Block {
  readonly height: number;
  /** The items, with the upper edge of the block at y. */
  readonly draw: (y: number) => readonly Item[];
}

/** The room of a picture's content: from `left` to `right`. */
export interface Frame {
  readonly left: number;
  readonly right: number;
}

const PADDING = { narrow: 14, wide: 20 } as const;

/** The frame of a picture of this width. */
export function frameOf(width: number): Frame {
  const padding = width < 560 ? PADDING.narrow : PADDING.wide;
  return { left: padding, right: width - padding };
}

/** Room without anything. */
export function space(height: number): Block {
  return { height, draw: () => [] };
}

/** Text in as many lines as it takes, at most `most`. */
export function paragraph(content: string, { left, right }: Frame, font: Font, role: Role, most: number): Block {
  const lines = content === "" ? [] : broken(content, right - left, font, most);
  const step = font.size * LINE_HEIGHT;
  return {
    height: lines.length * step,
    draw: (y) => lines.flatMap((each, index) => text(each, left, y + index * step + font.size, { ...font, role })),
  };
}

/** The scene of blocks one below the other on paper. */
export function stack(width: number, title: string, desc: string, blocks: readonly Block[]): Scene {
  const padding = frameOf(width).left;
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

// What stands above and below every chart: the words of its report.

/** The parts of a report that a picture shows beside its marks. */
export interface Words extends Pick<Report, "title" | "lead" | "guide" | "facts" | "notices"> {
  /** Whether they stand in the page around the picture, so that it need not draw them; what a chart adds it always draws. */
  readonly inPage?: boolean;
}

const TITLE: Font = { size: 18, weight: "bold" };
const LEAD: Font = { size: 13, weight: "normal" };
const NOTE: Font = { size: 11.5, weight: "normal" };

/** Title, finding, and how to read the numbers. */
export function heading({ title, lead, guide, inPage = false }: Words, frame: Frame): Block[] {
  if (inPage) return guide === null ? [] : [paragraph(guide, frame, NOTE, "muted", 4), space(14)];
  return [
    paragraph(title, frame, TITLE, "ink", 2),
    space(4),
    paragraph(lead, frame, LEAD, "ink", 5),
    ...(guide === null ? [] : [space(3), paragraph(guide, frame, NOTE, "muted", 4)]),
    space(14),
  ];
}

/** What to mind, and the facts about the numbers: sample size, period, filters, view, method, freshness. */
export function caption({ facts, notices, inPage = false }: Words, notes: readonly string[], frame: Frame): Block[] {
  if (inPage && notes.length === 0) return [];
  const warnings = [...notes, ...(inPage ? [] : notices.map(({ text }) => sentence(text)))];
  const about = inPage ? "" : facts.map(({ label, text }) => `${label} ${text}`).join(" · ");
  return [
    space(12),
    ...warnings.flatMap((warning) => [paragraph(warning, frame, NOTE, "ink", 3), space(3)]),
    paragraph(about, frame, NOTE, "muted", 5),
  ];
}

/** A picture of nothing: why there is nothing to see, in words, where the marks would be. */
export function emptyState(message: string, { left, right }: Frame): Block {
  const lines = broken(message, right - left - 32, LEAD, 5);
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

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;

/** The words of a picture, for its description: what it says, then `data`, then what the numbers are of. */
export function description(words: Words, data: readonly string[]): string {
  const { lead, guide, facts, notices } = words;
  const about = facts.map(({ label, text }) => `${label} ${text}`).join(", ");
  const parts = [
    lead,
    guide ?? "",
    ...data,
    ...notices.map(({ text }) => sentence(text)),
    about === "" ? "" : `${sentence(about)}.`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

// What the marks of a chart mean: samples of them with their names, in as many lines as it takes.

export interface LegendEntry {
  readonly name: string;
  /** Width of the sample in px. */
  readonly width: number;
  /** The sample with its left end at x and its middle at y. */
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
  const places = entries.map((entry) => {
    const width = entry.width + AFTER_SAMPLE + textWidth(entry.name, FONT);
    if (x > left && x + width > right) {
      x = left;
      row += 1;
    }
    const place = { entry, x, row };
    x += width + BETWEEN;
    return place;
  });
  return {
    height: entries.length === 0 ? 0 : (row + 1) * LINE,
    draw: (y) =>
      places.flatMap(({ entry, x: at, row: line }) => {
        const center = y + line * LINE + LINE / 2;
        const from = at + entry.width + AFTER_SAMPLE;
        return [
          ...entry.sample(at, center),
          ...text(entry.name, from, middle(center, FONT.size), { ...FONT, role: "muted", room: right - from }),
        ];
      }),
  };
}
