import { raw } from "hono/html";
import { printable } from "../run/text.ts";
import type { Report } from "../report/model.ts";
import type { Theme } from "../report/summary.ts";
import { REPORT_STYLE } from "./html-style.ts";
import { ReportBody } from "./report-body.tsx";

/** A report as a document that needs nothing else: no script, nothing loaded. `chart` is SVG, or null for none. */
export function html(report: Report, chart: string | null, theme: Theme): string {
  const document = (
    <html lang="en" class={theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{printable(report.title)}</title>
        {/* Raw, because a style sheet is not escaped text; its hash stands in the policy. */}
        <style>{raw(REPORT_STYLE)}</style>
      </head>
      <body>
        <main>
          <ReportBody report={report} chart={chart} />
        </main>
      </body>
    </html>
  );
  return `<!doctype html>\n${document.toString()}\n`;
}
