// The one door to every format: a summary in, text of one format out. Every format is made from the same answer.

import { csv } from "../render/csv.ts";
import { html } from "../render/html.tsx";
import { markdown } from "../render/markdown.ts";
import { svg } from "../render/svg.ts";
import { text } from "../render/text.ts";
import type { RenderOptions, Summary, Theme } from "../report/model.ts";
import { chartOf, recordsOfSummary, reportOf } from "./registry.ts";

/** The formats that are text; a PNG is made from the SVG. */
export type TextFormat = "json" | "csv" | "txt" | "md" | "html" | "svg";

/**
 * A summary in one format. The same summary and look always give the same text. JSON is the whole answer, whatever the
 * look. Throws for the SVG of a kind that has no chart, which no route offers.
 */
export function rendered(format: TextFormat, summary: Summary, look: RenderOptions): string {
  switch (format) {
    case "json":
      return JSON.stringify(summary.answer);
    case "csv":
      return csv(recordsOfSummary(summary, look));
    case "txt":
      return text(reportOf(summary, look));
    case "md":
      return markdown(reportOf(summary, look));
    case "html":
      return html(reportOf(summary, look), pageChart(summary, look), look.theme);
    case "svg":
      return chartSvg(summary, look, look.theme) ?? noChart(summary);
  }
}

/** Where a page becomes too narrow for a chart of the width asked for, it shows one of this width, in px. */
const NARROW = 400;

/** The chart as a part of a page, once wide and once narrow; the page shows one of them, in the colours of its own theme. */
export function pageChart(summary: Summary, look: RenderOptions): string | null {
  const wide = chartSvg(summary, look, "light", "in its page");
  const narrow = chartSvg(summary, { ...look, width: Math.min(NARROW, look.width) }, "light", "in its page");
  return wide === null ? null : `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}

function chartSvg(
  summary: Summary,
  look: RenderOptions,
  theme: Theme,
  place?: Parameters<typeof chartOf>[2],
): string | null {
  const scene = chartOf(summary, look, place);
  return scene === null ? null : svg(scene, theme);
}

function noChart({ kind }: Summary): never {
  throw new Error(`there is no chart of a ${kind}`);
}
