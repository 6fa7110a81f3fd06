// Everything that a share can be asked for, as bytes. In: a summary and a look. Out: what is sent. A frozen share keeps what
// comes out of here, so that no later version of it changes a byte; and since most requests are for what is kept, all that
// draws and writes is loaded when it is first needed.

import type { Comparison } from "../../shared/compare/comparison.ts";
import type { RenderOptions, Summary, Theme } from "../../shared/report/model.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import type { TextFormat } from "../../shared/summaries/documents.ts";
import type { Rasterizer } from "./rasterizer.ts";

export type DocumentFormat = TextFormat | "png";

export interface Renderer {
  /** A summary in a format. Throws for a picture of a kind that has none. */
  document(format: DocumentFormat, summary: Summary, look: RenderOptions): Promise<Uint8Array>;
  /** One metric of a comparison as a small SVG. */
  badge(comparison: Comparison, metric: MetricName, theme: Theme): Promise<Uint8Array>;
  /** An SVG of ours as PNG. */
  picture(svg: string): Promise<Uint8Array>;
  /** The title that a summary is shown under. */
  title(summary: Summary, look: RenderOptions): Promise<string>;
}

const utf8 = new TextEncoder();

/** A renderer; what draws and writes is loaded when it is first needed, and `paint` makes the pixels. */
export function makeRenderer(paint: Rasterizer): Renderer {
  return {
    document: async (format, summary, look) => {
      const { rendered } = await import("../../shared/summaries/documents.ts");
      if (format !== "png") return utf8.encode(rendered(format, summary, look));
      return paint(rendered("svg", summary, { ...look, theme: stillTheme(look.theme) }));
    },
    badge: async (comparison, metric, theme) => {
      const { badge } = await import("../../shared/chart/badge.ts");
      const { svg } = await import("../../shared/render/svg.ts");
      return utf8.encode(svg(badge(comparison, metric), theme));
    },
    picture: paint,
    title: async (summary, look) => {
      const { reportOf } = await import("../../shared/summaries/registry.ts");
      return reportOf(summary, look).title;
    },
  };
}

/** Pixels cannot follow the reader's system: `auto` is light. */
export function stillTheme(theme: Theme): Theme {
  return theme === "auto" ? "light" : theme;
}
