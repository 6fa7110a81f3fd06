// GET /upload: a form to paste the output of Bonnie++ into. POST /upload does what POST /v1/results does with the same text and
// parameters, and shows the receipt as a page. Sending the form again is safe: its results are duplicates then.

import type { Context } from "hono";
import type { FC } from "hono/jsx";
import * as z from "zod";
import { type Advice, AppError } from "../../../shared/errors.ts";
import { prose } from "../../../shared/render/html.tsx";
import { COHORT_KEYS } from "../../../shared/run/cohort.ts";
import { formatNumber } from "../../../shared/run/format.ts";
import { printable } from "../../../shared/run/text.ts";
import { single } from "../../../shared/summaries/fields.ts";
import { storeUpload } from "../../service/upload/ingest.ts";
import { type Receipt, type ReceiptResult, receiptStatus, receiptSummary } from "../../service/upload/receipt.ts";
import type { HttpEnv } from "../http/app.ts";
import { currentToken } from "../http/auth.ts";
import { decode, UPLOAD_FORM } from "../http/body.ts";
import { assertForm, parseForm } from "../http/form.ts";
import { wantsPage } from "../http/formats.ts";
import { withUploadBody } from "../http/upload-body.ts";
import type { IngestDeps } from "../routes/ingest.ts";
import { ErrorAlert } from "./error-page.tsx";
import { BackendChoice, COHORT_LABELS, Field } from "./forms.tsx";
import { type Page, pageResponse } from "./layout.tsx";
import { targetPath } from "./links.ts";

/** GET /upload */
export const upload: Page<unknown> = async (c) =>
  pageResponse(
    c,
    { title: "Upload" },
    <div class="sheet">
      <h1>Upload results</h1>
      <UploadForm fields={{ output: "", parameters: {} }} />
    </div>,
  );

/** What the form holds: what was sent with it, so that nothing has to be typed twice. */
interface UploadFields {
  readonly output: string;
  /** By key, as in the query of POST /v1/results. */
  readonly parameters: Readonly<Record<string, string>>;
}

const UploadForm: FC<{ fields: UploadFields }> = ({ fields: { output, parameters } }) => (
  <form method="post" action="/upload" class="fields upload">
    <div class="field">
      <label for="output">Bonnie++ output</label>
      <textarea
        id="output"
        name="output"
        rows={10}
        required
        spellcheck={false}
        autocapitalize="off"
        aria-describedby="output-help"
      >
        {`\n${output}`}
      </textarea>
      <p class="help" id="output-help">
        Paste the CSV line or the full output; other text is ignored. A line such as <code># backend: loop</code>{" "}
        applies to all results below it.
      </p>
    </div>
    <div class="row">
      <BackendChoice label="Backend" name="backend" value={parameters["backend"] ?? ""} any="from the pasted text" />
      <TextField label="Host (Dom0)" name="host" value={parameters["host"]} placeholder="from the result line" />
      <TextField label="Finished" name="finished" value={parameters["finished"]} placeholder="now" />
    </div>
    {/* The facts that define cohorts; the text can hold a line for any other fact. */}
    <details class="more" open={COHORT_KEYS.some((key) => parameters[key] !== undefined)}>
      <summary>Host details</summary>
      <div class="row">
        {COHORT_KEYS.map((key) => (
          <TextField label={COHORT_LABELS[key]} name={key} value={parameters[key]} placeholder="" />
        ))}
      </div>
    </details>
    <button type="submit" class="primary">
      Upload
    </button>
  </form>
);

const TextField: FC<{ label: string; name: string; value: string | undefined; placeholder: string }> = (props) => (
  <Field label={props.label} name={props.name}>
    <input
      id={props.name}
      name={props.name}
      value={props.value ?? ""}
      placeholder={props.placeholder}
      maxlength={255}
      autocomplete="off"
      spellcheck={false}
    />
  </Field>
);

const text = single(z.string());

/** Names the fields; their values are validated where every other upload is validated. */
const uploadForm = z.strictObject({
  output: text.prefault(""),
  backend: text.optional(),
  host: text.optional(),
  finished: text.optional(),
  ...Object.fromEntries(COHORT_KEYS.map((key) => [key, text.optional()])),
});

/** POST /upload: the receipt with the status of POST /v1/results, or to browsers the form with the error. */
export const postUpload: Page<IngestDeps> = async (c, deps) => {
  assertForm(c);
  return withUploadBody(c, deps, UPLOAD_FORM, async (body) =>
    storeForm(c, deps, parseForm(decode(body).text, uploadForm)),
  );
};

async function storeForm(
  c: Context<HttpEnv>,
  deps: IngestDeps,
  { output, ...metadata }: z.output<typeof uploadForm>,
): Promise<Response> {
  const parameters = Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
  );
  const receivedAt = new Date(deps.clock()).toISOString();
  try {
    const request = { text: output, encoding: "utf-8", parameters, receivedAt } as const;
    const receipt = await storeUpload(deps, currentToken(c), request);
    const { stored, duplicate, rejected } = receipt;
    c.set("note", receiptSummary(receipt));
    c.set("results", { stored, duplicate, rejected });
    return receiptPage(c, receipt, { output, parameters });
  } catch (error) {
    if (!(error instanceof AppError && wantsPage(c))) throw error;
    if (error.cause !== undefined) c.get("logError")(error);
    // The page keeps the pasted text, which may be hard to get again.
    return pageResponse(
      c,
      { title: "Upload", status: FORM_STATUSES.find((status) => status === error.status) ?? 400 },
      <>
        <ErrorAlert heading="Upload failed" error={error} advice={ADVICE} />
        <div class="sheet">
          <UploadForm fields={{ output, parameters }} />
        </div>
      </>,
    );
  }
}

/** Statuses of errors that are shown with the form. */
const FORM_STATUSES = [400, 403, 413, 429, 503] as const;

/** What the user of the form can do about an error. */
const ADVICE: Advice = {
  no_backend: 'choose one below, or add a line "# backend: loop" before the results',
};

function receiptPage(c: Context<HttpEnv>, receipt: Receipt, fields: UploadFields): Response {
  const { stored, duplicate, rejected, results, issues } = receipt;
  const mayRead = currentToken(c).scope === "admin";
  return pageResponse(
    c,
    { title: "Receipt", status: receiptStatus(receipt) },
    <>
      <div class="sheet">
        <h1>{receiptHeading(receipt)}</h1>
        <dl class="counts">
          <Count name="stored" count={stored} />
          <Count name="duplicates" count={duplicate} />
          <Count name="rejected" count={rejected} />
        </dl>
        <p>{outcomeText(receipt)}</p>
        {results.length > 0 && <ResultTable results={results.slice(0, MAX_ROWS)} />}
        <OmittedRows count={results.length - MAX_ROWS} of="results" />
        {issues.length > 0 && <IssueTable issues={issues.slice(0, MAX_ROWS)} />}
        <OmittedRows count={issues.length - MAX_ROWS} of="rejected lines" />
        <p class="row">
          <a class="button" href="/upload">
            Upload more
          </a>
          {mayRead && (
            <a class="button" href="/">
              Go to overview
            </a>
          )}
        </p>
      </div>
      {rejected > 0 && (
        <div class="sheet">
          <h2>Fix and resubmit</h2>
          <p>Lines that are already stored are recognized and count single.</p>
          <UploadForm fields={fields} />
        </div>
      )}
    </>,
  );
}

/** What happened to the lines, in one or two sentences. */
function outcomeText({ stored, duplicate, rejected, results, issues }: Receipt): string {
  const isWithdrawn = results.some(({ withdrawn }) => withdrawn === true);
  return [
    stored > 0 && "New results were stored.",
    stored === 0 && duplicate > 0 && "Nothing new was stored: these results are known already, and count once.",
    stored > 0 && duplicate > 0 && "The others are known already, and count once.",
    isWithdrawn && "Some of them were withdrawn: they are in no statistics.",
    rejected > 0 && quarantineText(issues),
  ]
    .filter((text) => text !== false)
    .join(" ");
}

/** Where the rejected lines are. */
function quarantineText(issues: Receipt["issues"]): string {
  const reasons = [...new Set(issues.flatMap(({ not_kept }) => not_kept ?? []))];
  if (reasons.length === 0) return "Rejected lines are quarantined verbatim.";
  return `Not every rejected line was kept: ${reasons.join("; ")}.`;
}

function receiptHeading({ stored, rejected, results }: Receipt): string {
  if (rejected > 0) return results.length > 0 ? "Some lines were rejected" : "All lines were rejected";
  return stored > 0 ? "Stored" : "Already stored";
}

const Count: FC<{ name: string; count: number }> = ({ name, count }) => (
  <div class={count === 0 ? "none" : undefined}>
    <dt>{name}</dt>
    <dd>{formatNumber(count)}</dd>
  </div>
);

/** Rows of a table; thousands take seconds to render, and nobody reads them. */
const MAX_ROWS = 500;

/** How many rows a table leaves out; nothing for 0 or less. */
const OmittedRows: FC<{ count: number; of: string }> = ({ count, of }) =>
  count <= 0 ? null : (
    <p>
      {formatNumber(count)} more {of} are counted above and not listed here. The API lists all of them.
    </p>
  );

const ResultTable: FC<{ results: readonly ReceiptResult[] }> = ({ results }) => (
  <section class="table report-table" aria-label="Results" tabindex={0}>
    <table>
      <caption>Results</caption>
      <thead>
        <tr>
          {["Line", "Host", "Backend", "Stratum", "Status", "Cache check", "Run"].map((head) => (
            <th scope="col">{head}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {results.map(({ line, host, backend, stratum, status, withdrawn, quality, warnings, id }) => (
          <tr>
            <th scope="row" data-head="Line">
              {line}
            </th>
            <td>{printable(host)}</td>
            <td>{backend}</td>
            <td>{printable(stratum)}</td>
            <td>{withdrawn === true ? `${status}, withdrawn` : status}</td>
            <td class="whole" data-head="Cache check">
              {quality.verdict}
              {[...quality.reasons.map((reason) => `${reason.rule}: ${reason.text}`), ...warnings].map((remark) => (
                <p class="help">{prose(remark)}</p>
              ))}
            </td>
            <td>
              <a href={targetPath({ kind: "run", id })}>
                {id.slice(0, 8)}…<span class="unseen"> run of line {line}</span>
              </a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

const IssueTable: FC<{ issues: Receipt["issues"] }> = ({ issues }) => (
  <section class="table report-table" aria-label="Rejected lines" tabindex={0}>
    <table>
      <caption>Rejected lines</caption>
      <thead>
        <tr>
          {["Line", "Column", "Field", "Reason"].map((head) => (
            <th scope="col">{head}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {issues.map(({ line, column, field, text: reason }) => (
          <tr>
            <th scope="row" data-head="Line">
              {line}
            </th>
            <td data-head="Column">{column}</td>
            <td>{printable(field ?? "–")}</td>
            <td class="whole">{prose(reason)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
