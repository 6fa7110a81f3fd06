// GET /runs: the runs of the fleet, newest first, one page at a time. GET /runs/{id}: one run with its rates, its metadata, the
// assessment of its reads, and the line that it came from.

import type { FC } from "hono/jsx";
import { DEFAULT_RENDER_OPTIONS, type Report } from "../../../shared/report/model.ts";
import { printable } from "../../../shared/run/text.ts";
import { findEntry } from "../../../shared/summaries/registry.ts";
import { run as runKind } from "../../../shared/summaries/run.ts";
import { type RunPage, runs as runsKind } from "../../../shared/summaries/runs.ts";
import { fleetSource } from "../../service/summary-source.ts";
import { currentToken } from "../http/auth.ts";
import { parsePageQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import { BackendChoice, Field, QueryForm } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { buildQueryString, targetPath } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

/** GET /runs */
export const runs: Page<PageDeps> = async (c, deps) => {
  const parameters = parsePageQuery(c, runsKind.query);
  const { backend, host, from, to } = parameters;
  const result = await runsKind.compute(fleetSource(deps, currentToken(c), c.get("logError")), parameters);
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
          entry={findEntry(deps.summaries, "runs")}
          kind={runsKind}
          result={result}
          query={buildQueryString(filters)}
          report={buildReportWithLinkedTimes(result)}
        />
      </div>
      <NextPage path="/runs" parameters={filters} from={parameters.cursor} cursor={result.cursor} />
    </>,
  );
};

/** The report with the link to a run on its time in place of a column with its id of 48 digits. */
function buildReportWithLinkedTimes(result: RunPage): Report {
  const report = runsKind.report(result, DEFAULT_RENDER_OPTIONS);
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
  const token = currentToken(c);
  const result = await runKind.compute(fleetSource(deps, token, c.get("logError")), {}, c.req.param("id"));
  const { host, id } = result;
  return pageResponse(
    c,
    { title: `Run on ${host}` },
    <SummaryBody entry={findEntry(deps.summaries, "run")} kind={runKind} result={result} name={id} query="">
      {token.scope !== "ingest" && (
        <p>
          <a href={targetPath({ kind: "host", id: host })}>Host {printable(host)}</a> ·{" "}
          <a href={`/runs${buildQueryString({ host })}`}>All runs from this host</a>
        </p>
      )}
    </SummaryBody>,
  );
};
