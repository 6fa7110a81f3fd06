import { frameOf, paragraph, space, stack } from "./layout.ts";
import type { Scene } from "./scene.ts";

/** A picture of words alone, for where a chart would be if there were one; texts may come from outside. */
export function messageChart(title: string, words: string, width: number): Scene {
  const frame = frameOf(width);
  return stack(width, title, words, [
    paragraph(title, frame, { size: 16, weight: "bold" }, "ink", 3),
    space(6),
    paragraph(words, frame, { size: 13, weight: "normal" }, "muted", 8),
  ]);
}
