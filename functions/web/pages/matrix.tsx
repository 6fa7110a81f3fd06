// GET /matrix: every pair of backends, and the way to each comparison.

import type { FC } from "hono/jsx";
import type { MatrixResult } from "../../../shared/compare/trend.ts";
import { matrix as kind } from "../../../shared/summaries/matrix.ts";
import { entryOf } from "../../../shared/summaries/registry.ts";
import { cellSource } from "../../service/summary-source.ts";
import { checked } from "../../service/validation.ts";
import { tokenOf } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import {
  type Asked,
  type CohortValues,
  cohortValues,
  firstOf,
  MarginChoice,
  MetricBoxes,
  More,
  PeriodChoice,
  Question,
  questionPage,
  ViewChoice,
} from "./forms.tsx";
import type { Page } from "./layout.tsx";
import { queryText } from "./links.ts";

export const matrix: Page<PageDeps> = async (c, deps) => {
  const asked = sentQuery(c);
  const { fleet } = tokenOf(c);
  const values = await cohortValues(deps, fleet);
  return questionPage(c, {
    asked,
    form: <MatrixQuery asked={asked} values={values} now={deps.clock()} />,
    entry: entryOf(deps.summaries, "matrix"),
    answer: async () => {
      const result = await kind.compute(cellSource(deps, fleet), checked(kind.query, asked, "bad_parameter"));
      return { kind, result, children: <Pairs matrix={result} asked={asked} /> };
    },
    unanswered: { title: "Matrix", problem: "This cannot be compared" },
  });
};

const MatrixQuery: FC<{ asked: Asked; values: CohortValues; now: number }> = ({ asked, values, now }) => (
  <Question
    action="/matrix"
    label="Which results to compare"
    more={
      <More asked={asked} values={values} others={["metric"]}>
        <MetricBoxes chosen={asked["metric"] ?? []} />
      </More>
    }
  >
    <PeriodChoice now={now} value={firstOf(asked, "period", "all")} />
    <ViewChoice value={firstOf(asked, "view", "trusted")} />
    <MarginChoice value={firstOf(asked, "margin", "0.03")} />
  </Question>
);

const Pairs: FC<{ matrix: MatrixResult; asked: Asked }> = ({ matrix: { pairs }, asked }) =>
  pairs.length === 0 ? null : (
    <nav class="pairs" aria-label="Comparisons">
      Compare in detail:
      <ul>
        {pairs.map(({ baseline, candidate }) => (
          <li>
            <a href={`/${queryText({ ...asked, baseline, candidate })}`}>
              {candidate} against {baseline}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
