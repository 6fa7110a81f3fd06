// Query parameters that several requests share. Queries come as lists of texts, one list for each parameter.

import * as z from "zod";
import { DEFAULT_RENDER_OPTIONS, SHARE_WIDTHS, THEMES, WIDTH } from "../report/model.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import { isPeriod, MAX_PERIODS, PERIOD_ALL, PERIOD_UNITS, parsePeriodUnit, withoutNested } from "../run/periods.ts";
import { VIEWS } from "../run/run.ts";
import { cursor, limit } from "./paging.ts";
import { once } from "./request-fields.ts";

// How a summary is shown, as query parameters: they never change a number. Queries come as lists of texts.

/** Widths differ by so many px at least: a picture a little wider shows nothing more. */
const WIDTH_STEP = 20;

const width = once(
  z.coerce
    .number()
    .min(WIDTH.least)
    .max(WIDTH.most)
    .transform((px) => Math.round(px / WIDTH_STEP) * WIDTH_STEP)
    .meta({
      description: `Width of a picture in px, to the next ${WIDTH_STEP}; a PNG has two pixels for each.`,
      examples: [480],
    }),
).prefault(WIDTH.default);

const theme = once(
  z.enum(THEMES).meta({ description: "Colours; `auto` are those of the reader's system, and light in a PNG." }),
).prefault(DEFAULT_RENDER_OPTIONS.theme);

/** Names with commas or repeated, as METRIC_NAMES has them in order, each once. */
const shownMetrics = z
  .array(z.string())
  .transform((values) => values.flatMap((value) => value.split(",")))
  .pipe(z.array(z.enum(METRIC_NAMES)))
  .transform((names) => METRIC_NAMES.filter((name) => names.includes(name)))
  .prefault([])
  .meta({ description: "Show these shownMetrics only, comma-separated or repeated; without it all there are." });

/** The parameters of a look that a question has beside its own. */
export const look = { width, theme };

/** GET /s/{id}: a share holds its question; nothing else can be said about it. */
export const lookQuery = z.strictObject({
  width: width.meta({
    description: `Width of a picture in px: the nearest of ${SHARE_WIDTHS.join(", ")} is shown. A PNG has two pixels for each.`,
    examples: [480],
  }),
  theme,
  metrics: shownMetrics,
});

/** A day or a time; a day stands for its first moment in UTC. */
const time = (description: string) =>
  once(
    z
      .union(
        [z.iso.date(), z.iso.datetime({ offset: true })],
        "expected a date or an ISO 8601 time, e.g. 2026-11-22T10:15:00Z",
      )
      .meta({ description, examples: ["2026-11-22T10:15:00Z"] })
      .transform((text) => new Date(text).toISOString()),
  ).optional();

/** A backend by any of its names. */
const backend = (description: string, example: string) =>
  once(
    z
      .string("expected a backend")
      .min(1, "expected a backend")
      .max(100)
      .meta({ description, examples: [example] }),
  );

/** A filter by a cohort attribute. */
const values = (description: string) =>
  z.array(z.string().normalize("NFC").min(1).max(200)).min(1).max(100).optional().meta({ description });

/** The periods of a question. */
const period = once(
  z
    .string()
    .meta({
      description:
        "`all`, a year, a quarter or a month (UTC), or several, comma-separated; one that another holds adds nothing.",
      examples: ["2026-Q4", "2026-10,2026-11"],
    })
    .transform((text) => [...new Set(text.split(","))])
    .refine((periods) => periods.every(isPeriod), "expected all, 2026, 2026-Q4, 2026-11, or several with commas")
    .refine((periods) => periods.length <= MAX_PERIODS, `expected at most ${MAX_PERIODS} periods`)
    .transform(withoutNested),
).prefault(PERIOD_ALL);

const view = once(
  z.enum(VIEWS).meta({
    description:
      "`trusted` leaves out reads that a page cache has probably answered; `all` takes every number as it is.",
  }),
).prefault("trusted");

const margin = once(
  z.coerce.number().gt(0).max(1).meta({ description: "The relative difference that is too small to matter." }),
).prefault(0.03);

const metrics = z
  .array(z.enum(METRIC_NAMES))
  .optional()
  .meta({ description: "Report these metrics only; without it all twelve." });

/** The filters by cohort attribute, each repeatable. */
const cohortFilters = {
  site: values("Only hosts at one of these sites."),
  hardware: values("Only hosts of one of these hardware classes."),
  storage: values("Only hosts with one of these kinds of storage."),
  xen_version: values("Only hosts with one of these Xen versions."),
};

// What questions may hold: the queries that handlers check. The same schemas are the contract's, so that the documentation
// cannot say anything else. Queries come as lists of texts, one list for each parameter. What ingest and embed are asked is
// in files of its own: a function makes every schema that it loads when it starts, which takes it milliseconds.

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
  .refine(({ unit, from = "", to = "" }) => [from, to].every((text) => text === "" || parsePeriodUnit(text) === unit), {
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
