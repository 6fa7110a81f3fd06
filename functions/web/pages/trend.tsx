// GET /trend: one backend and metric over time. Without a question, block writes of the backend that most hosts have.

import type { FC } from "hono/jsx";
import type { AllBackends } from "../../../shared/compare/backends.ts";
import { METRICS } from "../../../shared/run/metrics.ts";
import { PERIOD_UNITS } from "../../../shared/run/periods.ts";
import { backends } from "../../../shared/summaries/backends.ts";
import { entryOf } from "../../../shared/summaries/registry.ts";
import { trend as kind } from "../../../shared/summaries/trend.ts";
import { cellSource } from "../../service/summary-source.ts";
import { checked } from "../../service/validation.ts";
import { tokenOf } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import {
  type Asked,
  BackendChoice,
  Choice,
  type CohortValues,
  cohortValues,
  Field,
  firstOf,
  More,
  Question,
  questionPage,
  ViewChoice,
} from "./forms.tsx";
import type { Page } from "./layout.tsx";

export const trend: Page<PageDeps> = async (c, deps) => {
  const sent = sentQuery(c);
  const { fleet } = tokenOf(c);
  const source = cellSource(deps, fleet);
  const [values, usual] = await Promise.all([
    cohortValues(deps, fleet),
    sent["backend"] === undefined
      ? mostMeasured(await backends.compute(source, backends.query.parse({ metric: ["put_block"] })))
      : "loop",
  ]);
  const asked: Asked = { backend: [usual], metric: ["put_block"], ...sent };
  return questionPage(c, {
    asked,
    form: <TrendQuery asked={asked} values={values} />,
    entry: entryOf(deps.summaries, "trend"),
    answer: async () => {
      const result = await kind.compute(source, checked(kind.query, asked, "bad_parameter"));
      return { kind, result };
    },
    unanswered: { title: "Trend", problem: "This cannot be shown" },
  });
};

/** The backend with the most hosts; `loop` without any. */
function mostMeasured({ backends: measured }: AllBackends): string {
  const [most] = Object.entries(measured).toSorted(([, a], [, b]) => b.hosts - a.hosts);
  return most?.[0] ?? "loop";
}

const TrendQuery: FC<{ asked: Asked; values: CohortValues }> = ({ asked, values }) => (
  <Question
    action="/trend"
    label="What to follow over time"
    more={
      <More asked={asked} values={values} others={["from", "to"]}>
        <PeriodBound label="From" name="from" value={firstOf(asked, "from", "")} />
        <PeriodBound label="To" name="to" value={firstOf(asked, "to", "")} />
      </More>
    }
  >
    <BackendChoice label="Backend" name="backend" value={firstOf(asked, "backend", "loop")} />
    <Choice
      label="Metric"
      name="metric"
      options={METRICS.map(({ name, label }) => ({ value: name, text: label }))}
      value={firstOf(asked, "metric", "put_block")}
    />
    <Choice
      label="By"
      name="unit"
      options={PERIOD_UNITS.map((unit) => ({ value: unit, text: unit }))}
      value={firstOf(asked, "unit", "month")}
    />
    <ViewChoice value={firstOf(asked, "view", "trusted")} />
  </Question>
);

const PeriodBound: FC<{ label: string; name: string; value: string }> = ({ label, name, value }) => (
  <Field label={label} name={name}>
    <input id={name} name={name} value={value} placeholder="2026-01" size={9} autocomplete="off" />
  </Field>
);
