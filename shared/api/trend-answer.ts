import * as z from "zod";
import type { DatedTrend } from "../compare/dated.ts";
import { PERIOD_UNITS } from "../model/period-range.ts";
import { about, known, limits, metricName } from "./summary-answers.ts";
import { backendSlug, count, stratum } from "./schemas.ts";

const point = z
  .strictObject({
    period: z.string(),
    hosts: count,
    runs: count,
    censored_hosts: count,
    median: known,
    ci: limits.nullable().meta({ description: "Null below 6 hosts." }),
    change: z
      .strictObject({
        since: z.string().meta({ description: "The period before that has hosts." }),
        ratio: known,
        ci: limits,
        hint: z.enum(["faster", "slower", "none"]),
      })
      .nullable()
      .meta({ description: "This median over that of the period before. Null where one has fewer than 6 hosts." }),
  })
  .meta({ id: "TrendPoint", description: "In the metric's unit." });

/** GET /v1/trend */
export const trend = z
  .strictObject({
    backend: backendSlug,
    metric: metricName,
    unit: z.enum(PERIOD_UNITS),
    ...about,
    strata: z.record(stratum, z.array(point)).meta({ description: "Of each stratum the periods that have hosts." }),
  })
  .meta({
    id: "Trend",
    description: "One backend and metric over time. A change is a hint, without correction for how many there are.",
  }) satisfies z.ZodType<DatedTrend>;
