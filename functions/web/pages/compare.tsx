// GET /: two backends over the fleet. Without a question it answers the one that most hosts can answer.

import type { FC } from "hono/jsx";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import type { MatrixResult } from "../../../shared/compare/trend.ts";
import { type Explanation, explainMetric } from "../../../shared/report/explanation.ts";
import { formatHostCount, formatInterval, formatTimes } from "../../../shared/report/format.ts";
import { DEFAULT_RENDER_OPTIONS, type Remark, type Report, warning } from "../../../shared/report/model.ts";
import { shownMetrics, verdictCell } from "../../../shared/report/verdicts.ts";
import { BACKENDS, type Backend } from "../../../shared/run/backends.ts";
import { formatRatio } from "../../../shared/run/format.ts";
import { metricLabel } from "../../../shared/run/metrics.ts";
import { printable } from "../../../shared/run/text.ts";
import { compare, FLEET_SECTION, WORDS_SECTION } from "../../../shared/summaries/compare.ts";
import { matrix } from "../../../shared/summaries/matrix.ts";
import { entryOf } from "../../../shared/summaries/registry.ts";
import { cellSource } from "../../service/summary-source.ts";
import { checked } from "../../service/validation.ts";
import { tokenOf } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import {
  type Asked,
  BackendChoice,
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
import { gettingStarted } from "./getting-started.tsx";
import type { Page } from "./layout.tsx";
import { queryText } from "./links.ts";

/** The verdicts of the fleet, each with its sentence, and what stands behind it for whoever opens it. */
const VerdictTable: FC<{ comparison: Comparison }> = ({ comparison }) => (
  <section aria-labelledby="verdicts">
    <h2 id="verdicts">Verdicts</h2>
    <table class="verdicts">
      <caption>
        {comparison.candidate} compared with {comparison.baseline} over the fleet, where every host has one vote
      </caption>
      <thead>
        <tr>
          <th scope="col">Test</th>
          <th scope="col">Verdict</th>
          <th scope="col" class="number">
            Ratio
          </th>
          <th scope="col">95 % interval</th>
          <th scope="col" class="number">
            Hosts
          </th>
          <th scope="col">Finding</th>
        </tr>
      </thead>
      <tbody>
        {shownMetrics(comparison.fleet.metrics, { metrics: [] }).map(([name, metric]) => {
          const verdict = verdictCell(metric);
          const explanation = explainMetric(comparison, name);
          return (
            <tr>
              <th scope="row">
                {metricLabel(name)} <code>{name}</code>
              </th>
              <td class={`verdict short ${verdict.tone}`}>{verdict.text}</td>
              <td class="number short">{metric.hosts === 0 ? "–" : formatTimes(metric.ratio)}</td>
              <td class="short">{formatInterval(metric.ci, formatRatio, "compact")}</td>
              <td class="number short">{formatHostCount(metric)}</td>
              <td class="finding">
                {printable(metric.sentence)}
                {explanation !== null && <Behind name={name} explanation={explanation} />}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  </section>
);

const Behind: FC<{ name: string; explanation: Explanation }> = ({ name, explanation: { why, hosts, change } }) => (
  <details>
    <summary>
      Why<span class="unseen"> this verdict of {name}</span>, and what would change it
    </summary>
    <dl>
      <dt>Why</dt>
      <dd>{printable(why)}</dd>
      {hosts.length > 0 && (
        <>
          <dt>Which hosts</dt>
          {hosts.map((text) => (
            <dd>{printable(text)}</dd>
          ))}
        </>
      )}
      <dt>What would change it</dt>
      {change.map((text) => (
        <dd>{printable(text)}</dd>
      ))}
    </dl>
  </details>
);

export const overview: Page<PageDeps> = async (c, deps) => {
  const sent = sentQuery(c);
  const { fleet } = tokenOf(c);
  const source = cellSource(deps, fleet);
  const isAsked = sent["baseline"] !== undefined || sent["candidate"] !== undefined;
  const [values, pair] = await Promise.all([
    cohortValues(deps, fleet),
    isAsked ? null : mostComparedPair(await matrix.compute(source, matrix.query.parse({}))),
  ]);
  if (!isAsked && pair === null) return gettingStarted(c, deps);
  const asked: Asked = pair === null ? sent : { ...sent, baseline: [pair.baseline], candidate: [pair.candidate] };
  return questionPage(c, {
    asked,
    form: <ComparisonQuestion asked={asked} values={values} now={deps.clock()} />,
    entry: entryOf(deps.summaries, "compare"),
    answer: async () => {
      const result = await compare.compute(source, checked(compare.query, asked, "bad_parameter"));
      return { kind: compare, result, report: shownReport(result), children: <VerdictTable comparison={result} /> };
    },
    unanswered: { title: "Overview", problem: "This cannot be compared" },
  });
};

/** The pair that most hosts have, the baseline being the simpler backend; null when no two share a host. */
function mostComparedPair({ pairs }: MatrixResult): { readonly baseline: Backend; readonly candidate: Backend } | null {
  const hostsOf = ({ metrics }: MatrixResult["pairs"][number]) =>
    Math.max(0, ...Object.values(metrics).map(({ hosts }) => hosts));
  const [most] = pairs.toSorted((a, b) => hostsOf(b) - hostsOf(a));
  if (most === undefined) return null;
  const [baseline = most.baseline, candidate = most.candidate] = BACKENDS.filter(
    (backend) => backend === most.baseline || backend === most.candidate,
  );
  return { baseline, candidate };
}

/** The report beside the table of verdicts. */
function shownReport(comparison: Comparison): Report {
  const report = compare.report(comparison, DEFAULT_RENDER_OPTIONS);
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
