// GET /runs: the runs of the fleet, newest first, one page at a time. GET /runs/{id}: one run with its rates, its metadata, the
// assessment of its reads, and the line that it came from.

import type { FC } from "hono/jsx";
import { runsQuery } from "../../../shared/api/parameters.ts";
import { DEFAULT_RENDER_OPTIONS, type Report, type Summary } from "../../../shared/report/model.ts";
import { printable } from "../../../shared/run/text.ts";
import { reportOf } from "../../../shared/summaries/registry.ts";
import { backendOf, hostNamed, runPageResult, runResult } from "../../service/queries.ts";
import { tokenOf } from "../http/auth.ts";
import { askedBy } from "../http/form.ts";
import { idOf } from "../http/parameters.ts";
import type { PageDeps } from "./app.ts";
import { BackendChoice, Field, QueryForm } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { buildQueryString, targetPath } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

/** GET /runs */
export const runs: Page<PageDeps> = async (c, deps) => {
  const { backend, host, from, to, limit, cursor } = askedBy(c, runsQuery);
  const { fleet } = tokenOf(c);
  const page = await deps.runs.list(fleet, {
    host: host && (await hostNamed(deps.hosts, fleet, host)),
    backend: backend && backendOf("backend", backend),
    from,
    to,
    limit,
    cursor,
  });
  for (const run of page.unreadable) c.get("logError")(run);
  const summary: Summary = { kind: "runs", answer: runPageResult(page) };
  const filters = { host, backend, from: from?.slice(0, 10), to: to?.slice(0, 10) };
  return pageResponse(
    c,
    { title: "Runs" },
    <>
      <QueryForm action="/runs" label="Filter runs">
        <Field label="Host" name="host">
          <input id="host" name="host" value={host ?? ""} maxlength={255} autocomplete="off" spellcheck={false} />
        </Field>
        <BackendChoice label="Backend" name="backend" value={backend ?? ""} any="any" />
        <DateField label="From" name="from" value={filters.from} />
        <DateField label="Before" name="to" value={filters.to} />
      </QueryForm>
      <div class="list">
        <SummaryBody
          summary={summary}
          endpoint="/v1/runs"
          query={buildQueryString(filters)}
          report={buildReportWithLinkedTimes(summary)}
        />
      </div>
      <NextPage path="/runs" parameters={filters} cursor={page.cursor} />
    </>,
  );
};

/** The report with the link to a run on its time in place of a column with its id of 48 digits. */
function buildReportWithLinkedTimes(summary: Summary): Report {
  const report = reportOf(summary, DEFAULT_RENDER_OPTIONS);
  const sections = report.sections.map((section) => {
    if (section.table === null) return section;
    const rows = section.table.rows.map((row) => {
      const [time, ...others] = row.slice(0, -1);
      return time === undefined ? others : [{ ...time, target: row.at(-1)?.target ?? null }, ...others];
    });
    return { ...section, table: { ...section.table, columns: section.table.columns.slice(0, -1), rows } };
  });
  return { ...report, sections };
}

const DateField: FC<{ label: string; name: string; value: string | undefined }> = ({ label, name, value }) => (
  <Field label={label} name={name}>
    <input id={name} name={name} type="date" value={value ?? ""} />
  </Field>
);

/** GET /runs/{id} */
export const run: Page<PageDeps> = async (c, deps) => {
  const token = tokenOf(c);
  const answer = await runResult(deps, token, idOf(c, "run"));
  const { host, id } = answer;
  return pageResponse(
    c,
    { title: `Run on ${host}` },
    <SummaryBody summary={{ kind: "run", answer }} endpoint={`/v1/runs/${id}`} query="">
      {token.scope !== "ingest" && (
        <p>
          <a href={targetPath({ kind: "host", id: host })}>Host {printable(host)}</a> ·{" "}
          <a href={`/runs${buildQueryString({ host })}`}>All runs from this host</a>
        </p>
      )}
    </SummaryBody>,
  );
};
