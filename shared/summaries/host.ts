// The report of one host: its values on each backend, then its ratios. Of both views it shows `all`, with the reads that
// count nowhere marked.

import type { Estimate } from "../compare/comparison.ts";
import type { HostBackend, HostMetric, HostPair, HostProfile, HostRank, HostRatio } from "../compare/host.ts";
import { formatCohort, formatEstimate } from "../report/format.ts";
import {
  type Cell,
  cell,
  column,
  type Remark,
  type RenderOptions,
  type Report,
  type Section,
  section,
  warning,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { shownMetrics } from "../report/verdicts.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { formatCount, formatNumber, formatPercent, formatRate, formatRatio, type NumberFormat } from "../run/format.ts";
import { VIEWS, type View } from "../run/run.ts";

// A host for programs: a row for each value and each ratio it has, in both views. A value is one of `backend`; a ratio is
// `backend` / `baseline`.

interface Item {
  readonly profile: HostProfile;
  readonly quantity: "value" | "ratio";
  readonly backend: string;
  readonly baseline: string | null;
  readonly stratum: string;
  readonly view: View;
  readonly metric: string;
  readonly found: Estimate & { readonly standing: HostRank | null } & Partial<HostMetric>;
  readonly cached: readonly string[];
}

const FIELDS: readonly Field<Item>[] = [
  ["host", ({ profile }) => profile.host],
  ["quantity", ({ quantity }) => quantity],
  ["backend", ({ backend }) => backend],
  ["baseline", ({ baseline }) => baseline],
  ["stratum", ({ stratum }) => stratum],
  ["view", ({ view }) => view],
  ["metric", ({ metric }) => metric],
  ["low", ({ found }) => found.low],
  ["high", ({ found }) => found.high],
  ["runs", ({ found }) => found.runs],
  ["exact_runs", ({ found }) => found.exact_runs],
  ["run_sd_log", ({ found }) => found.run_sd_log],
  ["hosts", ({ found }) => found.standing?.hosts],
  ["below", ({ found }) => found.standing?.below],
  ["above", ({ found }) => found.standing?.above],
  ["cached_rules", ({ cached }) => cached.join(" ")],
  ...COHORT_KEYS.map((key): Field<Item> => [key, ({ profile }) => profile.cohort[key]]),
  ["pending", ({ profile }) => profile.pending],
  ["method_version", ({ profile }) => profile.method_version],
];

/** The records of a host. */
export function hostRecords(profile: HostProfile, look: RenderOptions): Records {
  const values = profile.backends.flatMap((group) =>
    VIEWS.flatMap((view) =>
      shownMetrics(group[view], look).map(([metric, found]): Item => {
        const { backend, stratum, cached } = group;
        return { profile, quantity: "value", backend, baseline: null, stratum, view, metric, found, cached };
      }),
    ),
  );
  const ratios = profile.ratios.flatMap((pair) =>
    VIEWS.flatMap((view) =>
      shownMetrics(pair[view], look).map(([metric, found]): Item => {
        const { candidate: backend, baseline, stratum } = pair;
        return { profile, quantity: "ratio", backend, baseline, stratum, view, metric, found, cached: [] };
      }),
    ),
  );
  return buildRecords(FIELDS, [...values, ...ratios]);
}

/** The profile of a host as a report. */
export function hostReport(profile: HostProfile, look: RenderOptions): Report {
  const { host, cohort, pending, method_version, backends, ratios } = profile;
  return {
    title: look.title ?? `Host ${host}`,
    lead:
      backends.length === 0
        ? `No results of ${host} are counted yet.`
        : `What ${host} measured on ${formatCount(new Set(backends.map(({ backend }) => backend)).size, "backend")}, over all time. One host is never a verdict.`,
    guide:
      "Below and above: hosts of the fleet that are certainly slower and faster. Rates are in K/s for data, seeks/s and files/s.",
    facts: [
      { label: "attributes", text: formatCohort(cohort) },
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

function backendSection(group: HostBackend, look: RenderOptions): Section {
  const { backend, stratum, runs, all, trusted } = group;
  const rows = shownMetrics(all, look).map(([name, value]) => [
    cell(name),
    ...valueCells(value),
    mark(value, trusted[name], formatRate),
  ]);
  return section(`${backend}, stratum ${stratum}, ${formatCount(runs, "run")}`, {
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
    cell(formatEstimate(value, formatRate)),
    cell(formatNumber(runs)),
    cell(formatPercent(run_sd_log)),
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

function pairSection({ baseline, candidate, stratum, all, trusted }: HostPair, look: RenderOptions): Section {
  const rows = shownMetrics(all, look).map(([name, ratio]) => [
    cell(name),
    ...ratioCells(ratio),
    mark(ratio, trusted[name], formatRatio),
  ]);
  return section(`${candidate} against ${baseline}, stratum ${stratum}: above 1, ${candidate} is faster`, {
    table: { caption: `Ratios ${candidate} / ${baseline} on this host in stratum ${stratum}`, columns: RATIOS, rows },
  });
}

const ratioCells = ({ standing, ...ratio }: HostRatio): Cell[] => [
  cell(formatEstimate(ratio, formatRatio)),
  ...standingCells(standing),
];

function standingCells(standing: HostRank | null): Cell[] {
  const { hosts, below, above } = standing ?? {};
  return [hosts, below, above].map((count) => cell(count === undefined ? "-" : formatNumber(count)));
}

/** What differs in view `trusted`, which comparisons use. */
function mark(all: Estimate, trusted: Estimate | undefined, numberText: NumberFormat): Cell {
  if (trusted === undefined) return cell("not trusted: probably cached", "unclear");
  const same = trusted.low === all.low && trusted.high === all.high;
  return cell(same ? "" : `trusted runs alone: ${formatEstimate(trusted, numberText)}`);
}
