// GET /matrix: every pair of backends, and the way to each comparison.

import type { FC } from "hono/jsx";
import { matrixQuery } from "../../shared/api/requests.ts";
import type { DatedMatrix } from "../../shared/compare/dated.ts";
import { COHORT_KEYS } from "../../shared/model/cohort.ts";
import type { Summary } from "../../shared/report/summary.ts";
import { tokenOf } from "../http/auth.ts";
import { asked as askedBy, valuesOf } from "../http/form.ts";
import { matrixAnswer } from "../read/matrix-answer.ts";
import { cohortValues } from "./cohort-values.ts";
import type { PageDeps } from "./deps.ts";
import {
  type Asked,
  CohortBoxes,
  isAny,
  MarginChoice,
  MetricBoxes,
  More,
  PeriodChoice,
  ViewChoice,
} from "./fields.tsx";
import { queryText } from "./links.ts";
import { type Page, pageAnswer } from "./page.tsx";
import { Question } from "./question.tsx";
import { SummaryBody } from "./summary-page.tsx";

export const matrix: Page<PageDeps> = async (c, deps) => {
  const asked: Asked = valuesOf(new URL(c.req.url).searchParams);
  const { fleet } = tokenOf(c);
  const [values, answer] = await Promise.all([
    cohortValues(deps, fleet),
    matrixAnswer(deps, fleet, askedBy(c, matrixQuery)),
  ]);
  const summary: Summary = { kind: "matrix", answer };
  const first = (name: string, otherwise: string) => asked[name]?.[0] ?? otherwise;
  return pageAnswer(
    c,
    { title: "All pairs of backends" },
    <>
      <Question
        action="/matrix"
        label="Which results to compare"
        more={
          <More open={isAny(asked, ["metric", ...COHORT_KEYS])}>
            <CohortBoxes values={values} asked={asked} />
            <MetricBoxes chosen={asked["metric"] ?? []} />
          </More>
        }
      >
        <PeriodChoice now={deps.clock()} value={first("period", "all")} />
        <ViewChoice value={first("view", "trusted")} />
        <MarginChoice value={first("margin", "0.03")} />
      </Question>
      <SummaryBody summary={summary} endpoint="/v1/matrix" query={queryText(asked)}>
        <Pairs matrix={answer} asked={asked} />
      </SummaryBody>
    </>,
  );
};

const Pairs: FC<{ matrix: DatedMatrix; asked: Asked }> = ({ matrix: { pairs }, asked }) =>
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
