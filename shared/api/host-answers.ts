// Answers about hosts as schemas: the shapes of compare/host-entry.ts and compare/host-profile.ts.

import * as z from "zod";
import type { HostEntry } from "../compare/host-entry.ts";
import type { HostBackend, HostPair, HostProfile } from "../compare/host.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { known, metricName } from "./summary-answers.ts";
import { backendSlug, count, nextCursor, stratum } from "./schemas.ts";

const cohort = z
  .partialRecord(z.enum(COHORT_KEYS), z.string())
  .meta({ description: "What comparisons can be filtered by: of each attribute what the newest run says." });

const hostEntry = z
  .strictObject({
    host: z.string(),
    url: z.string(),
    backends: z.array(backendSlug),
    strata: z.array(stratum),
    runs: count.meta({ description: "Runs that count, at most 99 of each backend and stratum." }),
    cached: z
      .partialRecord(backendSlug, z.array(z.string()))
      .meta({ description: "Rules by which reads are probably cached." }),
    cohort,
  })
  .meta({ id: "HostEntry" }) satisfies z.ZodType<HostEntry>;

/** GET /v1/hosts */
export const hostPage = z.strictObject({ hosts: z.array(hostEntry), cursor: nextCursor }).meta({ id: "HostPage" });

const standing = z.strictObject({ hosts: count, below: count, above: count }).nullable().meta({
  description:
    "Hosts of the fleet with the same, this one included, and how many of them are certainly lower and higher. Null while the fleet does not count it.",
});

const hostMetric = z
  .strictObject({
    ...known.shape,
    runs: count,
    exact_runs: count.meta({ description: "Runs whose rate is known, and not only a bound." }),
    run_sd_log: z.number().min(0).nullable().meta({ description: "Between runs, in natural logs." }),
    standing,
  })
  .meta({ id: "HostMetric", description: "The median of the host's runs, in the metric's unit." });

const hostBackend = z
  .strictObject({
    backend: backendSlug,
    stratum,
    runs: count,
    cached: z.array(z.string()).meta({ description: "Rules by which runs are probably cached." }),
    small_file: z.boolean(),
    bound_mismatch: z.boolean(),
    trusted: z.partialRecord(metricName, hostMetric),
    all: z.partialRecord(metricName, hostMetric),
  })
  .meta({ id: "HostBackend" }) satisfies z.ZodType<HostBackend>;

const hostRatio = z
  .strictObject({ ...known.shape, standing })
  .meta({ id: "HostRatio", description: "candidate / baseline on this host." });

const hostPair = z
  .strictObject({
    baseline: backendSlug.meta({ description: "The earlier one in the alphabet." }),
    candidate: backendSlug,
    stratum,
    trusted: z.partialRecord(metricName, hostRatio),
    all: z.partialRecord(metricName, hostRatio),
  })
  .meta({ id: "HostPair" }) satisfies z.ZodType<HostPair>;

/** GET /v1/hosts/{host} */
export const host = z
  .strictObject({
    host: z.string(),
    pending: z.boolean().meta({ description: "Whether it has results that are not in these numbers yet." }),
    method_version: z.string(),
    cohort,
    backends: z.array(hostBackend),
    ratios: z.array(hostPair),
  })
  .meta({
    id: "Host",
    description: "One host over all time. It never gives a verdict.",
  }) satisfies z.ZodType<HostProfile>;
