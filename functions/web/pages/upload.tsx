// GET /upload: the form; what becomes of it is in receipt.tsx.

import type { Context } from "hono";
import type { FC } from "hono/jsx";
import * as z from "zod";
import { type Advice, AppError } from "../../../shared/errors.ts";
import { COHORT_KEYS } from "../../../shared/run/cohort.ts";
import { formatNumber } from "../../../shared/run/format.ts";
import { printable } from "../../../shared/run/text.ts";
import { once } from "../../../shared/summaries/fields.ts";
import { storeUpload } from "../../service/ingest.ts";
import { type Receipt, type ReceiptResult, receiptStatus, receiptSummary } from "../../service/receipt.ts";
import type { HttpEnv } from "../http/app.ts";
import { tokenOf } from "../http/auth.ts";
import { UPLOAD_FORM } from "../http/body.ts";
import { assertForm, formOf } from "../http/form.ts";
import { wantsPage } from "../http/formats.ts";
import { withUploadBody } from "../http/upload-body.ts";
import type { IngestDeps } from "../routes/ingest.ts";
import { Problem } from "./error-page.tsx";
import { type UploadFields, UploadForm } from "./forms.tsx";
import { type Page, pageResponse } from "./layout.tsx";
import { linkOf } from "./links.ts";

// POST /upload: what POST /v1/results does with the same text and parameters, and its receipt as a page. Sending the form
// again changes nothing: its results are duplicates then.

const text = once(z.string());

/** The form. Its parameters are checked where those of every other upload are. */
const form = z.strictObject({
  output: text.prefault(""),
  backend: text.optional(),
  host: text.optional(),
  finished: text.optional(),
  ...Object.fromEntries(COHORT_KEYS.map((key) => [key, text.optional()])),
});

export const receipt: Page<IngestDeps> = async (c, deps) => {
  assertForm(c);
  return withUploadBody(c, deps, UPLOAD_FORM, async ({ text: sent }) => received(c, deps, formOf(sent, form)));
};

async function received(
  c: Context<HttpEnv>,
  deps: IngestDeps,
  { output, ...said }: z.output<typeof form>,
): Promise<Response> {
  const parameters = Object.fromEntries(
    Object.entries(said).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
  );
  const receivedAt = new Date(deps.clock()).toISOString();
  try {
    const sent = { text: output, encoding: "utf-8", parameters, receivedAt } as const;
    const given = await storeUpload(deps, tokenOf(c), sent);
    const { stored, duplicate, rejected } = given;
    c.set("note", receiptSummary(given));
    c.set("results", { stored, duplicate, rejected });
    return receiptPage(c, given, { output, parameters });
  } catch (error) {
    if (!(error instanceof AppError && wantsPage(c))) throw error;
    if (error.cause !== undefined) c.get("logError")(error);
    // The text may be hard to come by again.
    return pageResponse(
      c,
      { title: "Upload", status: KEEPING.find((status) => status === error.status) ?? 400 },
      <>
        <Problem title="This could not be uploaded" error={error} advice={ADVICE} />
        <div class="sheet">
          <UploadForm fields={{ output, parameters }} />
        </div>
      </>,
    );
  }
}

/** Statuses of refusals beside which the form stands as it was sent. */
const KEEPING = [400, 403, 413, 429, 503] as const;

/** What the user of the form can do about an error. */
const ADVICE: Advice = {
  no_backend: 'choose one below, or add a line "# backend: loop" before the results',
};

function receiptPage(c: Context<HttpEnv>, given: Receipt, { output, parameters }: UploadFields): Response {
  const { stored, duplicate, rejected, results, issues } = given;
  const isReader = tokenOf(c).scope === "admin";
  return pageResponse(
    c,
    { title: "Receipt", status: receiptStatus(given) },
    <>
      <div class="sheet">
        <h1>{rejected > 0 ? "Not all of it could be read" : stored > 0 ? "Stored" : "Nothing new"}</h1>
        <dl class="counts">
          <Count name="stored" count={stored} />
          <Count name="known before" count={duplicate} />
          <Count name="rejected" count={rejected} />
        </dl>
        {rejected > 0 && (
          <p>What is good is stored. What is rejected is kept in quarantine, word for word, until it can be read.</p>
        )}
        {results.length > 0 && <Results results={results.slice(0, MAX_ROWS)} />}
        <Further count={results.length - MAX_ROWS} of="results" />
        {issues.length > 0 && <Issues issues={issues.slice(0, MAX_ROWS)} />}
        <Further count={issues.length - MAX_ROWS} of="rejected lines" />
        <p class="row">
          <a class="button" href="/upload">
            Upload more
          </a>
          {isReader && (
            <a class="button" href="/">
              To the overview
            </a>
          )}
        </p>
      </div>
      {rejected > 0 && (
        <div class="sheet">
          <h2>Mend it and send it again</h2>
          <p>Lines that were stored are recognised, and count once.</p>
          <UploadForm fields={{ output, parameters }} />
        </div>
      )}
    </>,
  );
}

/** Rows of a table: nobody reads more, and thousands of them take seconds to put together. */
const MAX_ROWS = 500;

/** That there are more than the table has; nothing where it has all. */
const Further: FC<{ count: number; of: string }> = ({ count, of }) =>
  count <= 0 ? null : (
    <p>
      And {formatNumber(count)} further {of}, which the counts above hold as well. The agent and curl are told of each.
    </p>
  );

const Count: FC<{ name: string; count: number }> = ({ name, count }) => (
  <div class={count === 0 ? "none" : undefined}>
    <dt>{name}</dt>
    <dd>{formatNumber(count)}</dd>
  </div>
);

const Results: FC<{ results: readonly ReceiptResult[] }> = ({ results }) => (
  <section class="table report-table" aria-label="Results" tabindex={0}>
    <table>
      <caption>What became of each result</caption>
      <thead>
        <tr>
          {["Line", "Host", "Backend", "Stratum", "Status", "Reads", "Run"].map((head) => (
            <th scope="col">{head}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {results.map(({ line, host, backend, stratum, status, quality, warnings, id }) => (
          <tr>
            <th scope="row" data-head="Line">
              {line}
            </th>
            <td>{printable(host)}</td>
            <td>{backend}</td>
            <td>{printable(stratum)}</td>
            <td>{status}</td>
            <td class="whole" data-head="Reads">
              {quality.verdict}
              {[...quality.reasons.map((reason) => `${reason.rule}: ${reason.text}`), ...warnings].map((words) => (
                <p class="help">{printable(words)}</p>
              ))}
            </td>
            <td>
              <a href={linkOf({ kind: "run", id })}>
                {id.slice(0, 8)}…<span class="unseen"> run of line {line}</span>
              </a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

const Issues: FC<{ issues: Receipt["issues"] }> = ({ issues }) => (
  <section class="table report-table" aria-label="Rejected lines" tabindex={0}>
    <table>
      <caption>What could not be read</caption>
      <thead>
        <tr>
          {["Line", "Column", "Field", "What is wrong"].map((head) => (
            <th scope="col">{head}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {issues.map(({ line, column, field, text: words }) => (
          <tr>
            <th scope="row" data-head="Line">
              {line}
            </th>
            <td data-head="Column">{column}</td>
            <td>{printable(field ?? "–")}</td>
            <td class="whole">{printable(words)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

export const upload: Page<unknown> = async (c) =>
  pageResponse(
    c,
    { title: "Upload" },
    <div class="sheet">
      <h1>Upload results</h1>
      <UploadForm fields={{ output: "", parameters: {} }} />
    </div>,
  );
