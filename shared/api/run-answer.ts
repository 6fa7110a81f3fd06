// A run as it is served: the schema of model/run.ts.

import * as z from "zod";
import type { BonnieSetup, Measurement } from "../model/measurement.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import type { Quality, Run } from "../run/run.ts";
import { backendSlug, instant, nextCursor, qualityVerdict, stratum } from "./schemas.ts";

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
