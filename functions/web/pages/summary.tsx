// A page with a summary: a form with the query above, and below it the report and chart that every format has, a form to share
// the summary, and links to its other formats. A query that is not valid keeps its form and gets the error in place of a result.

import type { Context } from "hono";
import type { Child, FC } from "hono/jsx";
import { AppError } from "../../../shared/errors.ts";
import { ReportBody } from "../../../shared/render/html.tsx";
import { DEFAULT_RENDER_OPTIONS, type Report } from "../../../shared/report/model.ts";
import { pageChart } from "../../../shared/summaries/documents.ts";
import type { SummaryKind } from "../../../shared/summaries/kind.ts";
import type { SummaryEntry } from "../../../shared/summaries/registry.ts";
import { fleetSource } from "../../service/summary-source.ts";
import { computeSummary } from "../../service/validation.ts";
import type { HttpEnv } from "../http/app.ts";
import { currentToken } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import { wantsPage } from "../http/formats.ts";
import type { PageDeps } from "./app.ts";
import { ErrorAlert } from "./error-page.tsx";
import type { PageQuery } from "./forms.tsx";
import { pageResponse } from "./layout.tsx";
import { buildQueryString, targetPath } from "./links.ts";

interface SummaryPage {
  readonly query: PageQuery;
  readonly form: Child;
  readonly entry: SummaryEntry;
  /** Throws `bad_parameter` for a query that is not valid. */
  readonly compute: () => Promise<PageSummary>;
  /** What the page says in place of a summary: the title of the browser tab, and the heading of the error. */
  readonly onError: { readonly title: string; readonly heading: string };
}

interface PageSummary {
  readonly kind: SummaryKind;
  readonly result: unknown;
  /** The report where the page shows it differently from the other formats. */
  readonly report?: Report;
  /** What the page adds to the report, below the chart. */
  readonly children?: Child;
}

/** The page of a query: 200 with its summary, or 400 with the error for browsers. Throws every other error of `compute`. */
export async function summaryPage(c: Context<HttpEnv>, page: SummaryPage): Promise<Response> {
  const { query, form, entry, compute, onError } = page;
  const withForm = (body: Child) => (
    <>
      {form}
      {body}
    </>
  );
  try {
    const shown = await compute();
    const { title } = shown.kind.report(shown.result, DEFAULT_RENDER_OPTIONS);
    const body = <SummaryBody entry={entry} query={buildQueryString(query)} {...shown} />;
    return pageResponse(c, { title }, withForm(body));
  } catch (error) {
    if (!(error instanceof AppError && error.code === "bad_parameter" && wantsPage(c))) throw error;
    const body = <ErrorAlert heading={onError.heading} error={error} />;
    return pageResponse(c, { title: onError.title, status: 400 }, withForm(body));
  }
}

/** GET of a kind of summary without a page of its own: the result for the query of the URL, without a form. */
export async function plainSummaryPage(c: Context<HttpEnv>, deps: PageDeps, entry: SummaryEntry): Promise<Response> {
  const query = sentQuery(c);
  return summaryPage(c, {
    query,
    form: null,
    entry,
    compute: async () => {
      const kind = await entry.load();
      const source = fleetSource(deps, currentToken(c), c.get("logError"));
      return { kind, result: await computeSummary(kind, source, query) };
    },
    onError: { title: entry.title, heading: "This summary cannot be shown" },
  });
}

/** Width of a chart on a wide screen, in px. */
const CHART_WIDTH = 860;

interface SummaryBodyProps extends PageSummary {
  readonly entry: SummaryEntry;
  /** The text of the path parameter of the endpoint, if it has one. */
  readonly name?: string;
  /** The query string of the summary with its question mark; empty for none. */
  readonly query: string;
}

/** A summary as the body of a page: report, chart, share form and links to the other formats. */
export const SummaryBody: FC<SummaryBodyProps> = ({ entry, kind, result, name = "", query, report, children }) => {
  const options = { ...DEFAULT_RENDER_OPTIONS, width: CHART_WIDTH };
  const chart = pageChart(kind, result, options);
  const endpoint = entry.path.replace(/\{\w+\}/, encodeURIComponent(name));
  return (
    <>
      {/* Without the cursor: the page links to its next page and needs no text about a parameter. */}
      <ReportBody
        report={{ ...(report ?? kind.report(result, options)), cursor: null }}
        chart={chart}
        linkOf={targetPath}
      >
        {children}
      </ReportBody>
      <div class="after-report">
        {entry.isShareable && <ShareForm kind={entry.name} query={query} />}
        <p class="formats">
          Download:{" "}
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

/** Creates a share of the summary on the page, by POST /shares; the page of shares then has its snippets. */
const ShareForm: FC<{ kind: string; query: string }> = ({ kind, query }) => (
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
