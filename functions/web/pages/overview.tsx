// GET /: two backends compared over the fleet, with the evidence behind each verdict. Without backends in the query it compares
// the pair that most hosts have; a fleet without any pair gets the page of first steps.

import type { FC } from "hono/jsx";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import type { MatrixResult } from "../../../shared/compare/trend.ts";
import { prose } from "../../../shared/render/html.tsx";
import { type Explanation, explainMetric } from "../../../shared/report/explanation.ts";
import { formatHostCount, formatInterval, formatTimes } from "../../../shared/report/format.ts";
import { DEFAULT_RENDER_OPTIONS, type LabeledText, type Report, warning } from "../../../shared/report/model.ts";
import { shownMetrics, verdictCell } from "../../../shared/report/verdicts.ts";
import { BACKENDS, type Backend } from "../../../shared/run/backends.ts";
import { formatRatio } from "../../../shared/run/format.ts";
import { metricLabel } from "../../../shared/run/metrics.ts";
import { printable } from "../../../shared/run/text.ts";
import { compare, FLEET_SECTION, WORDS_SECTION } from "../../../shared/summaries/compare.ts";
import { matrix } from "../../../shared/summaries/matrix.ts";
import { findEntry } from "../../../shared/summaries/registry.ts";
import { cellSource } from "../../service/summary-source.ts";
import { computeSummary } from "../../service/validation.ts";
import { currentToken } from "../http/auth.ts";
import { sentQuery } from "../http/form.ts";
import type { PageDeps } from "./app.ts";
import {
  BackendChoice,
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
import { gettingStarted } from "./getting-started.tsx";
import type { Page } from "./layout.tsx";
import { buildQueryString } from "./links.ts";
import { summaryPage } from "./summary.tsx";

/** GET / */
export const overview: Page<PageDeps> = async (c, deps) => {
  const sent = sentQuery(c);
  const { fleet } = currentToken(c);
  const source = cellSource(deps, fleet);
  const hasBackends = sent["baseline"] !== undefined || sent["candidate"] !== undefined;
  const [values, pair] = await Promise.all([
    readCohortValues(deps, fleet),
    hasBackends ? null : findMostComparedPair(await matrix.compute(source, matrix.query.parse({}))),
  ]);
  if (!hasBackends && pair === null) return gettingStarted(c, deps);
  const query: PageQuery = pair === null ? sent : { ...sent, baseline: [pair.baseline], candidate: [pair.candidate] };
  return summaryPage(c, {
    query,
    form: <ComparisonForm query={query} values={values} now={deps.clock()} />,
    entry: findEntry(deps.summaries, "compare"),
    compute: async () => {
      const result = await computeSummary(compare, source, query);
      return { kind: compare, result, report: buildReport(result), children: <VerdictTable comparison={result} /> };
    },
    onError: { title: "Overview", heading: "This comparison is not possible" },
  });
};

/** The pair that most hosts have, with the simpler backend as the baseline; null when no host has two backends. */
function findMostComparedPair({
  pairs,
}: MatrixResult): { readonly baseline: Backend; readonly candidate: Backend } | null {
  const countHosts = ({ metrics }: MatrixResult["pairs"][number]) =>
    Math.max(0, ...Object.values(metrics).map(({ hosts }) => hosts));
  const [most] = pairs.toSorted((a, b) => countHosts(b) - countHosts(a));
  if (most === undefined) return null;
  const [baseline = most.baseline, candidate = most.candidate] = BACKENDS.filter(
    (backend) => backend === most.baseline || backend === most.candidate,
  );
  return { baseline, candidate };
}

const ComparisonForm: FC<{ query: PageQuery; values: CohortValues; now: number }> = ({ query, values, now }) => {
  const [baseline, candidate] = [firstValue(query, "baseline", "loop"), firstValue(query, "candidate", "blktap2")];
  return (
    <QueryForm
      action="/"
      label="Backends to compare"
      more={
        <Filters query={query} values={values} parameters={["margin", "metric"]}>
          <MetricCheckboxes chosen={query["metric"] ?? []} />
          <MarginChoice value={firstValue(query, "margin", "0.03")} />
        </Filters>
      }
    >
      <BackendChoice label="Baseline" name="baseline" value={baseline} />
      <a
        class="swap"
        href={`/${buildQueryString({ ...query, baseline: candidate, candidate: baseline })}`}
        aria-label={`Swap: ${printable(baseline)} vs ${printable(candidate)}`}
      >
        ⇄
      </a>
      <BackendChoice label="Candidate" name="candidate" value={candidate} />
      <PeriodChoice now={now} value={firstValue(query, "period", "all")} />
      <ViewChoice value={firstValue(query, "view", "trusted")} />
    </QueryForm>
  );
};

/** The report without what the table of verdicts shows, and with a notice where only one host was measured. */
function buildReport(comparison: Comparison): Report {
  const report = compare.report(comparison, DEFAULT_RENDER_OPTIONS);
  const sections = report.sections
    .filter(({ heading }) => heading !== WORDS_SECTION)
    .map((section) => (section.heading === FLEET_SECTION ? { ...section, heading: "Caveats", table: null } : section))
    .filter(({ table, texts }) => table !== null || texts.length > 0);
  return { ...report, notices: [...buildOneHostNotice(comparison), ...report.notices], sections };
}

function buildOneHostNotice({ baseline, candidate, fleet }: Comparison): LabeledText[] {
  const hosts = Math.max(0, ...Object.values(fleet.metrics).map((metric) => metric.hosts));
  if (hosts !== 1) return [];
  const text = `its ratios hold for this host only, because hosts often differ more than backends do. Measure ${baseline} and ${candidate} on more hosts: the first verdicts need 6 to 9.`;
  return [warning("Only one host so far", text)];
}

/** For each metric the verdict of the fleet with its numbers and its sentence; the reasons can be opened. */
const VerdictTable: FC<{ comparison: Comparison }> = ({ comparison }) => (
  <section aria-labelledby="verdicts">
    <h2 id="verdicts">Verdicts</h2>
    <table class="verdicts">
      <caption>
        {comparison.candidate} compared with {comparison.baseline}; each host counts once
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
                {prose(metric.sentence)}
                {explanation !== null && <VerdictExplanation name={name} explanation={explanation} />}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  </section>
);

const VerdictExplanation: FC<{ name: string; explanation: Explanation }> = (props) => {
  const { why, hosts, change } = props.explanation;
  return (
    <details>
      <summary>
        Why? What would change this?<span class="unseen"> ({props.name})</span>
      </summary>
      <dl>
        <dt>Why</dt>
        <dd>{prose(why)}</dd>
        {hosts.length > 0 && (
          <>
            <dt>Hosts</dt>
            {hosts.map((text) => (
              <dd>{prose(text)}</dd>
            ))}
          </>
        )}
        <dt>What would change this</dt>
        {change.map((text) => (
          <dd>{prose(text)}</dd>
        ))}
      </dl>
    </details>
  );
};
