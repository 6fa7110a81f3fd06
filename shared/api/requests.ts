// What questions may hold: the queries that handlers check. The same schemas are the contract's, so that the documentation
// cannot say anything else. Queries come as lists of texts, one list for each parameter. What ingest and embed are asked is
// in files of its own: a function makes every schema that it loads when it starts, which takes it milliseconds.

import * as z from "zod";
import { METRIC_NAMES } from "../run/metrics.ts";
import { isPeriod } from "../run/periods.ts";
import { PERIOD_UNITS, unitOf } from "../model/period-range.ts";
import { look } from "./look-parameters.ts";
import { once } from "./request-fields.ts";
import { cursor, limit } from "./paging.ts";
import { backend, cohortFilters, margin, metrics, period, time, view } from "./parameters.ts";

const runFilters = {
  host: once(z.string().min(1).max(255).meta({ description: "Runs of this host only." })).optional(),
  backend: once(
    z.string().min(1).max(100).meta({ description: "Runs on this backend only: a slug or an alias." }),
  ).optional(),
  from: time("Runs that finished at this time or later."),
  to: time("Runs that finished before this time."),
};

const isWindow = ({ from = "", to = ":" }: { from?: string | undefined; to?: string | undefined }) => from < to;
const NO_WINDOW = { path: ["to"], error: "expected a time after from" };

/** GET /v1/runs */
export const runsQuery = z.strictObject({ ...runFilters, limit, cursor, ...look }).refine(isWindow, NO_WINDOW);

/** GET /v1/runs.csv: all runs that match, so no pages. */
export const runExportQuery = z.strictObject(runFilters).refine(isWindow, NO_WINDOW);

/** GET /v1/runs/{id} and GET /v1/hosts/{host} */
export const shownQuery = z.strictObject(look);

/** GET /v1/hosts: its cursor holds a name of up to 255 characters. */
export const hostsQuery = z.strictObject({
  limit,
  cursor: once(
    z.string().max(1_400).meta({
      description: "Where the page before ended: its `cursor`; not given for the first page.",
    }),
  ).optional(),
  ...look,
});

/** What is asked about two backends. */
export const compareQuery = z.strictObject({
  baseline: backend("What to compare with: a slug or an alias.", "loop"),
  candidate: backend("What is compared: a slug or an alias.", "blktap2"),
  period,
  view,
  margin,
  metric: metrics,
  ...cohortFilters,
});

/** What is asked about all pairs. */
export const matrixQuery = compareQuery.omit({ baseline: true, candidate: true });

/** What is asked about every backend by itself. */
export const backendsQuery = matrixQuery.omit({ margin: true });

const bound = (description: string) =>
  once(
    z
      .string()
      .refine(isPeriod, "expected a period such as 2026-11, 2026-Q4 or 2026")
      .meta({ description, examples: ["2026-01"] }),
  ).optional();

/** What is asked about one backend over time. */
export const trendQuery = z
  .strictObject({
    backend: backend("Whose trend: a slug or an alias.", "loop"),
    metric: once(z.enum(METRIC_NAMES)).meta({ description: "The metric." }),
    unit: once(z.enum(PERIOD_UNITS).meta({ description: "The length of each period." })).prefault("month"),
    from: bound("The first period, named like the unit; with it every period up to `to` is shown."),
    to: bound("The last period, named like the unit; the present one if not given."),
    view,
    ...cohortFilters,
  })
  .refine(({ unit, from = "", to = "" }) => [from, to].every((text) => text === "" || unitOf(text) === unit), {
    path: ["from"],
    error: "expected from and to as the unit says: 2026-11 with month, 2026-Q4 with quarter, 2026 with year",
  })
  .refine(({ from = "", to = ":" }) => from <= to, {
    path: ["to"],
    error: "expected a period that is not before from",
  });

/** GET /v1/compare, /v1/matrix, /v1/backends, /v1/trend: the question, and how the answer is shown. */
export const shownCompareQuery = compareQuery.safeExtend(look);
export const shownMatrixQuery = matrixQuery.safeExtend(look);
export const shownBackendsQuery = backendsQuery.safeExtend(look);
export const shownTrendQuery = trendQuery.safeExtend(look);
