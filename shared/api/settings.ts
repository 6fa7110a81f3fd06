// The settings of a fleet, as a request and as a response.

import * as z from "zod";
import { DEFAULT_SETTINGS, DURATION, type Settings } from "../run/settings.ts";
import { oneLine } from "../summaries/fields.ts";

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** PUT /v1/settings: a setting that is left out has its default. */
export const newSettings = z.strictObject({
  silent_after: z
    .string()
    .regex(DURATION, "expected hours, days or weeks, e.g. 36h, 35d or 5w")
    .default(DEFAULT_SETTINGS.silent_after)
    .meta({ description: "A host without a result for this long is silent.", examples: ["35d"] }),
  margin: z
    .number()
    .gt(0)
    .max(1)
    .default(DEFAULT_SETTINGS.margin)
    .meta({ description: "The relative difference that is too small to matter." }),
  title: oneLine(100)
    .nullable()
    .default(DEFAULT_SETTINGS.title)
    .meta({ description: "The name of the fleet for people; null for none." }),
  time_zone: z
    .string()
    .max(64)
    .refine(isTimeZone, "expected an IANA time zone, e.g. Europe/Berlin")
    .default(DEFAULT_SETTINGS.time_zone)
    .meta({ description: "An IANA time zone." }),
  retention: z
    .strictObject({
      withdrawn_days: z
        .int()
        .min(1)
        .max(36_500)
        .nullable()
        .default(DEFAULT_SETTINGS.retention.withdrawn_days)
        .meta({ description: "Withdrawn runs are deleted this many days after their withdrawal; null for never." }),
    })
    .default(DEFAULT_SETTINGS.retention),
}) satisfies z.ZodType<Settings>;

/** GET /v1/settings */
export const settings = newSettings.meta({ id: "Settings", description: "The settings of a fleet." });
