// The report of one host: its values on each backend, then its ratios. Of both views it shows `all`, with the reads that
// count nowhere marked.

import type { Known } from "../compare/comparison.ts";
import type { HostBackend, HostMetric, HostPair, HostProfile, HostRatio } from "../compare/host.ts";
import type { Standing } from "../compare/standing.ts";
import { countOf, exactText, type NumberText, percentText, rateText, ratioText } from "../run/format.ts";
import { cohortText } from "../report/cohort-text.ts";
import { knownText } from "../report/format.ts";
import { type Cell, cell, column, type Remark, type Report, type Section, section, warning } from "../report/model.ts";
import { shownMetrics } from "../report/shown-metrics.ts";
import type { Look } from "../report/summary.ts";

/** The profile of a host as a report. */
export function hostReport(profile: HostProfile, look: Look): Report {
  const { host, cohort, pending, method_version, backends, ratios } = profile;
  return {
    title: look.title ?? `Host ${host}`,
    lead:
      backends.length === 0
        ? `No results of ${host} are counted yet.`
        : `What ${host} measured on ${countOf(new Set(backends.map(({ backend }) => backend)).size, "backend")}, over all time. One host is never a verdict.`,
    guide:
      "Below and above: hosts of the fleet that are certainly slower and faster. Rates are in K/s for data, seeks/s and files/s.",
    facts: [
      { label: "attributes", text: cohortText(cohort) },
      { label: "pending", text: pending ? "newer results" : "nothing" },
      { label: "method", text: method_version },
    ],
    notices: pending ? [warning("pending", "newer results of this host are not in these numbers yet.")] : [],
    sections: [
      ...backends.map((group) => backendSection(group, look)),
      ...ratios.map((pair) => pairSection(pair, look)),
    ],
    cursor: null,
  };
}

const VALUES = [
  column("<", "metric"),
  column(">", "median"),
  column(">", "runs"),
  column(">", "between runs", "run_sd_log"),
  column(">", "hosts"),
  column(">", "below"),
  column(">", "above"),
  column("<", "trusted"),
];

function backendSection(group: HostBackend, look: Look): Section {
  const { backend, stratum, runs, all, trusted } = group;
  const rows = shownMetrics(all, look).map(([name, value]) => [
    cell(name),
    ...valueCells(value),
    mark(value, trusted[name], rateText),
  ]);
  return section(`${backend}, stratum ${stratum}, ${countOf(runs, "run")}`, {
    table: { caption: `Medians of the runs on ${backend} in stratum ${stratum}`, columns: VALUES, rows },
    remarks: groupRemarks(group),
  });
}

function groupRemarks({ cached, small_file: smallFile, bound_mismatch: boundMismatch }: HostBackend): Remark[] {
  return [
    ...(cached.length === 0 ? [] : [warning("suspect_cached_reads", `reads probably cached by ${cached.join(", ")}.`)]),
    ...(smallFile ? [warning("small_file", "the test file was under twice the memory.")] : []),
    ...(boundMismatch ? [warning("bound_mismatch", "a rate is above the most that its test can measure.")] : []),
  ];
}

function valueCells({ runs, run_sd_log, standing, ...value }: HostMetric): Cell[] {
  return [
    cell(knownText(value, rateText)),
    cell(exactText(runs)),
    cell(percentText(run_sd_log)),
    ...standingCells(standing),
  ];
}

const RATIOS = [
  column("<", "metric"),
  column(">", "ratio"),
  column(">", "hosts"),
  column(">", "below"),
  column(">", "above"),
  column("<", "trusted"),
];

function pairSection({ baseline, candidate, stratum, all, trusted }: HostPair, look: Look): Section {
  const rows = shownMetrics(all, look).map(([name, ratio]) => [
    cell(name),
    ...ratioCells(ratio),
    mark(ratio, trusted[name], ratioText),
  ]);
  return section(`${candidate} against ${baseline}, stratum ${stratum}: above 1, ${candidate} is faster`, {
    table: { caption: `Ratios ${candidate} / ${baseline} on this host in stratum ${stratum}`, columns: RATIOS, rows },
  });
}

const ratioCells = ({ standing, ...ratio }: HostRatio): Cell[] => [
  cell(knownText(ratio, ratioText)),
  ...standingCells(standing),
];

function standingCells(standing: Standing | null): Cell[] {
  const { hosts, below, above } = standing ?? {};
  return [hosts, below, above].map((count) => cell(count === undefined ? "-" : exactText(count)));
}

/** What differs in view `trusted`, which comparisons use. */
function mark(all: Known, trusted: Known | undefined, numberText: NumberText): Cell {
  if (trusted === undefined) return cell("not trusted: probably cached", "unclear");
  const same = trusted.low === all.low && trusted.high === all.high;
  return cell(same ? "" : `trusted runs alone: ${knownText(trusted, numberText)}`);
}
