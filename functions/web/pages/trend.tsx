// GET /trend: one backend and metric over time. Without a backend in the query it shows the one that most hosts have, and without
// a metric block writes.

import type { FC } from "hono/jsx";
import type { AllBackends } from "../../../shared/compare/backends.ts";
import { PERIOD_UNITS } from "../../../shared/run/periods.ts";
import { backends } from "../../../shared/summaries/backends.ts";
import { findEntry } from "../../../shared/summaries/registry.ts";
import { trend as kind } from "../../../shared/summaries/trend.ts";
import { cellSource } from "../../service/summary-source.ts";
import { computeSummary } from "../../service/validation.ts";
import { currentToken } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import {
  BackendChoice,
  Choice,
  type CohortValues,
  Field,
  Filters,
  firstValue,
  MetricChoice,
  type PageQuery,
  QueryForm,
  readCohortValues,
  ViewChoice,
} from "./forms.tsx";
import type { Page } from "./layout.tsx";
import { summaryPage } from "./summary.tsx";

/** GET /trend */
export const trend: Page<PageDeps> = async (c, deps) => {
  const sent = sentQuery(c);
  const { fleet } = currentToken(c);
  const source = cellSource(deps, fleet);
  const [values, backend] = await Promise.all([
    readCohortValues(deps, fleet),
    sent["backend"] === undefined
      ? findMostMeasuredBackend(await backends.compute(source, backends.query.parse({ metric: ["put_block"] })))
      : "loop",
  ]);
  const query: PageQuery = { backend: [backend], metric: ["put_block"], ...sent };
  return summaryPage(c, {
    query,
    form: <TrendForm query={query} values={values} />,
    entry: findEntry(deps.summaries, "trend"),
    compute: async () => ({ kind, result: await computeSummary(kind, source, query) }),
    onError: { title: "Trend", heading: "This trend cannot be shown" },
  });
};

/** The backend with the most hosts; `loop` when no host has results. */
function findMostMeasuredBackend({ backends: measured }: AllBackends): string {
  const [most] = Object.entries(measured).toSorted(([, a], [, b]) => b.hosts - a.hosts);
  return most?.[0] ?? "loop";
}

const TrendForm: FC<{ query: PageQuery; values: CohortValues }> = ({ query, values }) => (
  <QueryForm
    action="/trend"
    label="Trend to show"
    more={
      <Filters query={query} values={values} parameters={["from", "to"]}>
        <PeriodBound label="From" name="from" value={firstValue(query, "from", "")} />
        <PeriodBound label="To" name="to" value={firstValue(query, "to", "")} />
      </Filters>
    }
  >
    <BackendChoice label="Backend" name="backend" value={firstValue(query, "backend", "loop")} />
    <MetricChoice value={firstValue(query, "metric", "put_block")} />
    <Choice
      label="Group by"
      name="unit"
      options={PERIOD_UNITS.map((unit) => ({ value: unit, text: unit }))}
      value={firstValue(query, "unit", "month")}
    />
    <ViewChoice value={firstValue(query, "view", "trusted")} />
  </QueryForm>
);

const PeriodBound: FC<{ label: string; name: string; value: string }> = ({ label, name, value }) => (
  <Field label={label} name={name}>
    <input id={name} name={name} value={value} placeholder="2026-01" size={9} autocomplete="off" />
  </Field>
);
