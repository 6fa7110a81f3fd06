// A comparison as text for a terminal of 100 columns: a table for the fleet and one for each stratum, then every finding
// of the fleet in words.

import type { Comparison, MetricComparison, ScopeComparison } from "../compare/comparison.ts";
import { METRIC_NAMES } from "../model/metrics.ts";
import { aboutLines } from "./about-lines.ts";
import { intervalText, knownText } from "./known-text.ts";
import { significant } from "./significant.ts";
import { wrapped } from "./wrapped.ts";

const WIDTH = 100;

/** The comparison as lines of at most 100 columns, ending in a line feed. */
export function comparisonText(comparison: Comparison): string {
  const { baseline, candidate, fleet, strata, margin, runs } = comparison;
  return `${[
    `${candidate} against ${baseline}. Ratios are ${candidate} / ${baseline}: above 1, ${candidate} is faster.`,
    ...aboutLines(comparison, [`margin ${significant(margin * 100, 3)} %`, `${runs} runs`]),
    "",
    "FLEET (every host has one vote)",
    ...table(fleet),
    ...flagLines(fleet),
    ...cachedLines(comparison),
    ...asReportedLines(comparison),
    ...Object.entries(strata).flatMap(([stratum, scope]) => [
      "",
      `STRATUM ${stratum}`,
      ...table(scope),
      ...flagNames(scope),
    ]),
    "",
    "IN WORDS",
    ...sentences(fleet),
  ].join("\n")}\n`;
}

function row(cells: readonly [string, string, string, string, string, string, string]): string {
  const [metric, hosts, ratio, interval, votes, verdict, reason] = cells;
  return [
    metric.padEnd(10),
    hosts.padStart(6),
    ratio.padStart(13),
    interval.padEnd(15),
    votes.padStart(9),
    verdict.padEnd(14),
    reason,
  ]
    .join(" ")
    .trimEnd();
}

function table({ metrics }: ScopeComparison): string[] {
  const head = row(["metric", "hosts", "ratio", "95 % interval", "up/down", "verdict", "because"]);
  return [head, ...METRIC_NAMES.flatMap((name) => (metrics[name] === undefined ? [] : metricRow(name, metrics[name])))];
}

function metricRow(name: string, metric: MetricComparison): string {
  return row([
    name,
    String(metric.hosts),
    metric.hosts === 0 ? "-" : knownText(metric.ratio),
    metric.ci === null ? "-" : intervalText(metric.ci),
    `${metric.faster_hosts}/${metric.slower_hosts}`,
    metric.verdict,
    metric.reason,
  ]);
}

function flagLines({ flags, flag_details }: ScopeComparison): string[] {
  return flags.flatMap((flag) =>
    wrapped(`! ${flag}: ${flag_details[flag]?.text ?? ""}`.replace(/: $/, ""), WIDTH, "    "),
  );
}

/** In a stratum the names are enough: what they mean stands under the fleet. */
function flagNames({ flags }: ScopeComparison): string[] {
  return flags.length === 0 ? [] : wrapped(`! ${flags.join(", ")}`, WIDTH, "    ");
}

function cachedLines({ cached }: Comparison): string[] {
  return Object.entries(cached).flatMap(([backend, reads]) =>
    reads === undefined || reads.hosts === 0
      ? []
      : [
          `${backend}: reads of ${reads.hosts} ${reads.hosts === 1 ? "host" : "hosts"} came from a cache, by ${reads.rules.join(", ")}`,
        ],
  );
}

function asReportedLines({ as_reported }: Comparison): string[] {
  const ratios = METRIC_NAMES.flatMap((name) => {
    const reported = as_reported[name];
    return reported === undefined ? [] : [`${name} ${knownText(reported.ratio)}`];
  });
  return ratios.length === 0 ? [] : wrapped(`As reported, cached reads included: ${ratios.join(", ")}`, WIDTH, "    ");
}

function sentences({ metrics }: ScopeComparison): string[] {
  return METRIC_NAMES.flatMap((name) => {
    const metric = metrics[name];
    return metric === undefined ? [] : wrapped(`${name}: ${metric.sentence}`, WIDTH, "    ");
  });
}
