// What must hold of every picture, whatever is in it.

import type { Box, Item, Scene, Text } from "../../shared/chart/scene.ts";

/** The room that an item takes. */
export function boxOf(item: Item): Box {
  switch (item.kind) {
    case "rect":
      return item;
    case "text":
      return item.box;
    case "line": {
      const { x1, y1, x2, y2 } = item;
      return { x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
    }
    case "marker": {
      const { x, y, size, shape } = item;
      if (shape === "arrow-left") return { x, y: y - size / 2, width: size, height: size };
      if (shape === "arrow-right") return { x: x - size, y: y - size / 2, width: size, height: size };
      if (shape === "arrow-up") return { x: x - size / 2, y, width: size, height: size };
      return { x: x - size / 2, y: y - size / 2, width: size, height: size };
    }
  }
}

/** Roundings of sums of widths. */
const SLACK = 0.01;

const overlap = (a: Box, b: Box): boolean =>
  a.x + SLACK < b.x + b.width &&
  b.x + SLACK < a.x + a.width &&
  a.y + SLACK < b.y + b.height &&
  b.y + SLACK < a.y + a.height;

/** Texts that overlap, and items that leave the picture or have no place; empty when all is well. */
export function faultsOf({ width, height, items }: Scene): string[] {
  const nameOf = (item: Item) => (item.kind === "text" ? `"${item.text}"` : item.kind);
  const isOutside = (item: Item) => {
    const box = boxOf(item);
    const numbers = [box.x, box.y, box.width, box.height];
    if (!numbers.every(Number.isFinite) || box.width < 0 || box.height < 0) return true;
    return box.x < -SLACK || box.y < -SLACK || box.x + box.width > width + SLACK || box.y + box.height > height + SLACK;
  };
  const texts = items.filter((item): item is Text => item.kind === "text");
  return [
    ...items.filter(isOutside).map((item) => `${nameOf(item)} leaves the picture: ${JSON.stringify(boxOf(item))}`),
    ...texts.flatMap((text, index) =>
      texts
        .slice(index + 1)
        .filter((other) => overlap(text.box, other.box))
        .map((other) => `"${text.text}" overlaps "${other.text}"`),
    ),
  ];
}
