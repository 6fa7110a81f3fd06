// A trend as text for a terminal of 100 columns: for each stratum a table, period by period.

import type { Notice } from "../compare/notice.ts";
import type { Trend, TrendPoint } from "../compare/trend.ts";
import { METRICS } from "../model/metrics.ts";
import type { PeriodUnit } from "../model/period-range.ts";
import { aboutLines } from "./about-lines.ts";
import { columns } from "./columns.ts";
import { intervalText, knownText } from "./known-text.ts";

/** A trend with the periods it was made from and how fresh it is. */
export interface DatedTrend extends Trend {
  readonly unit: PeriodUnit;
  readonly periods: readonly string[];
  readonly as_of: string | null;
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
}

const HEAD = ["period", "hosts", "runs", "too fast", "median", "95 % interval", "change", "95 % interval", "hint"];

/** The trend as lines of at most 100 columns, ending in a line feed. */
export function trendText(trend: DatedTrend): string {
  const { backend, metric, strata } = trend;
  const unit = METRICS.find(({ name }) => name === metric)?.unit ?? "";
  return `${[
    `${metric} of ${backend} in ${unit}. A change is a hint: the ratio to the period before, above 1 faster.`,
    ...aboutLines(trend),
    ...Object.entries(strata).flatMap(([stratum, points]) => [
      "",
      `STRATUM ${stratum}`,
      ...columns("<>>>>>>><", [HEAD, ...points.map(cells)]),
    ]),
  ].join("\n")}\n`;
}

function cells({ period, hosts, runs, censored_hosts, median, ci, change }: TrendPoint): string[] {
  return [
    period,
    String(hosts),
    String(runs),
    String(censored_hosts),
    knownText(median),
    ci === null ? "-" : intervalText(ci),
    change === null ? "-" : knownText(change.ratio),
    change === null ? "-" : intervalText(change.ci),
    change === null || change.hint === "none" ? "" : change.hint,
  ];
}
