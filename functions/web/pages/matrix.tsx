// GET /matrix: every pair of backends, with a link to the comparison of each pair.

import type { FC } from "hono/jsx";
import type { MatrixResult } from "../../../shared/compare/trend.ts";
import { matrix as kind } from "../../../shared/summaries/matrix.ts";
import { findEntry } from "../../../shared/summaries/registry.ts";
import { cellSource } from "../../service/summary-source.ts";
import { computeSummary } from "../../service/validation.ts";
import { currentToken } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import {
  type CohortValues,
  Filters,
  firstValue,
  MarginChoice,
  MetricCheckboxes,
  type PageQuery,
  PeriodChoice,
  QueryForm,
  readCohortValues,
  ViewChoice,
} from "./forms.tsx";
import type { Page } from "./layout.tsx";
import { buildQueryString } from "./links.ts";
import { summaryPage } from "./summary.tsx";

/** GET /matrix */
export const matrix: Page<PageDeps> = async (c, deps) => {
  const query = sentQuery(c);
  const { fleet } = currentToken(c);
  const values = await readCohortValues(deps, fleet);
  return summaryPage(c, {
    query,
    form: <MatrixForm query={query} values={values} now={deps.clock()} />,
    entry: findEntry(deps.summaries, "matrix"),
    compute: async () => {
      const result = await computeSummary(kind, cellSource(deps, fleet), query);
      return { kind, result, children: <PairLinks matrix={result} query={query} /> };
    },
    onError: { title: "Matrix", heading: "This comparison is not possible" },
  });
};

const MatrixForm: FC<{ query: PageQuery; values: CohortValues; now: number }> = ({ query, values, now }) => (
  <QueryForm
    action="/matrix"
    label="Results to compare"
    more={
      <Filters query={query} values={values} parameters={["metric"]}>
        <MetricCheckboxes chosen={query["metric"] ?? []} />
      </Filters>
    }
  >
    <PeriodChoice now={now} value={firstValue(query, "period", "all")} />
    <ViewChoice value={firstValue(query, "view", "trusted")} />
    <MarginChoice value={firstValue(query, "margin", "0.03")} />
  </QueryForm>
);

const PairLinks: FC<{ matrix: MatrixResult; query: PageQuery }> = ({ matrix: { pairs }, query }) =>
  pairs.length === 0 ? null : (
    <nav class="pairs" aria-label="Comparisons">
      Compare in detail:
      <ul>
        {pairs.map(({ baseline, candidate }) => (
          <li>
            <a href={`/${buildQueryString({ ...query, baseline, candidate })}`}>
              {candidate} vs {baseline}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
