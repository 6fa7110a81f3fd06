// The parts of a comparison's report around its verdicts: its lead, how differently hosts react, and what has no verdict by
// design. In: a published comparison and what to show of it. Out: a sentence, or a section that is left out when empty.

import type { Comparison, HostRange } from "../compare/comparison.ts";
import type { Verdict } from "../compare/verdict.ts";
import { formatCount, formatPercent, formatPValue, formatRatio } from "../run/format.ts";
import { metricLabel } from "../run/metrics.ts";
import { formatEstimate, formatHostCount, formatHostRange, formatInterval } from "./format.ts";
import { cell, column, labeled, type RenderOptions, type Section, section } from "./model.ts";
import { shownMetrics } from "./verdicts.ts";

/** Verdicts that decide, in words after the candidate's name. */
const DECIDED = [
  ["faster", "faster"],
  ["slower", "slower"],
  ["equivalent", "as fast at the median"],
] as const satisfies readonly (readonly [Verdict, string])[];

/**
 * The finding of a comparison over the fleet in one sentence, e.g. "On 9 to 40 hosts with both, blktap2 compared with
 * loop is faster in char write, block write; slower in random seeks; 9 of 12 metrics are undecided." Hosts differ from metric to metric.
 */
export function comparisonLead(
  { baseline, candidate, fleet }: Comparison,
  options: Pick<RenderOptions, "metrics">,
): string {
  const metrics = shownMetrics(fleet.metrics, options);
  if (metrics.every(([, { hosts }]) => hosts === 0))
    return `No host has usable results for both ${baseline} and ${candidate}: nothing to compare yet.`;
  const on = `On ${formatHostRange(metrics.map(([, metric]) => metric))} with both`;
  const decided = DECIDED.flatMap(([verdict, word]) => {
    const names = metrics.filter(([, metric]) => metric.verdict === verdict).map(([name]) => metricLabel(name));
    return names.length === 0 ? [] : [`${word} in ${names.join(", ")}`];
  });
  const open = metrics.filter(([, { verdict }]) => !DECIDED.some(([word]) => word === verdict)).length;
  const of = `${open} of ${formatCount(metrics.length, "metric")}`;
  if (decided.length === 0) return `${on}, no metric has a verdict: ${candidate} against ${baseline} is undecided.`;
  const rest = open === 0 ? "" : `; ${of} ${open === 1 ? "is" : "are"} undecided`;
  return `${on}, ${candidate} compared with ${baseline} is ${decided.join("; ")}${rest}.`;
}

/** How hosts differ, for metrics with at least two of them. */
export function agreementSection({ fleet }: Comparison, options: RenderOptions): Section[] {
  const shown = shownMetrics(fleet.metrics, options).filter(([, { hosts }]) => hosts > 1);
  if (shown.length === 0) return [];
  const rows = shown.map(([name, { host_range, share, p, p_holm, noise_share }]) => [
    cell(name),
    cell(formatInterval(host_range, formatRatio)),
    cell(rangeKind(host_range)),
    cell(formatPercent(share.faster)),
    cell(formatPercent(share.same)),
    cell(formatPercent(share.slower)),
    cell(formatPercent(share.undetermined)),
    cell(formatPValue(p)),
    cell(formatPValue(p_holm)),
    cell(formatPercent(noise_share)),
  ]);
  const columns = [
    column("<", "metric"),
    column("<", "on single hosts", "host_range"),
    column("<", "of", "kind"),
    column(">", "faster"),
    column(">", "same"),
    column(">", "slower"),
    column(">", "open"),
    column(">", "p"),
    column(">", "p Holm", "p_holm"),
    column(">", "noise"),
  ];
  const text =
    "on single hosts: the ratio on the middle 90 % of the hosts, below 20 hosts on all. Faster, same, slower, open: hosts that gain more than 3 %, stay within, lose more, or are undetermined. p: sign test, before and after Holm's correction. Noise: the part of the spread between hosts that is noise between runs.";
  return [
    section("How hosts differ", {
      table: { caption: "Ratios on single hosts", columns, rows },
      texts: [labeled("how to read this", text)],
    }),
  ];
}

function rangeKind({ kind }: HostRange): string {
  return kind === "central_90" ? "90 %" : "all";
}

/** Scores that are known. They are over all metrics, so they are left out when only some metrics are shown. */
export function scoresSection({ fleet }: Comparison, options: RenderOptions): Section[] {
  if (options.metrics.length > 0) return [];
  const known = Object.entries(fleet.scores).filter(([, { metrics }]) => metrics.length > 0);
  if (known.length === 0) return [];
  const rows = known.map(([name, { ratio, ci, metrics }]) => [
    cell(name),
    cell(formatEstimate(ratio, formatRatio)),
    cell(formatInterval(ci, formatRatio)),
    cell(metrics.join(", ")),
  ]);
  const columns = [
    column("<", "score"),
    column(">", "ratio"),
    column("<", "95 % interval", "ci"),
    column("<", "mean of", "metrics"),
  ];
  const text =
    "all metrics have the same weight by convention, and may come from different hosts; so there is no verdict. Overall is the mean of all four groups, and is given only when each is known.";
  return [
    section("Scores", {
      table: { caption: "Mean ratios of groups of metrics", columns, rows },
      texts: [labeled("scores", text)],
    }),
  ];
}

/** CPU efficiency of the metrics that have it on any host. */
export function efficiencySection({ candidate, fleet }: Comparison, options: RenderOptions): Section[] {
  const shown = shownMetrics(fleet.efficiency, options).filter(([, { hosts }]) => hosts > 0);
  if (shown.length === 0) return [];
  const rows = shown.map(([name, { hosts, n_eff, ratio, ci, flags }]) => [
    cell(name),
    cell(formatHostCount({ hosts, n_eff })),
    cell(formatEstimate(ratio, formatRatio)),
    cell(formatInterval(ci, formatRatio)),
    cell(flags.join(", ")),
  ]);
  const columns = [
    column("<", "metric"),
    column(">", "hosts"),
    column(">", "ratio"),
    column("<", "95 % interval", "ci"),
    column("<", "flags"),
  ];
  const text = `above 1, ${candidate} does the same work with less CPU where Bonnie++ ran; CPU time that it moves to Dom0 is not counted.`;
  return [
    section("CPU efficiency", {
      table: { caption: "Rate for each per cent of CPU", columns, rows },
      texts: [labeled("ratio", text)],
    }),
  ];
}

/** The comparison between hosts, where enough hosts have been measured. */
export function indicationSection({ fleet }: Comparison, options: RenderOptions): Section[] {
  const shown = shownMetrics(fleet.metrics, options).filter(
    ([, { between_hosts }]) => between_hosts.strata_used.length > 0,
  );
  if (shown.length === 0) return [];
  const rows = shown.map(
    ([
      name,
      {
        between_hosts: { ratio, ci, indication, strata_used },
      },
    ]) => [
      cell(name),
      cell(formatEstimate(ratio, formatRatio)),
      cell(formatInterval(ci, formatRatio)),
      cell(indication),
      cell(strata_used.join(", ")),
    ],
  );
  const columns = [
    column("<", "metric"),
    column(">", "ratio"),
    column("<", "95 % interval", "ci"),
    column("<", "indication"),
    column("<", "strata"),
  ];
  const text =
    "hosts with only one backend count too, so a difference between hosts can look like one between backends: an indication, never a verdict.";
  return [
    section("Between hosts", {
      table: { caption: "Ratios of medians over different hosts", columns, rows },
      texts: [labeled("between hosts", text)],
    }),
  ];
}
