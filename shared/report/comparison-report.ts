// The report of a comparison: the fleet first, every finding in words, how differently hosts react, what is only a
// convention or an indication apart from the verdicts, then each stratum.

import type { Comparison, MetricComparison, ScopeComparison } from "../compare/comparison.ts";
import type { MetricName } from "../model/metrics.ts";
import { aboutFacts, marginFact, noticeRemarks, shownFact } from "./about-facts.ts";
import { agreementSection, efficiencySection, indicationSection, scoresSection } from "./comparison-details.ts";
import { comparisonLead } from "./comparison-lead.ts";
import { countOf, countText, intervalOrNone, knownText } from "./known-text.ts";
import { type Cell, cell, column, type Remark, type Report, remark, section, type Table, warning } from "./report.ts";
import { shownMetrics } from "./shown-metrics.ts";
import type { Look } from "./summary.ts";
import { verdictCell } from "./verdict-cell.ts";

/** A comparison as a report. */
export function comparisonReport(comparison: Comparison, look: Look): Report {
  const { baseline, candidate, fleet, strata, margin, runs } = comparison;
  return {
    title: look.title ?? `${candidate} against ${baseline}`,
    lead: comparisonLead(comparison, look),
    guide: `Ratios are ${candidate} / ${baseline} on the same host, the median over hosts: above 1, ${candidate} is faster.`,
    facts: aboutFacts(comparison, [...shownFact(look), marginFact(margin), { label: "runs", text: countText(runs) }]),
    notices: noticeRemarks(comparison),
    sections: [
      section("Fleet: every host has one vote", {
        table: table(fleet, look, `Ratios ${candidate} / ${baseline} over the fleet`),
        remarks: [...flagRemarks(fleet), ...cachedRemarks(comparison), ...reportedRemarks(comparison, look)],
      }),
      section("In words", { remarks: sentences(fleet, look) }),
      ...agreementSection(comparison, look),
      ...scoresSection(comparison, look),
      ...efficiencySection(comparison, look),
      ...indicationSection(comparison, look),
      ...Object.entries(strata).map(([stratum, scope]) =>
        section(`Stratum ${stratum}`, {
          table: table(scope, look, `Ratios ${candidate} / ${baseline} in stratum ${stratum}`),
          remarks: flagNames(scope),
        }),
      ),
    ],
    cursor: null,
  };
}

const COLUMNS = [
  column("<", "metric"),
  column(">", "hosts"),
  column(">", "ratio"),
  column("<", "95 % interval", "ci"),
  column(">", "up/down"),
  column("<", "verdict"),
  column("<", "because", "reason"),
];

function table({ metrics }: ScopeComparison, look: Look, caption: string): Table {
  return { caption, columns: COLUMNS, rows: shownMetrics(metrics, look).map(([name, metric]) => row(name, metric)) };
}

function row(name: MetricName, metric: MetricComparison): Cell[] {
  const { hosts, ratio, ci, faster_hosts: up, slower_hosts: down, verdict, reason } = metric;
  return [
    cell(name),
    cell(countText(hosts)),
    cell(hosts === 0 ? "-" : knownText(ratio)),
    cell(intervalOrNone(ci)),
    cell(`${countText(up)}/${countText(down)}`),
    verdictCell(verdict),
    cell(reason),
  ];
}

function flagRemarks({ flags, flag_details }: ScopeComparison): Remark[] {
  return flags.map((flag) => warning(flag, flag_details[flag]?.text ?? ""));
}

/** In a stratum the names are enough: what they mean stands under the fleet. */
function flagNames({ flags }: ScopeComparison): Remark[] {
  return flags.length === 0 ? [] : [warning("flags", flags.join(", "))];
}

function cachedRemarks({ cached }: Comparison): Remark[] {
  return Object.entries(cached).flatMap(([backend, reads]) => {
    if (reads === undefined || reads.hosts === 0) return [];
    const by = reads.rules.length === 0 ? "" : `, by ${reads.rules.join(", ")}`;
    return [remark(backend, `reads of ${countOf(reads.hosts, "host")} probably came from a cache${by}.`)];
  });
}

function reportedRemarks({ as_reported }: Comparison, look: Look): Remark[] {
  const ratios = shownMetrics(as_reported, look).map(([name, { ratio }]) => `${name} ${knownText(ratio)}`);
  return ratios.length === 0 ? [] : [remark("as reported", `with cached reads left in, ${ratios.join(", ")}.`)];
}

function sentences({ metrics }: ScopeComparison, look: Look): Remark[] {
  return shownMetrics(metrics, look).map(([name, { sentence }]) => remark(name, sentence));
}
