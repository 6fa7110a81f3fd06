// GET /trend: one backend and metric over time. Without a question, block writes of the backend that most hosts have.

import type { Context } from "hono";
import type { FC } from "hono/jsx";
import { backendsQuery, trendQuery } from "../../shared/api/requests.ts";
import type { AllBackends } from "../../shared/compare/all-backends.ts";
import { AppError } from "../../shared/errors.ts";
import { COHORT_KEYS } from "../../shared/model/cohort.ts";
import { METRICS } from "../../shared/model/metrics.ts";
import { PERIOD_UNITS } from "../../shared/model/period-range.ts";
import { reportOf } from "../../shared/report/report-of.ts";
import { DEFAULT_LOOK, type Summary } from "../../shared/report/summary.ts";
import { tokenOf } from "../http/auth.ts";
import { valuesOf } from "../http/form.ts";
import type { HttpEnv } from "../http/http-env.ts";
import { checked } from "../http/parameters.ts";
import { backendsAnswer } from "../read/backends-answer.ts";
import { trendAnswer } from "../read/trend-answer.ts";
import { cohortValues } from "./cohort-values.ts";
import type { PageDeps } from "./deps.ts";
import {
  type Asked,
  BackendChoice,
  Choice,
  CohortBoxes,
  type CohortValues,
  Field,
  isAny,
  More,
  ViewChoice,
} from "./fields.tsx";
import { queryText } from "./links.ts";
import { type Page, pageAnswer } from "./page.tsx";
import { Problem } from "./problem.tsx";
import { Question } from "./question.tsx";
import { SummaryBody } from "./summary-page.tsx";

export const trend: Page<PageDeps> = async (c, deps) => {
  const sent: Asked = valuesOf(new URL(c.req.url).searchParams);
  const { fleet } = tokenOf(c);
  const [values, usual] = await Promise.all([
    cohortValues(deps, fleet),
    sent["backend"] === undefined
      ? mostMeasured(await backendsAnswer(deps, fleet, backendsQuery.parse({ metric: ["put_block"] })))
      : "loop",
  ]);
  const asked: Asked = { backend: [usual], metric: ["put_block"], ...sent };
  const form = <TrendQuestion asked={asked} values={values} />;
  try {
    const answer = await trendAnswer(deps, fleet, checked(trendQuery, asked, "bad_parameter"));
    return trendPage(c, form, { kind: "trend", answer }, asked);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "bad_parameter")) throw error;
    const problem = <Problem title="This cannot be shown" error={error} />;
    return pageAnswer(
      c,
      { title: "Trend", status: 400 },
      <>
        {form}
        {problem}
      </>,
    );
  }
};

/** The backend with the most hosts; `loop` without any. */
function mostMeasured({ backends }: AllBackends): string {
  const [most] = Object.entries(backends).toSorted(([, a], [, b]) => b.hosts - a.hosts);
  return most?.[0] ?? "loop";
}

function trendPage(
  c: Context<HttpEnv>,
  form: ReturnType<typeof TrendQuestion>,
  summary: Summary,
  asked: Asked,
): Response {
  const { title } = reportOf(summary, DEFAULT_LOOK);
  return pageAnswer(
    c,
    { title },
    <>
      {form}
      <SummaryBody summary={summary} endpoint="/v1/trend" query={queryText(asked)} />
    </>,
  );
}

const TrendQuestion: FC<{ asked: Asked; values: CohortValues }> = ({ asked, values }) => {
  const first = (name: string, otherwise: string) => asked[name]?.[0] ?? otherwise;
  return (
    <Question
      action="/trend"
      label="What to follow over time"
      more={
        <More open={isAny(asked, ["from", "to", ...COHORT_KEYS])}>
          <CohortBoxes values={values} asked={asked} />
          <PeriodBound label="From" name="from" value={first("from", "")} />
          <PeriodBound label="To" name="to" value={first("to", "")} />
        </More>
      }
    >
      <BackendChoice label="Backend" name="backend" value={first("backend", "loop")} />
      <Choice
        label="Metric"
        name="metric"
        options={METRICS.map(({ name, label }) => ({ value: name, text: label }))}
        value={first("metric", "put_block")}
      />
      <Choice
        label="By"
        name="unit"
        options={PERIOD_UNITS.map((unit) => ({ value: unit, text: unit }))}
        value={first("unit", "month")}
      />
      <ViewChoice value={first("view", "trusted")} />
    </Question>
  );
};

const PeriodBound: FC<{ label: string; name: string; value: string }> = ({ label, name, value }) => (
  <Field label={label} name={name}>
    <input id={name} name={name} value={value} placeholder="2026-01" size={9} autocomplete="off" />
  </Field>
);
