// Words where a summary would be, as a page or a picture.

import type { Report } from "../../shared/report/model.ts";
import type { Theme } from "../../shared/report/summary.ts";

/** A page in the colours of the reader's system; both texts may come from outside. */
export async function noticePage(title: string, lead: string): Promise<string> {
  const { html } = await import("../../shared/render/html.tsx");
  const report: Report = { title, lead, guide: null, facts: [], notices: [], sections: [], cursor: null };
  return html(report, null, "auto");
}

/** An SVG so many px wide; both texts may come from outside. */
export async function noticePicture(title: string, words: string, width: number, theme: Theme): Promise<string> {
  const { wordsPicture } = await import("../../shared/chart/message-chart.ts");
  const { svg } = await import("../../shared/render/svg.ts");
  return svg(wordsPicture(title, words, width), theme);
}
