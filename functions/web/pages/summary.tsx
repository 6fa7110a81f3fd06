// A summary as a part of a page: the report and chart that every format has, and the ways to take it elsewhere.

import type { Child, FC } from "hono/jsx";
import { ReportBody } from "../../../shared/render/html.tsx";
import { DEFAULT_RENDER_OPTIONS, type Report } from "../../../shared/report/model.ts";
import { pageChart } from "../../../shared/summaries/documents.ts";
import type { SummaryKind } from "../../../shared/summaries/kind.ts";
import type { SummaryEntry } from "../../../shared/summaries/registry.ts";
import { EmbedPanel } from "./forms.tsx";
import { linkOf } from "./links.ts";

/** Width of a chart on a wide screen, in px. */
const CHART_WIDTH = 860;

interface SummaryBodyProps {
  readonly entry: SummaryEntry;
  readonly kind: SummaryKind;
  readonly result: unknown;
  /** The text of the path parameter, if the endpoint has one. */
  readonly name?: string;
  /** The query of the endpoint, with the question mark. */
  readonly query: string;
  /** The report as the page shows it, when it shows some of it otherwise. */
  readonly report?: Report;
  readonly children?: Child;
}

export const SummaryBody: FC<SummaryBodyProps> = ({ entry, kind, result, name = "", query, report, children }) => {
  const look = { ...DEFAULT_RENDER_OPTIONS, width: CHART_WIDTH };
  const chart = pageChart(kind, result, look);
  const shown = report ?? kind.report(result, look);
  const endpoint = entry.path.replace(/\{\w+\}/, encodeURIComponent(name));
  return (
    <>
      {/* The next page is a link of this page and no word about parameters. */}
      <ReportBody report={{ ...shown, cursor: null }} chart={chart} linkOf={linkOf}>
        {children}
      </ReportBody>
      <div class="take">
        {entry.isShareable && <EmbedPanel kind={entry.name} query={query} />}
        <p class="formats">
          The same as{" "}
          {entry.formats.map((format, index) => (
            <>
              {index === 0 ? "" : " · "}
              <a href={`${endpoint}.${format}${query}`}>{format.toUpperCase()}</a>
            </>
          ))}
        </p>
      </div>
    </>
  );
};
