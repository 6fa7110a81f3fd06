// Query parameters that several requests share. Queries come as lists of texts, one list for each parameter.

import * as z from "zod";
import { METRIC_NAMES } from "../run/metrics.ts";
import { isPeriod, PERIOD_ALL, withoutHeld } from "../run/periods.ts";
import { MOST_PERIODS } from "../model/period-range.ts";
import { VIEWS } from "../model/view.ts";
import { once } from "./request-fields.ts";

/** A day or a time; a day stands for its first moment in UTC. */
export const time = (description: string) =>
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
export const backend = (description: string, example: string) =>
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
export const period = once(
  z
    .string()
    .meta({
      description:
        "`all`, a year, a quarter or a month (UTC), or several, comma-separated; one that another holds adds nothing.",
      examples: ["2026-Q4", "2026-10,2026-11"],
    })
    .transform((text) => [...new Set(text.split(","))])
    .refine((periods) => periods.every(isPeriod), "expected all, 2026, 2026-Q4, 2026-11, or several with commas")
    .refine((periods) => periods.length <= MOST_PERIODS, `expected at most ${MOST_PERIODS} periods`)
    .transform(withoutHeld),
).prefault(PERIOD_ALL);

export const view = once(
  z.enum(VIEWS).meta({
    description:
      "`trusted` leaves out reads that a page cache has probably answered; `all` takes every number as it is.",
  }),
).prefault("trusted");

export const margin = once(
  z.coerce.number().gt(0).max(1).meta({ description: "The relative difference that is too small to matter." }),
).prefault(0.03);

export const metrics = z
  .array(z.enum(METRIC_NAMES))
  .optional()
  .meta({ description: "Report these metrics only; without it all twelve." });

/** The filters by cohort attribute, each repeatable. */
export const cohortFilters = {
  site: values("Only hosts at one of these sites."),
  hardware: values("Only hosts of one of these hardware classes."),
  storage: values("Only hosts with one of these kinds of storage."),
  xen_version: values("Only hosts with one of these Xen versions."),
};
