// Each backend on its own, as far as any host has measured it. In: one range of cells for each backend, at most 12 of them for
// each period and matching cohort, and as many small reads to find out which backends have cells. Out: values by stratum and
// metric, with a report.

import * as z from "zod";
import { type AllBackends, allBackends, type MeasuredBackend } from "../compare/backends.ts";
import type { BackendValue } from "../compare/comparison.ts";
import { aboutFacts, aboutFields, noticeTexts, shownFact } from "../report/about.ts";
import { formatEstimate, formatInterval } from "../report/format.ts";
import {
  type Cell,
  cell,
  column,
  labeled,
  type RenderOptions,
  type Report,
  section,
  type Table,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { describeStratum } from "../report/stratum.ts";
import { shownMetrics } from "../report/verdicts.ts";
import { formatCount, formatNumber, formatPercent, formatRate } from "../run/format.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import { type CellSource, freshness, type SummaryKind } from "./kind.ts";
import { cohortFilters, filtersIn, metrics, period, view } from "./parameters.ts";
import { lazily, schemas } from "./schemas.ts";

const query = z.strictObject({ period, view, metric: metrics, ...cohortFilters });

const result = lazily(() => {
  const { about, backendSlug, backendValue, cachedReads, count, metricName, stratum } = schemas();
  return z
    .strictObject({
      ...about,
      backends: z.partialRecord(
        backendSlug,
        z.strictObject({
          hosts: count,
          runs: count,
          cached: cachedReads,
          strata: z.record(stratum, z.partialRecord(metricName, backendValue)),
        }),
      ),
    })
    .meta({
      id: "AllBackends",
      description:
        "Each backend on its own. Each was measured on different hosts, so comparing their rates is not a comparison.",
    }) satisfies z.ZodType<AllBackends>;
});

export const backends: SummaryKind<typeof query, AllBackends, CellSource> = {
  endpoint: {
    id: "listBackends",
    summary: "Each backend on its own.",
    description:
      "Medians with 95 % intervals, the middle 80 % of hosts and the noise between runs, by stratum and metric.",
    result: "All backends with results.",
  },
  query,
  result,
  title: () => TITLE,
  compute,
  report,
  records,
};

const TITLE = "Backends";

async function compute(source: CellSource, parameters: z.output<typeof query>): Promise<AllBackends> {
  const { period: periods, view: asked, metric: selected = [] } = parameters;
  const filters = filtersIn(parameters);
  const cells = await source.cells({ periods, filters, metrics: selected });
  const [readings, pending] = await Promise.all([cells.readAll("backend"), source.pendingHosts()]);
  const { as_of: asOf, pending_hosts: pendingHosts, notices } = freshness(readings.values(), pending);
  return allBackends({
    query: { periods, view: asked, filters, metrics: selected },
    asOf,
    pendingHosts,
    notices,
    values: new Map([...readings].map(([name, { views }]) => [name, views[asked]])),
  });
}

/** The hosts and runs of each backend, then for each stratum a table, metric by metric. */
function report(result: AllBackends, options: RenderOptions): Report {
  const measured = Object.entries(result.backends);
  const strata = [...new Set(measured.flatMap(([, { strata: own }]) => Object.keys(own)))].sort();
  return {
    title: options.title ?? TITLE,
    lead:
      measured.length === 0
        ? "No backend has results yet."
        : "Each backend on its own, over different hosts: to compare two backends, see their comparison.",
    guide:
      "Medians over hosts, in K/s (reads and writes), seeks/s or files/s. The last column is the noise between runs of one host.",
    facts: aboutFacts(result, shownFact(options)),
    notices: [...noticeTexts(result), ...(result.periods.length > 1 ? [REPEATED_NOTICE] : [])],
    sections: [
      section("Available data", {
        table: { caption: "Hosts and runs of each backend", columns: COUNTS, rows: measured.map(countRow) },
      }),
      ...strata.map((stratum) =>
        section(`Stratum ${stratum}`, {
          table: valueTable(stratum, measured, options),
          texts: [describeStratum(stratum)],
        }),
      ),
    ],
    cursor: null,
  };
}

const REPEATED_NOTICE = labeled(
  "hosts",
  "a host counts once in each period; the first table shows the hosts of the period with most hosts.",
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
  measured: readonly (readonly [string, MeasuredBackend])[],
  options: RenderOptions,
): Table {
  const rows = METRIC_NAMES.flatMap((metric) =>
    measured.flatMap(([backend, { strata }]) =>
      shownMetrics(strata[stratum] ?? {}, options)
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
  readonly result: AllBackends;
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
  ...aboutFields<Item>(({ result }) => result),
];

/** A row for each metric of each backend and stratum. */
function records(result: AllBackends, options: RenderOptions): Records {
  const items = Object.entries(result.backends).flatMap(([backend, measured]) =>
    Object.entries(measured.strata).flatMap(([stratum, values]) =>
      shownMetrics(values, options).map(
        ([metric, value]): Item => ({ result, backend, measured, stratum, metric, value }),
      ),
    ),
  );
  return buildRecords(FIELDS, items);
}
