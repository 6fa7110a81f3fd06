// Documents of summaries as bytes. In: a summary and how to render it. Out: the body of a response. A frozen share stores
// these bytes, so that no later version changes them; most requests are for stored bytes, so what renders is loaded when it
// is first needed.

import type { RenderOptions, Theme } from "../../shared/report/model.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import type { Format } from "../../shared/summaries/formats.ts";
import type { Summary } from "../../shared/summaries/kind.ts";
import { findEntry, SUMMARIES } from "../../shared/summaries/registry.ts";
import type { Rasterizer } from "./rasterizer.ts";

export interface Renderer {
  /** A summary in a format. Throws for an image of a kind without a chart. */
  document(format: Format, summary: Summary, options: RenderOptions): Promise<Uint8Array>;
  /** One metric of a summary as a small SVG; the summary's own choice if undefined. Throws `bad_parameter` for one it lacks. */
  badge(summary: Summary, metric: MetricName | undefined, theme: Theme): Promise<Uint8Array>;
  /** One of our SVGs as PNG. */
  picture(svg: string): Promise<Uint8Array>;
  /** The title of a summary, which is that of the options if they have one. */
  title(summary: Summary, options: RenderOptions): Promise<string>;
}

const utf8 = new TextEncoder();

/** A renderer of the given kinds of summaries; `paint` makes the pixels. */
export function makeRenderer(paint: Rasterizer, summaries = SUMMARIES): Renderer {
  const loadKind = ({ kind }: Summary) => findEntry(summaries, kind).load();
  return {
    document: async (format, summary, options) => {
      const { rendered } = await import("../../shared/summaries/documents.ts");
      const kind = await loadKind(summary);
      if (format !== "png") return utf8.encode(rendered(format, kind, summary.result, options));
      return paint(rendered("svg", kind, summary.result, { ...options, theme: stillTheme(options.theme) }));
    },
    badge: async (summary, metric, theme) => {
      const { svg } = await import("../../shared/render/svg.ts");
      const scene = (await loadKind(summary)).badge?.(summary.result, metric);
      if (scene === undefined) throw new Error(`a ${summary.kind} has no badge`);
      return utf8.encode(svg(scene, theme));
    },
    picture: paint,
    title: async (summary, options) => (await loadKind(summary)).report(summary.result, options).title,
  };
}

/** Pixels cannot follow the reader's system: `auto` is light. */
export function stillTheme(theme: Theme): Theme {
  return theme === "auto" ? "light" : theme;
}
