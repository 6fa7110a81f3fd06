// A page with a summary: a form with the query above, and below it the report and chart that every format has, a form to share
// the summary, and links to its other formats. A query that is not valid keeps its form and gets the error in place of a result.

import type { Context } from "hono";
import type { Child, FC } from "hono/jsx";
import { CHART_FORMATS, LIST_FORMATS, PICTURE_FORMATS } from "../../../shared/api/formats.ts";
import { AppError } from "../../../shared/errors.ts";
import { ReportBody } from "../../../shared/render/html.tsx";
import { DEFAULT_RENDER_OPTIONS, type Report, type Summary } from "../../../shared/report/model.ts";
import { SHARE_KINDS, type ShareKind } from "../../../shared/run/share.ts";
import { pageChart } from "../../../shared/summaries/documents.ts";
import { reportOf } from "../../../shared/summaries/registry.ts";
import type { HttpEnv } from "../http/app.ts";
import { wantsPage } from "../http/formats.ts";
import { ErrorAlert } from "./error-page.tsx";
import type { PageQuery } from "./forms.tsx";
import { pageResponse } from "./layout.tsx";
import { buildQueryString, targetPath } from "./links.ts";

interface SummaryPage {
  readonly query: PageQuery;
  readonly form: Child;
  /** Path of the API endpoint with the same summary. */
  readonly endpoint: string;
  /** Throws `bad_parameter` for a query that is not valid. */
  readonly compute: () => Promise<PageSummary>;
  /** What the page says in place of a summary: the title of the browser tab, and the heading of the error. */
  readonly onError: { readonly title: string; readonly heading: string };
}

interface PageSummary {
  readonly summary: Summary;
  /** The report where the page shows it differently from the other formats. */
  readonly report?: Report;
  /** What the page adds to the report, below the chart. */
  readonly children?: Child;
}

/** The page of a query: 200 with its summary, or 400 with the error for browsers. Throws every other error of `compute`. */
export async function summaryPage(c: Context<HttpEnv>, page: SummaryPage): Promise<Response> {
  const { query, form, endpoint, compute, onError } = page;
  const withForm = (body: Child) => (
    <>
      {form}
      {body}
    </>
  );
  try {
    const { summary, ...shown } = await compute();
    const { title } = reportOf(summary, DEFAULT_RENDER_OPTIONS);
    const body = <SummaryBody summary={summary} endpoint={endpoint} query={buildQueryString(query)} {...shown} />;
    return pageResponse(c, { title }, withForm(body));
  } catch (error) {
    if (!(error instanceof AppError && error.code === "bad_parameter" && wantsPage(c))) throw error;
    const body = <ErrorAlert heading={onError.heading} error={error} />;
    return pageResponse(c, { title: onError.title, status: 400 }, withForm(body));
  }
}

/** Width of a chart on a wide screen, in px. */
const CHART_WIDTH = 860;

interface SummaryBodyProps extends PageSummary {
  /** Path of the API endpoint, without the suffix of a format. */
  readonly endpoint: string;
  /** The query string of the summary with its question mark; empty for none. */
  readonly query: string;
}

/** A summary as the body of a page: report, chart, share form and links to the other formats. */
export const SummaryBody: FC<SummaryBodyProps> = ({ summary, endpoint, query, report, children }) => {
  const options = { ...DEFAULT_RENDER_OPTIONS, width: CHART_WIDTH };
  const chart = pageChart(summary, options);
  const shareKind = SHARE_KINDS.find((kind) => kind === summary.kind);
  const formats = chart === null ? LIST_FORMATS : shareKind === undefined ? CHART_FORMATS : PICTURE_FORMATS;
  return (
    <>
      {/* Without the cursor: the page links to its next page and needs no text about a parameter. */}
      <ReportBody
        report={{ ...(report ?? reportOf(summary, options)), cursor: null }}
        chart={chart}
        linkOf={targetPath}
      >
        {children}
      </ReportBody>
      <div class="after-report">
        {shareKind !== undefined && <ShareForm kind={shareKind} query={query} />}
        <p class="formats">
          Download:{" "}
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

/** Creates a share of the summary on the page, by POST /shares; the page of shares then has its snippets. */
const ShareForm: FC<{ kind: ShareKind; query: string }> = ({ kind, query }) => (
  <section class="share-panel" aria-labelledby="share">
    <h2 id="share">Share</h2>
    <p>
      Create a public link to this summary as an image, a page or text. Anyone with the link can view the summary until
      you revoke the link.
    </p>
    <form method="post" action="/shares" class="row">
      <input type="hidden" name="kind" value={kind} />
      <input type="hidden" name="query" value={query.replace(/^\?/, "")} />
      <fieldset class="plain">
        <legend>Numbers</legend>
        <label>
          <input type="radio" name="lasts" value="frozen" checked /> Frozen: a permanent snapshot
        </label>
        <label>
          <input type="radio" name="lasts" value="live" /> Live: always current
        </label>
      </fieldset>
      <div class="field grow">
        <label for="share-title">Title (optional)</label>
        <input id="share-title" name="title" maxlength={200} autocomplete="off" />
      </div>
      <button type="submit" class="primary">
        Create link
      </button>
    </form>
  </section>
);
