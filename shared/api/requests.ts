// What requests may hold: the queries and bodies that handlers check. The same schemas are the contract's, so that the
// documentation cannot say anything else. Queries come as lists of texts, one list for each parameter.

import * as z from "zod";
import { FLEET_PATTERN, SCOPES } from "../model/token.ts";
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
export const runsQuery = z.strictObject({ ...runFilters, limit, cursor }).refine(isWindow, NO_WINDOW);

/** GET /v1/runs.csv: all runs that match, so no pages. */
export const runExportQuery = z.strictObject(runFilters).refine(isWindow, NO_WINDOW);

/** GET /v1/hosts: its cursor holds a name of up to 255 characters. */
export const hostsQuery = z.strictObject({
  limit,
  cursor: once(
    z.string().max(1_400).meta({
      description: "Where the page before ended: its `cursor`; not given for the first page.",
    }),
  ).optional(),
});

/** GET /v1/compare */
export const compareQuery = z.strictObject({
  baseline: backend("What to compare with: a slug or an alias.", "loop"),
  candidate: backend("What is compared: a slug or an alias.", "blktap2"),
  period,
  view,
  margin,
  metric: metrics,
  ...cohortFilters,
});

/** GET /v1/matrix */
export const matrixQuery = compareQuery.omit({ baseline: true, candidate: true });

/** GET /v1/backends */
export const backendsQuery = matrixQuery.omit({ margin: true });

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
