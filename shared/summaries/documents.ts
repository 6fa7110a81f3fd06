// A summary as a document: a result of a kind in, text of one format out. All formats are made from the same result. What
// renders them is loaded with this file, so that a request for JSON loads none of it.

import type { Scene } from "../chart/scene.ts";
import { csv } from "../render/csv.ts";
import { html } from "../render/html.tsx";
import { markdown } from "../render/markdown.ts";
import { svg } from "../render/svg.ts";
import { text } from "../render/text.ts";
import type { RenderOptions, Theme } from "../report/model.ts";
import type { TextFormat } from "./formats.ts";
import type { SummaryKind } from "./kind.ts";

/**
 * A result in one format. The same result and options always give the same text. JSON is the whole result, whatever the
 * options. Throws for the SVG of a kind without a chart, which no route offers.
 */
export function rendered(format: TextFormat, kind: SummaryKind, result: unknown, options: RenderOptions): string {
  switch (format) {
    case "json":
      return JSON.stringify(result);
    case "csv":
      return csv(kind.records(result, options));
    case "txt":
      return text(kind.report(result, options));
    case "md":
      return markdown(kind.report(result, options));
    case "html":
      return html(kind.report(result, options), pageChart(kind, result, options), options.theme);
    case "svg": {
      const scene = chartScene(kind, result, options);
      if (scene === null) throw new Error("this kind of summary has no chart");
      return svg(scene, options.theme);
    }
  }
}

/**
 * The chart of a result; null for kinds without one. The same result and options always give the same scene. A chart in the
 * page of its report leaves out the texts that are around it.
 */
export function chartScene(
  kind: SummaryKind,
  result: unknown,
  options: RenderOptions,
  place: "alone" | "in its page" = "alone",
): Scene | null {
  if (kind.chart === undefined) return null;
  const report = kind.report(result, options);
  return kind.chart(result, place === "alone" ? report : { ...report, guide: null, inPage: true }, options);
}

/** Where a page is too narrow for a chart of the width asked for, it shows one of this width, in px. */
const NARROW = 400;

/** The chart as a part of a page, once wide and once narrow; the page shows one of them, in the colors of its own theme. */
export function pageChart(kind: SummaryKind, result: unknown, options: RenderOptions): string | null {
  const wide = chartInPage(kind, result, options, "light");
  const narrow = chartInPage(kind, result, { ...options, width: Math.min(NARROW, options.width) }, "light");
  return wide === null ? null : `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}

function chartInPage(kind: SummaryKind, result: unknown, options: RenderOptions, theme: Theme): string | null {
  const scene = chartScene(kind, result, options, "in its page");
  return scene === null ? null : svg(scene, theme);
}
