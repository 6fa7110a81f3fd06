// A scene as SVG: one element for each item, no scripts, nothing fetched, and no ids, so that a page may hold several.
// Colors are attributes, which every viewer understands; for the theme `auto` a style sheet replaces them on dark
// screens. So a viewer that knows no style sheets, or must not apply them, still shows the light image.

import type { Item, Marker, Role, Scene, Text } from "../chart/scene.ts";
import type { Theme } from "../report/model.ts";
import { type Colors, DARK, LIGHT } from "./colors.ts";
import { element, xmlText } from "./xml.ts";

const FONTS = "'DejaVu Sans', Verdana, sans-serif";

/** A scene as an SVG document, ending in a line feed. The same scene and theme always give the same bytes. */
export function svg(scene: Scene, theme: Theme): string {
  const { width, height, title, desc, items } = scene;
  const colors = theme === "dark" ? DARK : LIGHT;
  const content = [
    element("title", {}, xmlText(title)),
    element("desc", {}, xmlText(desc)),
    ...(theme === "auto" ? [element("style", {}, darkStyle(items))] : []),
    ...items.map((item) => itemElement(item, colors)),
  ];
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    class: "vbdstat",
    role: "img",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    "font-family": FONTS,
    "text-rendering": "geometricPrecision",
  };
  return `${element("svg", root, `\n${content.join("\n")}\n`)}\n`;
}

/** The dark colors of the roles that the image uses. On paper they stay light. */
function darkStyle(items: readonly Item[]): string {
  const rule = (name: string, property: string, role: Role) => `.vbdstat .${name}-${role}{${property}:${DARK[role]}}`;
  const rules = items.flatMap((item) => [
    ...(isFilled(item) ? [rule("fill", "fill", item.role)] : []),
    ...(isFilled(item) ? [] : [rule("stroke", "stroke", item.role)]),
    ...(isRing(item) ? [rule("fill", "fill", "paper")] : []),
  ]);
  return `@media screen and (prefers-color-scheme:dark){${[...new Set(rules)].sort().join("")}}`;
}

const isRing = (item: Item): boolean => item.kind === "marker" && item.shape === "ring";

const isFilled = (item: Item): boolean => item.kind !== "line" && !isRing(item);

function itemElement(item: Item, colors: Colors): string {
  const { role } = item;
  const fill = { class: `fill-${role}`, fill: colors[role] };
  const stroke = { class: `stroke-${role}`, stroke: colors[role] };
  switch (item.kind) {
    case "rect": {
      const { x, y, width, height, radius } = item;
      return element("rect", { x, y, width, height, rx: radius === 0 ? null : radius, ...fill });
    }
    case "line": {
      const { x1, y1, x2, y2, thickness } = item;
      return element("line", { x1, y1, x2, y2, "stroke-width": thickness, ...stroke });
    }
    case "marker":
      return isRing(item) ? ring(item, colors) : shapeElement(item, fill);
    case "text":
      return textElement(item, fill);
  }
}

const RING = 2;

/** A circle that is empty, so that nothing behind it shows through. */
function ring({ x, y, size, role }: Marker, colors: Colors): string {
  return element("circle", {
    cx: x,
    cy: y,
    r: (size - RING) / 2,
    "stroke-width": RING,
    class: `stroke-${role} fill-paper`,
    stroke: colors[role],
    fill: colors.paper,
  });
}

type Fill = { readonly class: string; readonly fill: string };

/** Corners as parts of the size from the point of the marker. */
const POLYGONS = {
  diamond: ["0 -0.56", "0.56 0", "0 0.56", "-0.56 0"],
  up: ["0 -0.54", "0.58 0.46", "-0.58 0.46"],
  down: ["0 0.54", "0.58 -0.46", "-0.58 -0.46"],
  dash: ["-0.5 -0.12", "0.5 -0.12", "0.5 0.12", "-0.5 0.12"],
  "arrow-left": ["0 0", "1 -0.55", "1 0.55"],
  "arrow-right": ["0 0", "-1 -0.55", "-1 0.55"],
  "arrow-up": ["0 0", "-0.55 1", "0.55 1"],
} as const;

function shapeElement({ shape, x, y, size }: Marker, fill: Fill): string {
  if (shape === "circle" || shape === "ring") return element("circle", { cx: x, cy: y, r: size / 2, ...fill });
  const corner = (at: string) =>
    at.split(" ").map((part, axis) => hundredths((axis === 0 ? x : y) + Number(part) * size));
  return element("polygon", { points: POLYGONS[shape].map((at) => corner(at).join(",")).join(" "), ...fill });
}

const hundredths = (value: number): number => Math.round(value * 100) / 100 + 0;

/** A text. One with characters of unknown size gets a view of its own, which cuts off everything outside its box. */
function textElement({ text, x, y, anchor, size, weight, turned, box, clipped }: Text, fill: Fill): string {
  const [left, top] = clipped ? [x - box.x, y - box.y] : [x, y];
  const written = element(
    "text",
    {
      x: left,
      y: top,
      "font-size": size,
      "font-weight": weight === "normal" ? null : weight,
      "text-anchor": anchor === "start" ? null : anchor,
      transform: turned ? `rotate(-90 ${hundredths(left)} ${hundredths(top)})` : null,
      ...fill,
    },
    xmlText(text),
  );
  return clipped ? element("svg", { x: box.x, y: box.y, width: box.width, height: box.height }, written) : written;
}
