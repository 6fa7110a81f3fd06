// What requests may hold: the queries and bodies that handlers check. The same schemas are the contract's, so that the
// documentation cannot say anything else. Queries come as lists of texts, one list for each parameter.

import * as z from "zod";
import { METRIC_NAMES } from "../model/metrics.ts";
import { isPeriod, PERIOD_ALL } from "../model/period.ts";
import { FLEET_PATTERN, SCOPES } from "../model/token.ts";
import { VIEWS } from "../model/view.ts";

/** A parameter that may be given once. */
const once = <T extends z.ZodType>(schema: T) =>
  z.preprocess((values, context) => {
    if (!Array.isArray(values)) return values;
    if (values.length > 1) context.addIssue(`given ${values.length} times; expected once`);
    return values[0];
  }, schema);

const limit = once(z.coerce.number().int().min(1).max(100).meta({ description: "Most entries of a page." })).prefault(
  50,
);

const cursor = once(
  z.string().max(200).meta({ description: "Where the page before ended: its `cursor`; not given for the first page." }),
).optional();

/** Pages of a listing. */
export const pageQuery = z.strictObject({ limit, cursor });

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

/** GET /v1/runs */
export const runsQuery = z
  .strictObject({
    host: once(z.string().min(1).max(255).meta({ description: "Runs of this host only." })).optional(),
    backend: once(
      z.string().min(1).max(100).meta({ description: "Runs on this backend only: a slug or an alias." }),
    ).optional(),
    from: time("Runs that finished at this time or later."),
    to: time("Runs that finished before this time."),
    limit,
    cursor,
  })
  .refine(({ from = "", to = ":" }) => from < to, { path: ["to"], error: "expected a time after from" });

const backend = (description: string, example: string) =>
  once(
    z
      .string("expected a backend")
      .min(1, "expected a backend")
      .max(100)
      .meta({ description, examples: [example] }),
  );

const values = (description: string) =>
  z.array(z.string().min(1).max(200)).min(1).max(100).optional().meta({ description });

/** Periods of one question; a century of months would be 1 200 reads. */
const MOST_PERIODS = 60;

/** GET /v1/compare */
export const compareQuery = z.strictObject({
  baseline: backend("What to compare with: a slug or an alias.", "loop"),
  candidate: backend("What is compared: a slug or an alias.", "blktap2"),
  period: once(
    z
      .string()
      .meta({
        description: "`all`, a year, a quarter or a month (UTC), or several, comma-separated.",
        examples: ["2026-Q4", "2026-10,2026-11"],
      })
      .transform((text) => [...new Set(text.split(","))])
      .refine((periods) => periods.every(isPeriod), "expected all, 2026, 2026-Q4, 2026-11, or several with commas")
      .refine((periods) => periods.length <= MOST_PERIODS, `expected at most ${MOST_PERIODS} periods`),
  ).prefault(PERIOD_ALL),
  view: once(
    z.enum(VIEWS).meta({
      description:
        "`trusted` leaves out reads that a page cache has probably answered; `all` takes every number as it is.",
    }),
  ).prefault("trusted"),
  margin: once(
    z.coerce.number().gt(0).max(1).meta({ description: "The relative difference that is too small to matter." }),
  ).prefault(0.03),
  metric: z
    .array(z.enum(METRIC_NAMES))
    .optional()
    .meta({ description: "Report these metrics only; without it all twelve." }),
  site: values("Only hosts at one of these sites."),
  hardware: values("Only hosts of one of these hardware classes."),
  storage: values("Only hosts with one of these kinds of storage."),
  xen_version: values("Only hosts with one of these Xen versions."),
});

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
