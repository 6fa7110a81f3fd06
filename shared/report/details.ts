// The parts of a comparison beside its verdicts: how differently hosts react, and what has no verdict by design. Each is
// there only when it has something to say.

import type { Comparison, HostRange } from "../compare/comparison.ts";
import { percentText, pText, ratioText } from "../run/format.ts";
import { hostCountText } from "./host-count.ts";
import { intervalOrNone, intervalText, knownText } from "./format.ts";
import { cell, column, remark, type Section, section } from "./model.ts";
import { shownMetrics } from "./shown-metrics.ts";
import type { Look } from "./summary.ts";

/** How hosts differ, for metrics with at least two of them. */
export function agreementSection({ fleet }: Comparison, look: Look): Section[] {
  const shown = shownMetrics(fleet.metrics, look).filter(([, { hosts }]) => hosts > 1);
  if (shown.length === 0) return [];
  const rows = shown.map(([name, { host_range, share, p, p_holm, noise_share }]) => [
    cell(name),
    cell(intervalText(host_range, ratioText)),
    cell(rangeKind(host_range)),
    cell(percentText(share.faster)),
    cell(percentText(share.same)),
    cell(percentText(share.slower)),
    cell(percentText(share.undetermined)),
    cell(pText(p)),
    cell(pText(p_holm)),
    cell(percentText(noise_share)),
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
    "on single hosts: the ratio on 90 % of them, below 20 hosts on all. Faster, same, slower, open: hosts that gain or lose more than 3 %, stay within, or cannot be told. p: sign test, before and after Holm's correction. Noise: the part of the spread between hosts that is noise between runs.";
  return [
    section("How hosts differ", {
      table: { caption: "Ratios on single hosts", columns, rows },
      remarks: [remark("to read it", text)],
    }),
  ];
}

function rangeKind({ kind }: HostRange): string {
  return kind === "central_90" ? "90 %" : "all";
}

/** Scores that are known; they are over all metrics, so none when some only are shown. */
export function scoresSection({ fleet }: Comparison, look: Look): Section[] {
  if (look.metrics.length > 0) return [];
  const known = Object.entries(fleet.scores).filter(([, { metrics }]) => metrics.length > 0);
  if (known.length === 0) return [];
  const rows = known.map(([name, { ratio, ci, metrics }]) => [
    cell(name),
    cell(knownText(ratio, ratioText)),
    cell(intervalOrNone(ci, ratioText)),
    cell(metrics.join(", ")),
  ]);
  const columns = [
    column("<", "score"),
    column(">", "ratio"),
    column("<", "95 % interval", "ci"),
    column("<", "mean of", "metrics"),
  ];
  const text =
    "metrics weigh the same by convention, and different hosts may stand behind them; so no verdict. Overall is the mean of all four groups, and only there when each is known.";
  return [
    section("Scores", {
      table: { caption: "Mean ratios of groups of metrics", columns, rows },
      remarks: [remark("scores", text)],
    }),
  ];
}

/** CPU efficiency of the metrics that have it on any host. */
export function efficiencySection({ candidate, fleet }: Comparison, look: Look): Section[] {
  const shown = shownMetrics(fleet.efficiency, look).filter(([, { hosts }]) => hosts > 0);
  if (shown.length === 0) return [];
  const rows = shown.map(([name, { hosts, n_eff, ratio, ci, flags }]) => [
    cell(name),
    cell(hostCountText({ hosts, n_eff })),
    cell(knownText(ratio, ratioText)),
    cell(intervalOrNone(ci, ratioText)),
    cell(flags.join(", ")),
  ]);
  const columns = [
    column("<", "metric"),
    column(">", "hosts"),
    column(">", "ratio"),
    column("<", "95 % interval", "ci"),
    column("<", "flags"),
  ];
  const text = `above 1, ${candidate} does the same with less CPU where Bonnie++ ran; work moved to Dom0 is not seen.`;
  return [
    section("CPU efficiency", {
      table: { caption: "Rate for each per cent of CPU", columns, rows },
      remarks: [remark("ratio", text)],
    }),
  ];
}

/** The comparison between different hosts, where enough have been measured. */
export function indicationSection({ fleet }: Comparison, look: Look): Section[] {
  const shown = shownMetrics(fleet.metrics, look).filter(
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
      cell(knownText(ratio, ratioText)),
      cell(intervalOrNone(ci, ratioText)),
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
    "hosts with one backend count too, so a difference may be one between hosts: an indication, never a verdict.";
  return [
    section("Between hosts", {
      table: { caption: "Ratios of medians over different hosts", columns, rows },
      remarks: [remark("between hosts", text)],
    }),
  ];
}
