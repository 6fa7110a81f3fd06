// The trend that a query asks for. It reads one range of cells for each period and matching cohort; without `from` twelve
// periods at a time, backwards until twelve have results, sixty at most.

import type * as z from "zod";
import type { trendQuery } from "../../shared/api/requests.ts";
import type { DatedTrend } from "../../shared/compare/dated.ts";
import { metricCell } from "../../shared/compare/measure.ts";
import { type TrendPeriod, type TrendQuestion, trend } from "../../shared/compare/trend.ts";
import { AppError } from "../../shared/errors.ts";
import {
  MOST_PERIODS,
  type PeriodUnit,
  periodAt,
  periodsBetween,
  periodsUpTo,
} from "../../shared/model/period-range.ts";
import type { CellReading } from "../../shared/ports.ts";
import { backendOf } from "./backend-of.ts";
import type { AnswerDeps } from "./deps.ts";
import { filtersOf } from "./filters-of.ts";
import { newest, noticesOf } from "./freshness.ts";

/** Periods shown without `from`, and read at a time. */
const SHOWN = 12;

/** The trend of one backend and metric of a fleet; up to the present period unless the query ends it. Throws `bad_parameter`. */
export async function trendAnswer(
  deps: AnswerDeps,
  fleet: string,
  query: z.output<typeof trendQuery>,
): Promise<DatedTrend> {
  const { metric, view, unit, from } = query;
  const last = query.to ?? periodAt(new Date(deps.clock()).toISOString(), unit);
  const question = { backend: backendOf("backend", query.backend), metric, view, filters: filtersOf(query) };
  const periods = await (from === undefined
    ? latestPeriods(deps, fleet, question, last, unit)
    : readPeriods(deps, fleet, question, allBetween(from, last, unit)));
  const pendingHosts = await deps.status.pendingHosts(fleet);
  const readings = periods.map(({ reading }) => reading);
  return {
    unit,
    periods: periods.map(({ period }) => period),
    ...trend(question, periods),
    as_of: newest(readings),
    pending_hosts: pendingHosts,
    notices: noticesOf(readings),
  };
}

function allBetween(from: string, last: string, unit: PeriodUnit): string[] {
  const periods = periodsBetween(from, last, unit);
  if (periods.length <= MOST_PERIODS) return periods;
  throw new AppError(
    "bad_parameter",
    `from ${from} to ${last} are ${periods.length} periods; expected at most ${MOST_PERIODS}`,
  );
}

interface ReadPeriod extends TrendPeriod {
  readonly reading: CellReading;
}

function readPeriods(
  deps: AnswerDeps,
  fleet: string,
  { backend, metric, view, filters }: TrendQuestion,
  periods: readonly string[],
): Promise<ReadPeriod[]> {
  return Promise.all(
    periods.map(async (period) => {
      const about = { fleet, periods: [period], filters, metrics: [metric] };
      const reading = await (await deps.cells.open(about)).read("backend", backend);
      return { period, values: reading.views[view], reading };
    }),
  );
}

/** The latest periods in which any host has the metric. */
async function latestPeriods(
  deps: AnswerDeps,
  fleet: string,
  question: TrendQuestion,
  last: string,
  unit: PeriodUnit,
): Promise<ReadPeriod[]> {
  const wanted = periodsUpTo(last, MOST_PERIODS, unit);
  let found: ReadPeriod[] = [];
  while (wanted.length > 0 && found.length < SHOWN) {
    const read = await readPeriods(deps, fleet, question, wanted.splice(-SHOWN));
    const measured = read.filter(({ values }) =>
      [...values.values()].some(({ cell }) => metricCell(cell, question.metric).n > 0),
    );
    found = [...measured, ...found];
  }
  return found.slice(-SHOWN);
}
