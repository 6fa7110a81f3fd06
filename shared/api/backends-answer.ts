import * as z from "zod";
import type { AllBackends } from "../compare/backends.ts";
import { about, backendValue, cachedReads, metricName } from "./summary-answers.ts";
import { backendSlug, count, stratum } from "./schemas.ts";

/** GET /v1/backends */
export const allBackends = z
  .strictObject({
    ...about,
    backends: z.partialRecord(
      backendSlug,
      z.strictObject({
        hosts: count,
        runs: count,
        cached: cachedReads,
        strata: z.record(stratum, z.partialRecord(metricName, backendValue)),
      }),
    ),
  })
  .meta({
    id: "AllBackends",
    description:
      "What each backend does by itself. Different hosts stand behind each: rates side by side are no comparison.",
  }) satisfies z.ZodType<AllBackends>;
