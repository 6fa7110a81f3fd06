import type { FC } from "hono/jsx";
import { limitsText, timesText } from "../../shared/chart/value-words.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import { metricLabel } from "../../shared/run/metrics.ts";
import { printable } from "../../shared/run/text.ts";
import { type Explanation, explained } from "../../shared/report/explanation.ts";
import { hostCountText } from "../../shared/report/host-count.ts";
import { shownMetrics } from "../../shared/report/shown-metrics.ts";
import { verdictCell } from "../../shared/report/verdicts.ts";

/** The verdicts of the fleet, each with its sentence, and what stands behind it for whoever opens it. */
export const VerdictTable: FC<{ comparison: Comparison }> = ({ comparison }) => (
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
          const verdict = verdictCell(metric.verdict);
          const explanation = explained(comparison, name);
          return (
            <tr>
              <th scope="row">
                {metricLabel(name)} <code>{name}</code>
              </th>
              <td class={`verdict short ${verdict.tone}`}>{verdict.text}</td>
              <td class="number short">{metric.hosts === 0 ? "–" : timesText(metric.ratio)}</td>
              <td class="short">{limitsText(metric.ci) || "–"}</td>
              <td class="number short">{hostCountText(metric)}</td>
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
