// A chart of text alone, in place of a chart that cannot be drawn: an error, a revoked share. In: a title and a message, which
// may come from outside. Out: a scene.

import { frameOf, paragraph, spacer, stack } from "./layout.ts";
import type { Scene } from "./scene.ts";

/** A title and a message, wrapped to the width, in px. */
export function messageChart(title: string, message: string, width: number): Scene {
  const frame = frameOf(width);
  return stack(width, title, message, [
    paragraph(title, frame, { size: 16, weight: "bold" }, "ink", 3),
    spacer(6),
    paragraph(message, frame, { size: 13, weight: "normal" }, "muted", 8),
  ]);
}
