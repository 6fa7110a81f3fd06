// A picture is a pile of blocks: each knows how high it is, and draws itself where the pile puts it.

import { printable } from "../run/text.ts";
import { LINE_HEIGHT, rect, text } from "./items.ts";
import { broken, type Font } from "./text-metrics.ts";
import type { Item, Role, Scene } from "./scene.ts";

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
export function piled(width: number, title: string, desc: string, blocks: readonly Block[]): Scene {
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
