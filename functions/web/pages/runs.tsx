// GET /runs: runs, newest first, page by page.

import type { FC } from "hono/jsx";
import { DEFAULT_RENDER_OPTIONS, type Report } from "../../../shared/report/model.ts";
import { BACKENDS } from "../../../shared/run/backends.ts";
import { entryOf } from "../../../shared/summaries/registry.ts";
import { run as runKind } from "../../../shared/summaries/run.ts";
import { type RunPage, runs as runsKind } from "../../../shared/summaries/runs.ts";
import { fleetSource } from "../../service/summary-source.ts";
import { tokenOf } from "../http/auth.ts";
import { askedBy } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import { Choice, Field, Question } from "./forms.tsx";
import { NextPage, type Page, pageResponse } from "./layout.tsx";
import { linkOf, queryText } from "./links.ts";
import { SummaryBody } from "./summary.tsx";

// GET /runs/{id}: one run: metrics, facts, why its reads are believed or not, and the line itself.

export const run: Page<PageDeps> = async (c, deps) => {
  const token = tokenOf(c);
  const result = await runKind.compute(fleetSource(deps, token, c.get("logError")), {}, c.req.param("id"));
  const { host, id } = result;
  return pageResponse(
    c,
    { title: `Run on ${host}` },
    <SummaryBody entry={entryOf(deps.summaries, "run")} kind={runKind} result={result} name={id} query="">
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
  const parameters = askedBy(c, runsKind.query);
  const { backend, host, from, to } = parameters;
  const result = await runsKind.compute(fleetSource(deps, tokenOf(c), c.get("logError")), parameters);
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
          entry={entryOf(deps.summaries, "runs")}
          kind={runsKind}
          result={result}
          query={queryText(filters)}
          report={withLinkedTimes(result)}
        />
      </div>
      <NextPage path="/runs" parameters={filters} cursor={result.cursor} />
    </>,
  );
};

/** The report with the link to a run on its time; an id of 48 digits is nothing for people. */
function withLinkedTimes(result: RunPage): Report {
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

const Day: FC<{ label: string; name: string; value: string | undefined }> = ({ label, name, value }) => (
  <Field label={label} name={name}>
    <input id={name} name={name} type="date" value={value ?? ""} />
  </Field>
);
