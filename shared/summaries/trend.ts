import type { TrendPoint, TrendResult } from "../compare/trend.ts";
import { aboutFacts, aboutFields, noticeRemarks } from "../report/about.ts";
import { formatEstimate, formatInterval } from "../report/format.ts";
import { type Cell, cell, column, type RenderOptions, type Report, section } from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { stratumRemark } from "../report/stratum.ts";
import type { Backend } from "../run/backends.ts";
import { formatNumber, formatRate, formatRatio } from "../run/format.ts";
import { METRICS, type MetricName, metricLabel } from "../run/metrics.ts";

/** The unit of a metric, e.g. `K/s`. */
function unitOf(metric: MetricName): string {
  return METRICS.find(({ name }) => name === metric)?.unit ?? "";
}

/** What a trend is called that has no title of its own. */
function trendTitle(backend: Backend, metric: MetricName): string {
  return `${backend} over time: ${metricLabel(metric)}`;
}

/** A trend as a report: for each stratum a table, period by period. */
export function trendReport(trend: TrendResult, look: RenderOptions): Report {
  const { backend, metric, strata } = trend;
  const facts = aboutFacts(trend).filter(({ label }) => label !== "period");
  return {
    title: look.title ?? trendTitle(backend, metric),
    lead: trendLead(trend),
    guide: `Medians over hosts in ${unitOf(metric)}. A change is the ratio to the period before: above 1, ${backend} became faster. It is a hint, not a verdict.`,
    facts: [{ label: "periods", text: spanText(trend) }, ...facts],
    notices: noticeRemarks(trend),
    sections: Object.entries(strata).map(([stratum, points]) =>
      section(`Stratum ${stratum}`, {
        table: {
          caption: `${metricLabel(metric)} (${metric}) of ${backend} in ${unitOf(metric)}, stratum ${stratum}`,
          columns: COLUMNS,
          rows: points.map(row),
        },
        remarks: [stratumRemark(stratum)],
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

function trendLead({ backend, metric, strata }: TrendResult): string {
  const points = Object.values(strata).flat();
  const what = metricLabel(metric);
  if (points.length === 0) return `No period has results of ${backend} for ${what}.`;
  if (points.every(({ change }) => change === null)) {
    return `Whether ${what} of ${backend} changed cannot be told yet: that takes two periods with at least 6 hosts each.`;
  }
  const hints = points.flatMap(({ period, change }) =>
    change === null || change.hint === "none" ? [] : [`${change.hint} in ${period}`],
  );
  return hints.length === 0
    ? `No hint that ${what} of ${backend} changed.`
    : `Hints that ${what} of ${backend} changed: ${hints.join(", ")}.`;
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
  readonly trend: TrendResult;
  readonly stratum: string;
  readonly point: TrendPoint;
}

const FIELDS: readonly Field<Item>[] = [
  ["backend", ({ trend }) => trend.backend],
  ["metric", ({ trend }) => trend.metric],
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
  ["unit", ({ trend }) => trend.unit],
  ...aboutFields<Item>(({ trend }) => trend),
];

/** A row for each period of each stratum. */
export function trendRecords(trend: TrendResult): Records {
  const items = Object.entries(trend.strata).flatMap(([stratum, points]) =>
    points.map((point): Item => ({ trend, stratum, point })),
  );
  return buildRecords(FIELDS, items);
}
