// The answer of GET /v1/compare as a schema: the shapes of compare/comparison.ts, which explains every field.

import * as z from "zod";
import type {
  BackendValue,
  Comparison,
  EfficiencyComparison,
  Known,
  Limits,
  MetricComparison,
  ScopeComparison,
} from "../compare/comparison.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import { VIEWS } from "../model/view.ts";
import { FLAG_MEANINGS, NOTICE_MEANINGS, REASONS, VERDICTS } from "../report/glossary.ts";
import { backendSlug, count, stratum } from "./schemas.ts";
import { wordsOf } from "./words-of.ts";

const bound = z.number().nullable();
const share = z.number().min(0).max(1);
export const metricName = z.enum(METRIC_NAMES).meta({ id: "Metric", description: "A Bonnie++ metric; all are rates." });

export const known = z
  .strictObject({ low: bound, high: bound, relation: z.enum(["=", ">=", "<=", "between", "unknown"]) })
  .meta({
    id: "Known",
    description:
      "What is known of a value: `=` a number (low = high), `>=` at least `low`, `<=` at most `high`, `between` the two, `unknown`.",
  }) satisfies z.ZodType<Known>;

export const limits = z
  .strictObject({ low: bound, high: bound })
  .meta({ id: "Limits", description: "A 95 % interval; a null side has no limit." }) satisfies z.ZodType<Limits>;

export const flag = z.enum(wordsOf(FLAG_MEANINGS)).meta({ id: "Flag" });

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
  .meta({ id: "FlagDetails", description: "What stands behind each flag that is set." });

const metricComparison = z
  .strictObject({
    hosts: count.meta({ description: "Hosts with results on both backends." }),
    n_eff: count.meta({ description: "Those that are certainly distinct, with several periods." }),
    exact: count.meta({ description: "Hosts whose ratio is known exactly." }),
    both_too_fast: count,
    faster_hosts: count,
    slower_hosts: count,
    ratio: known.meta({ description: "The median over hosts of candidate / baseline." }),
    ci: limits.nullable().meta({ description: "Null below 6 hosts." }),
    p: share.nullable().meta({ description: "Two-sided sign test; null below 6 hosts." }),
    p_holm: share.nullable().meta({ description: "The same after Holm's correction over the metrics." }),
    host_range: z
      .strictObject({ low: bound, high: bound, kind: z.enum(["central_90", "min_max"]) })
      .meta({ description: "The ratio on single hosts." }),
    share: z
      .strictObject({ faster: share, slower: share, same: share, undetermined: share })
      .meta({ description: "Shares of hosts; same is within 3 %." }),
    geometric_mean_ratio: z.number().nullable().meta({ description: "Null if any ratio is not exact." }),
    sd_log: z.number().min(0).nullable(),
    noise_share: share.nullable().meta({ description: "The part of that variance that is noise between runs." }),
    verdict: z.enum(wordsOf(VERDICTS)),
    reason: z.enum(wordsOf(REASONS)),
    flags: z.array(flag),
    flag_details: flagDetails,
    sentence: z.string().meta({ description: "The finding in plain words." }),
    between_hosts: z
      .strictObject({
        strata_used: z.array(stratum),
        crude_ratio: known,
        ratio: known,
        ci: limits.nullable(),
        indication: z.enum(["faster", "slower", "none"]),
      })
      .meta({ description: "Hosts with one backend only: an indication, never a verdict." }),
  })
  .meta({ id: "MetricComparison" }) satisfies z.ZodType<MetricComparison>;

const efficiency = z
  .strictObject({
    hosts: count.meta({ description: "Hosts whose rate and %CP are known on both backends." }),
    n_eff: count,
    exact: count,
    ratio: known,
    ci: limits.nullable().meta({ description: "Null below 6 hosts." }),
    flags: z.array(flag),
    flag_details: flagDetails,
  })
  .meta({
    id: "Efficiency",
    description: "The rate for each per cent of CPU where Bonnie++ ran; without test and verdict.",
  }) satisfies z.ZodType<EfficiencyComparison>;

const score = z
  .strictObject({ metrics: z.array(metricName), ratio: known, ci: limits.nullable() })
  .meta({ id: "Score", description: "The mean over some metrics, all weighing the same; it has no verdict." });

const scope = z
  .strictObject({
    metrics: z.partialRecord(metricName, metricComparison),
    scores: z.record(z.enum(["write", "read", "seek", "metadata", "overall"]), score),
    efficiency: z.partialRecord(metricName, efficiency),
    flags: z.array(flag),
    flag_details: flagDetails,
  })
  .meta({ id: "ScopeComparison" }) satisfies z.ZodType<ScopeComparison>;

export const backendValue = z
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

export const cachedReads = z
  .strictObject({ hosts: count, rules: z.array(z.string()) })
  .meta({ description: "Hosts whose reads probably came from a cache, and the rules that said so." });

/** What was asked, and how fresh the answer is. */
export const about = {
  periods: z.array(z.string()),
  view: z.enum(VIEWS),
  filters: z.partialRecord(z.enum(COHORT_KEYS), z.array(z.string())),
  method_version: z.string(),
  as_of: z.iso.datetime().nullable().meta({ description: "When the statistics were last brought up to date." }),
  pending_hosts: count.meta({ description: "Hosts with results that are not in these numbers yet." }),
  notices: z.array(z.enum(wordsOf(NOTICE_MEANINGS))).meta({ description: "What a reader must know of all numbers." }),
};

/** GET /v1/compare */
export const comparison = z
  .strictObject({
    baseline: backendSlug,
    candidate: backendSlug,
    ...about,
    margin: z.number(),
    runs: count,
    fleet: scope.meta({ description: "Every host has one vote." }),
    strata: z.record(stratum, scope),
    backends: z
      .partialRecord(backendSlug, z.record(stratum, z.partialRecord(metricName, backendValue)))
      .meta({ description: "Values of each backend by stratum and metric." }),
    cached: z
      .partialRecord(backendSlug, cachedReads)
      .meta({ description: "Hosts whose reads probably came from a cache." }),
    as_reported: z
      .partialRecord(metricName, z.strictObject({ ratio: known, hosts: count }))
      .meta({ description: "Ratios with cached reads included, only where they differ." }),
  })
  .meta({
    id: "Comparison",
    description: "Ratios are candidate / baseline: above 1 the candidate is faster. Numbers are not rounded.",
  }) satisfies z.ZodType<Comparison>;
