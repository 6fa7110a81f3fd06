// The parts of a comparison beside its verdicts: how differently hosts react, and what has no verdict by design. Each is
// there only when it has something to say.

import type { Comparison, HostRange } from "../compare/comparison.ts";
import type { Verdict } from "../compare/verdict.ts";
import { formatCount, formatNumber, formatPercent, formatPValue, formatRatio } from "../run/format.ts";
import { metricLabel } from "../run/metrics.ts";
import { hostCountText, hostsOfAll, intervalOrNone, intervalText, knownText } from "./format.ts";
import { cell, column, type Remark, type RenderOptions, remark, type Section, section } from "./model.ts";
import { shownMetrics } from "./verdicts.ts";

// What the short name of a stratum says, in words: `v1/2G/8k/16` is how results are told apart that cannot be compared.

const FAMILIES: Readonly<Record<string, string>> = {
  v1: "Bonnie++ 1.00 to 1.04",
  v2: "Bonnie++ 1.9x and 2.0",
};

/** The stratum's name and what it stands for; what it does not know is left out. */
export function stratumRemark(stratum: string): Remark {
  // A file specification may hold a slash itself: `16:1000:0/64`.
  const [family = "", size = "-", chunk = "-", ...files] = stratum.split("/");
  const parts = [FAMILIES[family] ?? family, bigFile(size, chunk), manyFiles(files.join("/"))];
  return remark(stratum, `${parts.join(", ")}.`);
}

function bigFile(size: string, chunk: string): string {
  if (size === "-") return "no test of a big file";
  const chunks = chunk === "?" ? "chunks of a size that was not printed" : `chunks of ${binary(chunk)}`;
  return `a test file of about ${binary(size)} in ${chunks}`;
}

/** `2G` is `2 GiB`, `8k` `8 KiB`, and `512` `512 bytes`. */
function binary(size: string): string {
  const unit = { k: "KiB", m: "MiB", M: "MiB", G: "GiB" }[size.at(-1) ?? ""];
  return unit === undefined ? `${size} bytes` : `${size.slice(0, -1)} ${unit}`;
}

function manyFiles(spec: string): string {
  if (spec === "-" || spec === "") return "no test of many files";
  const [kinds = "", directories] = spec.split("/");
  const [thousands = "", most, least] = kinds.split(":");
  const count = formatNumber(1024 * Number(thousands));
  const where = directories === undefined ? "" : ` in ${directories} directories`;
  if (most === "link") return `${count} hard links${where}`;
  if (most === "symlink") return `${count} symbolic links${where}`;
  return `${count} ${most === undefined ? "empty files" : `files of ${least ?? 0} to ${most} bytes`}${where}`;
}

/** Verdicts that decide something, in words after the candidate's name. */
const DECIDED = [
  ["faster", "faster"],
  ["slower", "slower"],
  ["equivalent", "as fast at the median"],
] as const satisfies readonly (readonly [Verdict, string])[];

/**
 * What a comparison found over the fleet in one sentence, e.g. "On 9 to 40 hosts with both, blktap2 compared with
 * loop is faster in char write, block write; slower in random seeks; 9 of 12 metrics are undecided." Hosts differ from metric to metric.
 */
export function comparisonLead(
  { baseline, candidate, fleet }: Comparison,
  look: Pick<RenderOptions, "metrics">,
): string {
  const metrics = shownMetrics(fleet.metrics, look);
  if (metrics.every(([, { hosts }]) => hosts === 0))
    return `No host has results on both ${baseline} and ${candidate} that count: nothing to compare yet.`;
  const on = `On ${hostsOfAll(metrics.map(([, metric]) => metric))} with both`;
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
export function agreementSection({ fleet }: Comparison, look: RenderOptions): Section[] {
  const shown = shownMetrics(fleet.metrics, look).filter(([, { hosts }]) => hosts > 1);
  if (shown.length === 0) return [];
  const rows = shown.map(([name, { host_range, share, p, p_holm, noise_share }]) => [
    cell(name),
    cell(intervalText(host_range, formatRatio)),
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
export function scoresSection({ fleet }: Comparison, look: RenderOptions): Section[] {
  if (look.metrics.length > 0) return [];
  const known = Object.entries(fleet.scores).filter(([, { metrics }]) => metrics.length > 0);
  if (known.length === 0) return [];
  const rows = known.map(([name, { ratio, ci, metrics }]) => [
    cell(name),
    cell(knownText(ratio, formatRatio)),
    cell(intervalOrNone(ci, formatRatio)),
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
export function efficiencySection({ candidate, fleet }: Comparison, look: RenderOptions): Section[] {
  const shown = shownMetrics(fleet.efficiency, look).filter(([, { hosts }]) => hosts > 0);
  if (shown.length === 0) return [];
  const rows = shown.map(([name, { hosts, n_eff, ratio, ci, flags }]) => [
    cell(name),
    cell(hostCountText({ hosts, n_eff })),
    cell(knownText(ratio, formatRatio)),
    cell(intervalOrNone(ci, formatRatio)),
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
export function indicationSection({ fleet }: Comparison, look: RenderOptions): Section[] {
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
      cell(knownText(ratio, formatRatio)),
      cell(intervalOrNone(ci, formatRatio)),
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
