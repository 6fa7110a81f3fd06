// GET /: two backends over the fleet. Without a question it answers the one that most hosts can answer.

import type { FC } from "hono/jsx";
import { compareQuery, matrixQuery } from "../../../shared/api/requests.ts";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import type { DatedMatrix } from "../../../shared/compare/dated.ts";
import { BACKENDS, type Backend } from "../../../shared/run/backends.ts";
import { printable } from "../../../shared/run/text.ts";
import { FLEET_SECTION, WORDS_SECTION } from "../../../shared/summaries/compare.ts";
import { type Remark, type Report, warning } from "../../../shared/report/model.ts";
import { reportOf } from "../../../shared/summaries/registry.ts";
import { DEFAULT_LOOK, type Summary } from "../../../shared/report/summary.ts";
import { tokenOf } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import { checked } from "../http/parameters.ts";
import { compareAnswer } from "../../service/queries.ts";
import { matrixAnswer } from "../../read/matrix-answer.ts";
import { cohortValues } from "../../pages/cohort-values.ts";
import type { PageDeps } from "../../pages/deps.ts";
import {
  type Asked,
  BackendChoice,
  type CohortValues,
  firstOf,
  MarginChoice,
  MetricBoxes,
  More,
  PeriodChoice,
  ViewChoice,
} from "./forms.tsx";
import { firstSteps } from "./getting-started.tsx";
import { queryText } from "./links.ts";
import type { Page } from "./layout.tsx";
import { Question } from "../../pages/question.tsx";
import { questionPage } from "../../pages/question-page.tsx";
import { VerdictTable } from "../../pages/verdict-table.tsx";

export const overview: Page<PageDeps> = async (c, deps) => {
  const sent = sentQuery(c);
  const { fleet } = tokenOf(c);
  const isAsked = sent["baseline"] !== undefined || sent["candidate"] !== undefined;
  const [values, pair] = await Promise.all([
    cohortValues(deps, fleet),
    isAsked ? null : mostComparedPair(await matrixAnswer(deps, fleet, matrixQuery.parse({}))),
  ]);
  if (!isAsked && pair === null) return firstSteps(c, deps);
  const asked: Asked = pair === null ? sent : { ...sent, baseline: [pair.baseline], candidate: [pair.candidate] };
  return questionPage(c, {
    asked,
    form: <ComparisonQuestion asked={asked} values={values} now={deps.clock()} />,
    endpoint: "/v1/compare",
    answer: async () => {
      const comparison = await compareAnswer(deps, fleet, checked(compareQuery, asked, "bad_parameter"));
      const summary: Summary = { kind: "compare", answer: comparison };
      return { summary, report: shownReport(comparison, summary), children: <VerdictTable comparison={comparison} /> };
    },
    unanswered: { title: "Overview", problem: "This cannot be compared" },
  });
};

/** The pair that most hosts have, the baseline being the simpler backend; null when no two share a host. */
function mostComparedPair({ pairs }: DatedMatrix): { readonly baseline: Backend; readonly candidate: Backend } | null {
  const hostsOf = ({ metrics }: DatedMatrix["pairs"][number]) =>
    Math.max(0, ...Object.values(metrics).map(({ hosts }) => hosts));
  const [most] = pairs.toSorted((a, b) => hostsOf(b) - hostsOf(a));
  if (most === undefined) return null;
  const [baseline = most.baseline, candidate = most.candidate] = BACKENDS.filter(
    (backend) => backend === most.baseline || backend === most.candidate,
  );
  return { baseline, candidate };
}

/** The report beside the table of verdicts. */
function shownReport(comparison: Comparison, summary: Summary): Report {
  const report = reportOf(summary, DEFAULT_LOOK);
  return { ...withoutVerdicts(report), notices: [...oneHostNotice(comparison), ...report.notices] };
}

/** The report without what the table of verdicts says. */
function withoutVerdicts(report: Report): Report {
  const sections = report.sections
    .filter(({ heading }) => heading !== WORDS_SECTION)
    .map((section) =>
      section.heading === FLEET_SECTION ? { ...section, heading: "What to mind", table: null } : section,
    )
    .filter(({ table, remarks }) => table !== null || remarks.length > 0);
  return { ...report, sections };
}

/** What a fleet of a single measured host must be told before anything else. */
function oneHostNotice({ baseline, candidate, fleet }: Comparison): Remark[] {
  const hosts = Math.max(0, ...Object.values(fleet.metrics).map((metric) => metric.hosts));
  if (hosts !== 1) return [];
  const text = `its ratios are right for it and say nothing about others, for hosts often differ by more than backends do. Measure ${baseline} and ${candidate} on more of them; the first verdicts come with 6 to 9.`;
  return [warning("This is one host", text)];
}

const ComparisonQuestion: FC<{ asked: Asked; values: CohortValues; now: number }> = ({ asked, values, now }) => {
  const [baseline, candidate] = [firstOf(asked, "baseline", "loop"), firstOf(asked, "candidate", "blktap2")];
  return (
    <Question
      action="/"
      label="What to compare"
      more={
        <More asked={asked} values={values} others={["margin", "metric"]}>
          <MetricBoxes chosen={asked["metric"] ?? []} />
          <MarginChoice value={firstOf(asked, "margin", "0.03")} />
        </More>
      }
    >
      <BackendChoice label="Baseline" name="baseline" value={baseline} />
      <a
        class="swap"
        href={`/${queryText({ ...asked, baseline: candidate, candidate: baseline })}`}
        aria-label={`Swap: ${printable(baseline)} against ${printable(candidate)}`}
      >
        ⇄
      </a>
      <BackendChoice label="Candidate" name="candidate" value={candidate} />
      <PeriodChoice now={now} value={firstOf(asked, "period", "all")} />
      <ViewChoice value={firstOf(asked, "view", "trusted")} />
    </Question>
  );
};
