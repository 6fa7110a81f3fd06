import type { AllBackends, MeasuredBackend } from "../compare/backends.ts";
import type { BackendValue } from "../compare/comparison.ts";
import { aboutFacts, aboutFields, noticeRemarks, shownFact } from "../report/about.ts";
import { formatEstimate, formatInterval } from "../report/format.ts";
import {
  type Cell,
  cell,
  column,
  type RenderOptions,
  type Report,
  remark,
  section,
  type Table,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { stratumRemark } from "../report/stratum.ts";
import { shownMetrics } from "../report/verdicts.ts";
import { formatCount, formatNumber, formatPercent, formatRate } from "../run/format.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";

/** The values of all backends as a report: what there is, then for each stratum a table, metric by metric. */
export function backendsReport(answer: AllBackends, look: RenderOptions): Report {
  const backends = Object.entries(answer.backends);
  const strata = [...new Set(backends.flatMap(([, { strata: own }]) => Object.keys(own)))].sort();
  return {
    title: look.title ?? "Backends",
    lead:
      backends.length === 0
        ? "No backend has results yet."
        : "Each backend by itself, over different hosts: to compare two, ask for the comparison.",
    guide:
      "Medians over hosts, in K/s for data, seeks/s and files/s. The last column is the noise between runs of one host.",
    facts: aboutFacts(answer, shownFact(look)),
    notices: [...noticeRemarks(answer), ...(answer.periods.length > 1 ? [REPEATED_NOTICE] : [])],
    sections: [
      section("Available data", {
        table: { caption: "Hosts and runs of each backend", columns: COUNTS, rows: backends.map(countRow) },
      }),
      ...strata.map((stratum) =>
        section(`Stratum ${stratum}`, {
          table: valueTable(stratum, backends, look),
          remarks: [stratumRemark(stratum)],
        }),
      ),
    ],
    cursor: null,
  };
}

const REPEATED_NOTICE = remark(
  "hosts",
  "a host counts once in each period; hosts of the first table are those of the period with most.",
);

const COUNTS = [
  column("<", "backend"),
  column(">", "hosts"),
  column(">", "runs"),
  column("<", "cached reads", "cached"),
];

function countRow([name, { hosts, runs, cached }]: readonly [string, MeasuredBackend]): Cell[] {
  const reads = cached.hosts === 0 ? "-" : `on ${formatCount(cached.hosts, "host")}, by ${cached.rules.join(", ")}`;
  return [cell(name), cell(formatNumber(hosts)), cell(formatNumber(runs)), cell(reads)];
}

const VALUES = [
  column("<", "metric"),
  column("<", "backend"),
  column(">", "hosts"),
  column(">", "runs"),
  column(">", "median"),
  column(">", "95 % interval", "ci"),
  column(">", "10 % of hosts", "p10"),
  column(">", "90 %", "p90"),
  column(">", "between runs", "run_sd_log"),
];

function valueTable(
  stratum: string,
  backends: readonly (readonly [string, MeasuredBackend])[],
  look: RenderOptions,
): Table {
  const rows = METRIC_NAMES.flatMap((metric) =>
    backends.flatMap(([backend, { strata }]) =>
      shownMetrics(strata[stratum] ?? {}, look)
        .filter(([name]) => name === metric)
        .map(([, value]) => valueRow(metric, backend, value)),
    ),
  );
  return { caption: `Values of each backend in stratum ${stratum}`, columns: VALUES, rows };
}

function valueRow(metric: MetricName, backend: string, value: BackendValue): Cell[] {
  return [
    cell(metric),
    cell(backend),
    cell(formatNumber(value.hosts)),
    cell(formatNumber(value.runs)),
    cell(formatEstimate(value.median, formatRate)),
    cell(formatInterval(value.ci, formatRate)),
    cell(formatEstimate(value.p10, formatRate)),
    cell(formatEstimate(value.p90, formatRate)),
    cell(formatPercent(value.run_sd_log)),
  ];
}

interface Item {
  readonly answer: AllBackends;
  readonly backend: string;
  readonly measured: MeasuredBackend;
  readonly stratum: string;
  readonly metric: MetricName;
  readonly value: BackendValue;
}

const FIELDS: readonly Field<Item>[] = [
  ["backend", ({ backend }) => backend],
  ["stratum", ({ stratum }) => stratum],
  ["metric", ({ metric }) => metric],
  ["hosts", ({ value }) => value.hosts],
  ["runs", ({ value }) => value.runs],
  ["censored_hosts", ({ value }) => value.censored_hosts],
  ["single_run_hosts", ({ value }) => value.single_run_hosts],
  ["median_low", ({ value }) => value.median.low],
  ["median_high", ({ value }) => value.median.high],
  ["ci_low", ({ value }) => value.ci?.low],
  ["ci_high", ({ value }) => value.ci?.high],
  ["p10_low", ({ value }) => value.p10.low],
  ["p10_high", ({ value }) => value.p10.high],
  ["p90_low", ({ value }) => value.p90.low],
  ["p90_high", ({ value }) => value.p90.high],
  ["geometric_mean", ({ value }) => value.geometric_mean],
  ["run_sd_log", ({ value }) => value.run_sd_log],
  ["cached_hosts", ({ measured }) => measured.cached.hosts],
  ["cached_rules", ({ measured }) => measured.cached.rules.join(" ")],
  ...aboutFields<Item>(({ answer }) => answer),
];

/** A row for each metric of each backend and stratum. */
export function backendsRecords(answer: AllBackends, look: RenderOptions): Records {
  const items = Object.entries(answer.backends).flatMap(([backend, measured]) =>
    Object.entries(measured.strata).flatMap(([stratum, values]) =>
      shownMetrics(values, look).map(
        ([metric, value]): Item => ({ answer, backend, measured, stratum, metric, value }),
      ),
    ),
  );
  return buildRecords(FIELDS, items);
}
