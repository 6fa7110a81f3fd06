// One backend and metric over periods that follow each other. In: one range of cells for each period and matching cohort;
// without `from` twelve periods at a time, backwards until twelve have results, sixty at most. Out: for each stratum the
// periods with hosts, with report and chart.

import * as z from "zod";
import { trendChart } from "../chart/trend-chart.ts";
import { metricCell } from "../compare/estimate.ts";
import type { CellReading } from "../compare/merged-cells.ts";
import {
  type TrendPeriod,
  type TrendPoint,
  type TrendQuery,
  type TrendResult,
  trend as trendOver,
} from "../compare/trend.ts";
import { AppError } from "../errors.ts";
import { aboutFacts, aboutFields, noticeTexts } from "../report/about.ts";
import { formatEstimate, formatInterval } from "../report/format.ts";
import { type Cell, cell, column, type RenderOptions, type Report, section } from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { describeStratum } from "../report/stratum.ts";
import type { Backend } from "../run/backends.ts";
import { formatNumber, formatRate, formatRatio } from "../run/format.ts";
import { METRIC_NAMES, METRICS, type MetricName, metricLabel } from "../run/metrics.ts";
import {
  isPeriod,
  MAX_PERIODS,
  PERIOD_UNITS,
  type PeriodUnit,
  parsePeriodUnit,
  periodAt,
  periodsBetween,
  periodsUpTo,
} from "../run/periods.ts";
import { single } from "./fields.ts";
import { type CellSource, freshness, type SummaryKind } from "./kind.ts";
import { backend, cohortFilters, filtersIn, resolvedBackend, view } from "./parameters.ts";
import { lazily, schemas } from "./schemas.ts";

const bound = (description: string) =>
  single(
    z
      .string()
      .refine(isPeriod, "expected a period such as 2026-11, 2026-Q4 or 2026")
      .meta({ description, examples: ["2026-01"] }),
  ).optional();

const query = z
  .strictObject({
    backend: backend("Whose trend: a slug or an alias.", "loop"),
    metric: single(z.enum(METRIC_NAMES)).meta({ description: "The metric." }),
    unit: single(z.enum(PERIOD_UNITS).meta({ description: "The length of each period." })).prefault("month"),
    from: bound("The first period, in the given unit; every period from here up to `to` is shown."),
    to: bound("The last period, in the given unit; the present one if absent."),
    view,
    ...cohortFilters,
  })
  .refine(({ unit, from = "", to = "" }) => [from, to].every((text) => text === "" || parsePeriodUnit(text) === unit), {
    path: ["from"],
    error: "expected from and to in the unit: 2026-11 with month, 2026-Q4 with quarter, 2026 with year",
  })
  .refine(({ from = "", to = ":" }) => from <= to, {
    path: ["to"],
    error: "expected a period that is not before from",
  });

const result = lazily(() => {
  const { about, backendSlug, ci, count, estimate, metricName, stratum } = schemas();
  const point = z
    .strictObject({
      period: z.string(),
      hosts: count,
      runs: count,
      censored_hosts: count,
      median: estimate,
      ci: ci.nullable().meta({ description: "Null below 6 hosts." }),
      change: z
        .strictObject({
          since: z.string().meta({ description: "The previous period that has hosts." }),
          ratio: estimate,
          ci: ci,
          hint: z.enum(["faster", "slower", "none"]),
        })
        .nullable()
        .meta({
          description:
            "This median divided by that of the previous period. Null if one of them has fewer than 6 hosts.",
        }),
    })
    .meta({ id: "TrendPoint", description: "In the metric's unit." });

  return z
    .strictObject({
      backend: backendSlug,
      metric: metricName,
      unit: z.enum(PERIOD_UNITS),
      ...about,
      strata: z.record(stratum, z.array(point)).meta({ description: "For each stratum the periods that have hosts." }),
    })
    .meta({
      id: "Trend",
      description: "One backend and metric over time. A change is a hint, without correction for how many there are.",
    }) satisfies z.ZodType<TrendResult>;
});

export const trend: SummaryKind<typeof query, TrendResult, CellSource> = {
  endpoint: {
    id: "getTrend",
    summary: "One backend and metric over time, with possible changes.",
    description: "Without `from`: the last 12 periods that have results, of the 60 up to `to`.",
    result: "The trend by stratum.",
    errors: ["too_large"],
  },
  query,
  result,
  title: ({ backend: word, metric }) => formatTitle(resolvedBackend("backend", word), metric),
  compute,
  report,
  records,
  chart: trendChart,
};

/** Periods shown without `from`, and read at a time. */
const SHOWN = 12;

async function compute(source: CellSource, parameters: z.output<typeof query>): Promise<TrendResult> {
  const { metric, view: asked, unit, from } = parameters;
  const last = parameters.to ?? periodAt(new Date(source.now()).toISOString(), unit);
  const asks: TrendQuery = {
    backend: resolvedBackend("backend", parameters.backend),
    metric,
    view: asked,
    filters: filtersIn(parameters),
  };
  const periods = await (from === undefined
    ? latestPeriods(source, asks, last, unit)
    : readPeriods(source, asks, allBetween(from, last, unit)));
  const pending = await source.pendingHosts();
  return {
    unit,
    periods: periods.map(({ period }) => period),
    ...trendOver(asks, periods),
    ...freshness(
      periods.map(({ reading }) => reading),
      pending,
    ),
  };
}

function allBetween(from: string, last: string, unit: PeriodUnit): string[] {
  const periods = periodsBetween(from, last, unit);
  if (periods.length <= MAX_PERIODS) return periods;
  throw new AppError(
    "bad_parameter",
    `from ${from} to ${last} are ${periods.length} periods; expected at most ${MAX_PERIODS}`,
  );
}

interface ReadPeriod extends TrendPeriod {
  readonly reading: CellReading;
}

function readPeriods(
  source: CellSource,
  { backend: slug, metric, view: asked, filters }: TrendQuery,
  periods: readonly string[],
): Promise<ReadPeriod[]> {
  return Promise.all(
    periods.map(async (period) => {
      const cells = await source.cells({ periods: [period], filters, metrics: [metric] });
      const reading = await cells.read("backend", slug);
      return { period, values: reading.views[asked], reading };
    }),
  );
}

/** The latest periods in which any host has the metric. */
async function latestPeriods(
  source: CellSource,
  asks: TrendQuery,
  last: string,
  unit: PeriodUnit,
): Promise<ReadPeriod[]> {
  const wanted = periodsUpTo(last, MAX_PERIODS, unit);
  let found: ReadPeriod[] = [];
  while (wanted.length > 0 && found.length < SHOWN) {
    const read = await readPeriods(source, asks, wanted.splice(-SHOWN));
    const measured = read.filter(({ values }) =>
      [...values.values()].some(({ cell: merged }) => metricCell(merged, asks.metric).n > 0),
    );
    found = [...measured, ...found];
  }
  return found.slice(-SHOWN);
}

/** The unit of a metric, e.g. `K/s`. */
function findUnit(metric: MetricName): string {
  return METRICS.find(({ name }) => name === metric)?.unit ?? "";
}

function formatTitle(backend: Backend, metric: MetricName): string {
  return `${backend} over time: ${metricLabel(metric)}`;
}

/** For each stratum a table, period by period. */
function report(result: TrendResult, options: RenderOptions): Report {
  const { backend: slug, metric, strata } = result;
  const facts = aboutFacts(result).filter(({ label }) => label !== "period");
  return {
    title: options.title ?? formatTitle(slug, metric),
    lead: trendLead(result),
    guide: `Medians over hosts in ${findUnit(metric)}. A change is the ratio to the previous period: above 1, ${slug} became faster. It is a hint, not a verdict.`,
    facts: [{ label: "periods", text: spanText(result) }, ...facts],
    notices: noticeTexts(result),
    sections: Object.entries(strata).map(([stratum, points]) =>
      section(`Stratum ${stratum}`, {
        table: {
          caption: `${metricLabel(metric)} (${metric}) of ${slug} in ${findUnit(metric)}, stratum ${stratum}`,
          columns: COLUMNS,
          rows: points.map(row),
        },
        texts: [describeStratum(stratum)],
      }),
    ),
    cursor: null,
  };
}

function spanText({ periods }: TrendResult): string {
  const [first] = periods;
  const last = periods.at(-1);
  if (first === undefined || last === undefined) return "none";
  return first === last ? first : `${first} to ${last}`;
}

function trendLead({ backend: slug, metric, strata }: TrendResult): string {
  const points = Object.values(strata).flat();
  const what = metricLabel(metric);
  if (points.length === 0) return `No period has results of ${slug} for ${what}.`;
  if (points.every(({ change }) => change === null)) {
    return `Whether ${what} of ${slug} changed is not known yet: it takes two periods with at least 6 hosts each.`;
  }
  const hints = points.flatMap(({ period, change }) =>
    change === null || change.hint === "none" ? [] : [`${change.hint} in ${period}`],
  );
  return hints.length === 0
    ? `No hint that ${what} of ${slug} changed.`
    : `Hints that ${what} of ${slug} changed: ${hints.join(", ")}.`;
}

const COLUMNS = [
  column("<", "period"),
  column(">", "hosts"),
  column(">", "runs"),
  column(">", "too fast", "censored_hosts"),
  column(">", "median"),
  column(">", "95 % interval", "ci"),
  column(">", "change"),
  column(">", "95 % interval", "change_ci"),
  column("<", "hint"),
];

function row({ period, hosts, runs, censored_hosts, median, ci, change }: TrendPoint): Cell[] {
  return [
    cell(period),
    cell(formatNumber(hosts)),
    cell(formatNumber(runs)),
    cell(formatNumber(censored_hosts)),
    cell(formatEstimate(median, formatRate)),
    cell(formatInterval(ci, formatRate)),
    cell(change === null ? "-" : formatEstimate(change.ratio, formatRatio)),
    cell(formatInterval(change === null ? null : change.ci, formatRatio)),
    cell(change === null || change.hint === "none" ? "" : change.hint),
  ];
}

interface Item {
  readonly result: TrendResult;
  readonly stratum: string;
  readonly point: TrendPoint;
}

const FIELDS: readonly Field<Item>[] = [
  ["backend", ({ result }) => result.backend],
  ["metric", ({ result }) => result.metric],
  ["stratum", ({ stratum }) => stratum],
  ["period", ({ point }) => point.period],
  ["hosts", ({ point }) => point.hosts],
  ["runs", ({ point }) => point.runs],
  ["censored_hosts", ({ point }) => point.censored_hosts],
  ["median_low", ({ point }) => point.median.low],
  ["median_high", ({ point }) => point.median.high],
  ["ci_low", ({ point }) => point.ci?.low],
  ["ci_high", ({ point }) => point.ci?.high],
  ["change_since", ({ point }) => point.change?.since],
  ["change_low", ({ point }) => point.change?.ratio.low],
  ["change_high", ({ point }) => point.change?.ratio.high],
  ["change_ci_low", ({ point }) => point.change?.ci.low],
  ["change_ci_high", ({ point }) => point.change?.ci.high],
  ["hint", ({ point }) => point.change?.hint],
  ["unit", ({ result }) => result.unit],
  ...aboutFields<Item>(({ result }) => result),
];

/** A row for each period of each stratum. */
function records(result: TrendResult): Records {
  const items = Object.entries(result.strata).flatMap(([stratum, points]) =>
    points.map((point): Item => ({ result, stratum, point })),
  );
  return buildRecords(FIELDS, items);
}
