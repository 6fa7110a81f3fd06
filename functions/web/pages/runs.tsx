// GET /runs: runs, newest first, page by page.

import type { FC } from "hono/jsx";
import { runsQuery } from "../../../shared/api/parameters.ts";
import { DEFAULT_RENDER_OPTIONS, type Report, type Summary } from "../../../shared/report/model.ts";
import { BACKENDS } from "../../../shared/run/backends.ts";
import { reportOf } from "../../../shared/summaries/registry.ts";
import { backendOf, hostNamed, runPageResult, runResult } from "../../service/queries.ts";
import { tokenOf } from "../http/auth.ts";
import { askedBy } from "../http/form.ts";
import { idOf } from "../http/parameters.ts";
import type { PageDeps } from "./app.ts";
import { Choice, Field, Question } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { linkOf, queryText } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

// GET /runs/{id}: one run: metrics, facts, why its reads are believed or not, and the line itself.

export const run: Page<PageDeps> = async (c, deps) => {
  const token = tokenOf(c);
  const answer = await runResult(deps, token, idOf(c, "run"));
  const summary: Summary = { kind: "run", answer };
  const { host } = answer;
  return pageResponse(
    c,
    { title: `Run on ${host}` },
    <SummaryBody summary={summary} endpoint={`/v1/runs/${answer.id}`} query="">
      {token.scope !== "ingest" && (
        <p>
          <a href={linkOf({ kind: "host", id: host })}>Its host</a> ·{" "}
          <a href={`/runs${queryText({ host })}`}>All runs of its host</a>
        </p>
      )}
    </SummaryBody>,
  );
};

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
      <Question action="/runs" label="Which runs">
        <Field label="Host" name="host">
          <input id="host" name="host" value={host ?? ""} maxlength={255} autocomplete="off" spellcheck={false} />
        </Field>
        <Choice
          label="Backend"
          name="backend"
          options={[{ value: "", text: "any" }, ...BACKENDS.map((slug) => ({ value: slug, text: slug }))]}
          value={backend ?? ""}
        />
        <Day label="From" name="from" value={filters.from} />
        <Day label="Before" name="to" value={filters.to} />
      </Question>
      <div class="list">
        <SummaryBody
          summary={summary}
          endpoint="/v1/runs"
          query={queryText(filters)}
          report={withLinkedTimes(summary)}
        />
      </div>
      <NextPage path="/runs" parameters={filters} cursor={page.cursor} />
    </>,
  );
};

/** The report with the link to a run on its time; an id of 48 digits is nothing for people. */
function withLinkedTimes(summary: Summary): Report {
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

const Day: FC<{ label: string; name: string; value: string | undefined }> = ({ label, name, value }) => (
  <Field label={label} name={name}>
    <input id={name} name={name} type="date" value={value ?? ""} />
  </Field>
);
