// The answer of GET /v1/compare as a schema: the shapes of compare/comparison.ts, which explains every field.

import * as z from "zod";
import type { AllBackends } from "../compare/backends.ts";
import type {
  BackendValue,
  Comparison,
  ConfidenceInterval,
  EfficiencyComparison,
  Estimate,
  MetricComparison,
  ScopeComparison,
} from "../compare/comparison.ts";
import type { HostBackend, HostEntry, HostPair, HostProfile } from "../compare/host.ts";
import type { MatrixResult, TrendResult } from "../compare/trend.ts";
import {
  enumValues,
  FLAG_DESCRIPTIONS,
  NOTICE_DESCRIPTIONS,
  REASON_DESCRIPTIONS,
  VERDICT_DESCRIPTIONS,
} from "../report/glossary.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import { PERIOD_UNITS } from "../run/periods.ts";
import { type BonnieSetup, type Measurement, type Quality, type Run, VIEWS } from "../run/run.ts";
import { backendSlug, count, instant, nextCursor, qualityVerdict, stratum } from "./schemas.ts";

// A run as it is served: the schema of model/run.ts.

const measurement = z
  .strictObject({
    rate: z.number().min(0).nullable().meta({ description: "Units per second; null when it could not be measured." }),
    cpu: z.number().nullable().meta({ description: "%CP: processor time / wall time in per cent." }),
    latency_us: z.number().nullable().meta({ description: "The longest single operation, in microseconds." }),
    censored: z.boolean().meta({ description: "Too fast to measure (`+++++`): the rate lies above `lower_bound`." }),
    lower_bound: z.number().exactOptional().meta({ description: "Present exactly when censored." }),
  })
  .meta({ id: "Measurement", description: "One test of one run." }) satisfies z.ZodType<Measurement>;

const bonnie = z.strictObject({
  format: z.enum(["v1", "v2"]).meta({ description: "v1: Bonnie++ 1.00 to 1.04; v2: 1.92b and later." }),
  source: z.enum(["csv", "text"]),
  format_version: z.string().nullable(),
  bonnie_version: z.string().nullable(),
  machine: z.string().meta({ description: "As printed." }),
  concurrency: z.int().nullable(),
  seed: z.string().nullable(),
  file_size_kib: z.number().nullable().meta({ description: "Null when the IO tests were not run." }),
  chunk_size_bytes: z.number().nullable(),
  seek_count: z.number().nullable(),
  seek_procs: z.number().nullable(),
  files: z
    .strictObject({
      thousands: z.number().meta({ description: "Number of files in units of 1024." }),
      max_size: z.union([z.number(), z.enum(["link", "symlink"])]).nullable(),
      min_size: z.number().nullable(),
      num_dirs: z.number(),
    })
    .nullable()
    .meta({ description: "Null when the file tests were not run." }),
}) satisfies z.ZodType<BonnieSetup>;

const quality = z.strictObject({
  verdict: qualityVerdict,
  reasons: z.array(
    z.strictObject({
      rule: z.string().meta({ description: "C1 to C12.", examples: ["C1"] }),
      strength: z.enum(["decisive", "strong", "medium", "weak"]),
      text: z.string(),
    }),
  ),
  decided_by: z.array(z.string()).meta({ description: "The rules that carry the verdict." }),
}) satisfies z.ZodType<Quality>;

/** GET /v1/runs/{id} */
export const run = z
  .strictObject({
    id: z.string(),
    fleet: z.string(),
    host: z.string(),
    vm: z.string(),
    backend: backendSlug,
    stratum,
    finished_at: instant,
    received_at: instant,
    raw: z.string().meta({ description: "The line, or the lines of the text table, as received." }),
    raw_encoding: z.enum(["utf-8", "latin-1"]).meta({ description: "How `raw` maps to the bytes received." }),
    parser_version: z.int(),
    client_run: z.string().nullable().meta({ description: "The client's own id of the run." }),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    bonnie,
    metrics: z
      .record(z.enum(METRIC_NAMES), measurement.nullable())
      .meta({ description: "Null: the test was not run." }),
    quality,
    warnings: z.array(z.string()),
    withdrawn_at: instant.nullable().meta({ description: "When an admin took it out of all statistics." }),
  })
  .meta({ id: "Run", description: "One Bonnie++ result of one guest disk on one backend." }) satisfies z.ZodType<Run>;

/** GET /v1/runs */
export const runPage = z
  .strictObject({
    runs: z.array(run),
    unreadable: z
      .array(z.strictObject({ id: z.string(), host: z.string().nullable() }))
      .exactOptional()
      .meta({ description: "Runs of this page that are stored, but cannot be read; absent where there are none." }),
    cursor: nextCursor,
    looked_at: z.int().min(0).optional().meta({
      description:
        "Results that were looked at, on a page that ended before it was full: few of them matched. Go on with `cursor`.",
    }),
  })
  .meta({ id: "RunPage" });

const bound = z.number().nullable();
const share = z.number().min(0).max(1);
const metricName = z.enum(METRIC_NAMES).meta({ id: "Metric", description: "A Bonnie++ metric; all are rates." });

const known = z
  .strictObject({ low: bound, high: bound, relation: z.enum(["=", ">=", "<=", "between", "unknown"]) })
  .meta({
    id: "Estimate",
    description:
      "What is known of a value: `=` a number (low = high), `>=` at least `low`, `<=` at most `high`, `between` the two, `unknown`.",
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
    verdict: z.enum(enumValues(VERDICT_DESCRIPTIONS)),
    reason: z.enum(enumValues(REASON_DESCRIPTIONS)),
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

/** What was asked, and how fresh the answer is. */
const about = {
  periods: z.array(z.string()),
  view: z.enum(VIEWS),
  filters: z.partialRecord(z.enum(COHORT_KEYS), z.array(z.string())),
  method_version: z.string(),
  as_of: z.iso.datetime().nullable().meta({ description: "When the statistics were last brought up to date." }),
  pending_hosts: count.meta({ description: "Hosts with results that are not in these numbers yet." }),
  notices: z
    .array(z.enum(enumValues(NOTICE_DESCRIPTIONS)))
    .meta({ description: "What a reader must know of all numbers." }),
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

// Answers about hosts as schemas: the shapes of compare/host-entry.ts and compare/host-profile.ts.

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
  }) satisfies z.ZodType<TrendResult>;

const entry = z
  .strictObject({
    hosts: count,
    n_eff: count,
    ratio: known,
    ci: limits.nullable().meta({ description: "Null below 6 hosts." }),
    p_holm: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .meta({ description: "After Holm's correction over the metrics of the pair." }),
    verdict: z.enum(enumValues(VERDICT_DESCRIPTIONS)),
    reason: z.enum(enumValues(REASON_DESCRIPTIONS)),
    flags: z.array(flag).meta({
      description:
        "Those of the comparison of the pair but strata_disagree, simpson and paired_and_between_disagree, which take its strata.",
    }),
  })
  .meta({ id: "MatrixEntry" });

/** GET /v1/matrix */
export const matrix = z
  .strictObject({
    ...about,
    margin: z.number(),
    backends: z.array(backendSlug).meta({ description: "Those that share a host with another one." }),
    pairs: z.array(
      z.strictObject({
        baseline: backendSlug.meta({ description: "The earlier one in the alphabet." }),
        candidate: backendSlug,
        runs: count,
        metrics: z.partialRecord(metricName, entry),
      }),
    ),
  })
  .meta({
    id: "Matrix",
    description:
      "Every pair of backends that share hosts, each judged by itself. Ratios are candidate / baseline; they need not multiply up from pair to pair, for different hosts stand behind them.",
  }) satisfies z.ZodType<MatrixResult>;
