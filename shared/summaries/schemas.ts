// Schemas that several results share. Results are checked in tests and where a frozen share is read again, and documented;
// no other request needs a schema of a result, so they are made when the first of these asks.

import * as z from "zod";
import type { BackendValue, ConfidenceInterval, Estimate } from "../compare/comparison.ts";
import {
  enumValues,
  FLAG_DESCRIPTIONS,
  NOTICE_DESCRIPTIONS,
  QUALITY_DESCRIPTIONS,
  REASON_DESCRIPTIONS,
  VERDICT_DESCRIPTIONS,
} from "../report/glossary.ts";
import { BACKENDS } from "../run/backends.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import { PENDING_COUNTED_TO } from "../run/pending-host.ts";
import { VIEWS } from "../run/run.ts";

/** The shared schemas, each made once: those with an id have a name in OpenAPI. */
export const schemas = lazily(() => {
  const count = z.int().min(0);

  const instant = z.iso.datetime().meta({ description: "ISO 8601, UTC." });

  const stratum = z.string().meta({
    description:
      "Format family, file size class, chunk size and file specification: only runs of one stratum are compared.",
    examples: ["v1/2G/8k/16"],
  });

  const nextCursor = z
    .string()
    .nullable()
    .meta({ description: "Give it as `cursor` for the next page; null on the last." });

  const backendSlug = z.enum(BACKENDS).meta({ id: "Backend", description: "What moves the bytes of the disk." });

  const qualityVerdict = z
    .enum(enumValues(QUALITY_DESCRIPTIONS))
    .meta({ description: "Whether the reads can be real disk reads and not reads from a page cache." });

  const bound = z.number().nullable();
  const share = z.number().min(0).max(1);
  const metricName = z.enum(METRIC_NAMES).meta({ id: "Metric", description: "A Bonnie++ metric; all are rates." });

  const known = z
    .strictObject({ low: bound, high: bound, relation: z.enum(["=", ">=", "<=", "between", "unknown"]) })
    .meta({
      id: "Estimate",
      description:
        "A value that may be known only by bounds: `=` a number (low = high), `>=` at least `low`, `<=` at most `high`, `between` the two, `unknown`.",
    }) satisfies z.ZodType<Estimate>;

  const limits = z.strictObject({ low: bound, high: bound }).meta({
    id: "ConfidenceInterval",
    description: "A 95 % interval; a null side has no limit.",
  }) satisfies z.ZodType<ConfidenceInterval>;

  const flag = z.enum(enumValues(FLAG_DESCRIPTIONS)).meta({ id: "Flag" });

  const flagDetails = z
    .partialRecord(
      flag,
      z.strictObject({
        text: z.string(),
        count: count.exactOptional().meta({ description: "Hosts concerned." }),
        rules: z.array(z.string()).exactOptional().meta({ description: "Cache rules that fired." }),
        metrics: z.array(metricName).exactOptional().meta({ description: "Metrics that have the flag." }),
      }),
    )
    .meta({ id: "FlagDetails", description: "The evidence for each flag that is set." });

  const backendValue = z
    .strictObject({
      hosts: count,
      runs: count,
      censored_hosts: count,
      single_run_hosts: count,
      median: known,
      ci: limits.nullable(),
      p10: known,
      p90: known,
      geometric_mean: z.number().nullable(),
      run_sd_log: z.number().min(0).nullable(),
    })
    .meta({ id: "BackendValue", description: "In the metric's unit." }) satisfies z.ZodType<BackendValue>;

  const cachedReads = z
    .strictObject({ hosts: count, rules: z.array(z.string()) })
    .meta({ description: "Hosts whose reads probably came from a cache, and the rules that said so." });

  const cohort = z
    .partialRecord(z.enum(COHORT_KEYS), z.string())
    .meta({ description: "Attributes for filters: of each attribute the value of the newest run." });

  /** The query, and how fresh the result is. */
  const about = {
    periods: z.array(z.string()),
    view: z.enum(VIEWS),
    filters: z.partialRecord(z.enum(COHORT_KEYS), z.array(z.string())),
    method_version: z.string(),
    as_of: z.iso.datetime().nullable().meta({ description: "When the statistics were last brought up to date." }),
    pending_hosts: count.meta({
      description: `Hosts with results that are not in these numbers yet; counted up to ${PENDING_COUNTED_TO}, which means that many or more.`,
    }),
    notices: z
      .array(z.enum(enumValues(NOTICE_DESCRIPTIONS)))
      .meta({ description: "Caveats that apply to all numbers." }),
  };

  const verdict = z.enum(enumValues(VERDICT_DESCRIPTIONS));
  const reason = z.enum(enumValues(REASON_DESCRIPTIONS));

  return {
    about,
    backendSlug,
    backendValue,
    bound,
    cachedReads,
    ci: limits,
    cohort,
    count,
    estimate: known,
    flag,
    flagDetails,
    instant,
    metricName,
    nextCursor,
    qualityVerdict,
    reason,
    share,
    stratum,
    verdict,
  };
});

/** A value that is made when it is first needed, and kept. */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
