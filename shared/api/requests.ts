// What requests may hold: the queries and bodies that handlers check. The same schemas are the contract's, so that the
// documentation cannot say anything else. Queries come as lists of texts, one list for each parameter.

import * as z from "zod";
import { METRIC_NAMES } from "../model/metrics.ts";
import { isPeriod } from "../model/period.ts";
import { PERIOD_UNITS, unitOf } from "../model/period-range.ts";
import { SHARE_KINDS } from "../model/share.ts";
import { FLEET_PATTERN, SCOPES } from "../model/token.ts";
import { look } from "./look-parameters.ts";
import { backend, cohortFilters, cursor, limit, margin, metrics, once, period, time, view } from "./parameters.ts";

/** Pages of a listing. */
export const pageQuery = z.strictObject({ limit, cursor });

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

const oneLine = (most: number) =>
  z
    .string()
    .regex(/^\P{Cc}+$/u, "expected text without control characters")
    .max(most);

/** POST /v1/tokens */
export const newToken = z.strictObject({
  scope: z.enum(SCOPES).meta({
    description: "`ingest` adds results and reads those of its hosts, `read` reads everything, `admin` may do all.",
  }),
  fleet: z
    .string()
    .regex(FLEET_PATTERN, "expected 1 to 63 of a-z, 0-9 and inner hyphens")
    .optional()
    .meta({ description: "The fleet; your own unless you are the first admin. A new name makes a new fleet." }),
  hosts: oneLine(255)
    .nullish()
    .meta({
      description: "Ingest only: the hosts it may post for, `*` standing for any characters.",
      examples: ["dom0-fra-*"],
    }),
  expires_at: z.iso
    .datetime({ offset: true })
    .nullish()
    .meta({ description: "When it ends; never if not given.", examples: ["2027-12-31T00:00:00Z"] }),
  label: oneLine(200).nullish().meta({ description: "A note for people." }),
});

const shareParameter = z.union([z.string(), z.number()]);

/** POST /v1/shares */
export const newShare = z.strictObject({
  kind: z.enum(SHARE_KINDS).meta({ description: "What is shared: the answer of `/v1/compare` and so on." }),
  query: z
    .record(z.string(), z.union([shareParameter, z.array(shareParameter).max(100)]))
    .transform((query) =>
      Object.fromEntries(Object.entries(query).map(([key, value]) => [key, [value].flat().map(String)])),
    )
    .meta({
      description: "The parameters of that endpoint; repeatable ones as a list.",
      examples: [{ baseline: "loop", candidate: "blktap2", site: ["fra", "ams"] }],
    }),
  frozen: z.boolean().meta({
    description: "True: the numbers of now, for ever. False: the numbers of whenever it is looked at.",
  }),
  title: oneLine(200).nullish().meta({ description: "Instead of the summary's own title." }),
});

/** GET /s/{id}/badge.svg */
export const badgeQuery = z.strictObject({
  metric: once(z.enum(METRIC_NAMES)).optional().meta({ description: "The metric; block writes if not given." }),
  theme: look.theme,
});

const pixels = once(z.coerce.number().int().min(1).max(100_000)).optional();

/** GET /oembed, by the specification of oEmbed 1.0; consumers send further parameters, which mean nothing here. */
export const oembedQuery = z.object({
  url: once(z.string("expected the address of a share").max(2_000)).meta({ description: "The address of a share." }),
  maxwidth: pixels.meta({ description: "No wider than so many px." }),
  maxheight: pixels.meta({ description: "No higher than so many px." }),
  format: once(z.string().max(20)).prefault("json").meta({ description: "`json`; there is no other." }),
});
