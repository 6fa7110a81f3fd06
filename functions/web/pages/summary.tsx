// A summary as a part of a page: the report and chart that every format has, and the ways to take it elsewhere.

import type { Child, FC } from "hono/jsx";
import { CHART_FORMATS, LIST_FORMATS, PICTURE_FORMATS } from "../../../shared/api/formats.ts";
import { ReportBody } from "../../../shared/render/html.tsx";
import { DEFAULT_RENDER_OPTIONS, type Report, type Summary } from "../../../shared/report/model.ts";
import { SHARE_KINDS } from "../../../shared/run/share.ts";
import { pageChart } from "../../../shared/summaries/documents.ts";
import { reportOf } from "../../../shared/summaries/registry.ts";
import { EmbedPanel } from "./forms.tsx";
import { linkOf } from "./links.ts";

/** Width of a chart on a wide screen, in px. */
const CHART_WIDTH = 860;

interface SummaryBodyProps {
  readonly summary: Summary;
  /** The path of its endpoint, without suffix, and its question with the question mark. */
  readonly endpoint: string;
  readonly query: string;
  /** The report as the page shows it, when it shows some of it otherwise. */
  readonly report?: Report;
  readonly children?: Child;
}

export const SummaryBody: FC<SummaryBodyProps> = ({ summary, endpoint, query, report, children }) => {
  const look = { ...DEFAULT_RENDER_OPTIONS, width: CHART_WIDTH };
  const chart = pageChart(summary, look);
  const shared = SHARE_KINDS.find((kind) => kind === summary.kind);
  const shown = report ?? reportOf(summary, look);
  const formats = chart === null ? LIST_FORMATS : shared === undefined ? CHART_FORMATS : PICTURE_FORMATS;
  return (
    <>
      {/* The next page is a link of this page and no word about parameters. */}
      <ReportBody report={{ ...shown, cursor: null }} chart={chart} linkOf={linkOf}>
        {children}
      </ReportBody>
      <div class="take">
        {shared !== undefined && <EmbedPanel kind={shared} query={query} />}
        <p class="formats">
          The same as{" "}
          {formats.map((format, index) => (
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
