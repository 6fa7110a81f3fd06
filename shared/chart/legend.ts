// What the marks of a chart mean: samples of them with their names, in as many lines as it takes.

import type { Block, Frame } from "./layout.ts";
import { middle, text } from "./items.ts";
import { type Font, widthOfText } from "./text-metrics.ts";
import type { Item } from "./scene.ts";

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
    const width = entry.width + AFTER_SAMPLE + widthOfText(entry.name, FONT);
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
