// Samples: what statistics need of one run. In: a stored run. Out: a sample, a pure function of the run, so it can be derived
// again; and its text form, which the index of runs contains. The text form omits what the key of the run contains (id, time,
// backend, stratum) and what a plain run does not have (cache rules, flags, attributes).
// Source: statistics.md, sections 1, 8 and 9.

import * as z from "zod";
import type { Backend } from "../run/backends.ts";
import { upperLimit } from "../run/bound.ts";
import { COHORT_CAPPED, COHORT_KEYS, type Cohort, type CohortKey } from "../run/cohort.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import type { Facts, Measurement, Run } from "../run/run.ts";
import { type RunSample, type Sample, toTicks } from "./host-values.ts";
import { QUANTITIES, QUANTITY_NAMES } from "./quantities.ts";
import { decodeSetup, encodeSetup, setupOf } from "./setup.ts";

/** A run to be stored, with the sample that aggregation reads. */
export interface NewRun {
  readonly run: Run;
  readonly sample: RunSample;
}

/** Derives the sample of a run. Does not check whether the run is withdrawn. */
export function toSample(run: Run): RunSample {
  const { verdict, decided_by } = run.quality;
  return {
    id: run.id,
    finished_at: run.finished_at,
    received_at: run.received_at,
    backend: run.backend,
    stratum: run.stratum,
    values: QUANTITIES.map(({ metric, isEfficiency }) => {
      const measurement = run.metrics[metric];
      if (measurement === null) return null;
      return isEfficiency ? efficiencySample(measurement) : rateSample(measurement);
    }),
    cached: verdict === "cached" || verdict === "probably-cached" ? [...decided_by] : [],
    small_file: hasSmallFile(run),
    bound_mismatch: METRIC_NAMES.some((metric) => isAboveBound(run, metric)),
    cohort: cohortFromFacts(run.facts),
    ...(run.facts[COHORT_CAPPED] === true && { capped: true }),
    setup: setupOf(run),
  };
}

/** The rate, or the bound of a censored one, in ticks; null if it has no logarithm: unknown, or 0. */
function rateSample({ censored, lower_bound: bound, rate: measured }: Measurement): Sample | null {
  const value = censored ? bound : measured;
  return value ? { ticks: toTicks(value), censored } : null;
}

/**
 * The rate per percent of CPU in ticks (statistics.md, section 8). A printed %CP of c means c to c + 1, so c + 0.5 is taken; 0
 * means less than 1, which makes the rate itself a lower bound. Null without rate or %CP: a test that was too fast has neither.
 */
function efficiencySample({ cpu, rate: measured }: Measurement): Sample | null {
  if (!measured || cpu === null) return null;
  return { ticks: toTicks(cpu < 1 ? measured : measured / (cpu + 0.5)), censored: cpu < 1 };
}

/** Backends whose disk is always a file of Dom0, whatever the facts say. */
const FILE_BACKENDS: readonly Backend[] = ["loop", "vnd", "file-direct"];

const KIB_PER_MIB = 1024;

/**
 * Whether the test file is smaller than twice the memory that can cache it: the guest's, and for a file in Dom0 also Dom0's.
 * Unreported memory counts as 0, so the flag is never wrong when it is set.
 */
function hasSmallFile({ backend, bonnie, facts }: Run): boolean {
  const isFileBacked = FILE_BACKENDS.includes(backend) || facts["storage"] === "file";
  const cacheMib = memoryMib(facts, "guest_mem_mb") + (isFileBacked ? memoryMib(facts, "dom0_mem_mb") : 0);
  return bonnie.file_size_kib !== null && bonnie.file_size_kib < 2 * cacheMib * KIB_PER_MIB;
}

function memoryMib(facts: Facts, key: string): number {
  const value = facts[key];
  return typeof value === "number" ? value : 0;
}

/** Whether the printed rate is higher than a test of 0.5 s, the shortest with a printed rate, can have. */
function isAboveBound(run: Run, metric: MetricName): boolean {
  const rate = run.metrics[metric]?.rate ?? null;
  const limit = upperLimit(metric, run.bonnie);
  return rate !== null && limit !== null && rate > limit;
}

/** The cohort that the facts of a run name. */
export function cohortFromFacts(facts: Facts): Cohort {
  const cohort: Partial<Record<CohortKey, string>> = {};
  for (const key of COHORT_KEYS) if (facts[key] !== undefined) cohort[key] = String(facts[key]);
  return cohort;
}

// The text form.

/** What the key of a run contains of its sample, and so the text form does not. */
type SamplePlace = Pick<RunSample, "id" | "finished_at" | "backend" | "stratum">;

/** The text form: a value is its ticks, a bound its ticks in brackets; a missing value is null, or omitted at the end. */
function buildSchema() {
  return z.object({
    values: z.array(z.union([z.int(), z.tuple([z.int()]), z.null()])),
    cached: z.array(z.string()).default([]),
    small_file: z.literal(true).optional(),
    bound_mismatch: z.literal(true).optional(),
    cohort: z.partialRecord(z.enum(COHORT_KEYS), z.string()).default({}),
    capped: z.literal(true).optional(),
    /** Milliseconds from the end of the run to its receipt. */
    delay: z.int().default(0),
    setup: z.array(z.union([z.string(), z.number(), z.null()])).default([]),
  });
}

/** Built with the first sample that is read: most starts read none, and bundles that read none need no zod. */
let schema: ReturnType<typeof buildSchema> | undefined;

/** Writes a sample as compact JSON; equal samples give equal text if their keys are in the same order. */
export function encodeSample(sample: Omit<RunSample, "id" | "backend" | "stratum">): string {
  const setup = encodeSetup(sample.setup, (value) => value);
  return JSON.stringify({
    values: withoutTail(sample.values.map((value) => (value?.censored ? [value.ticks] : (value?.ticks ?? null)))),
    cached: sample.cached.length > 0 ? sample.cached : undefined,
    small_file: sample.small_file || undefined,
    bound_mismatch: sample.bound_mismatch || undefined,
    cohort: Object.keys(sample.cohort).length > 0 ? sample.cohort : undefined,
    capped: sample.capped,
    delay: Date.parse(sample.received_at) - Date.parse(sample.finished_at) || undefined,
    setup: setup.length > 0 ? setup : undefined,
  });
}

/** The values up to the last one that is not missing. */
function withoutTail<T>(values: readonly (T | null)[]): readonly (T | null)[] {
  return values.slice(0, values.findLastIndex((value) => value !== null) + 1);
}

/**
 * Reads what `encodeSample` wrote for a run at this place. Quantities that are missing, or were added later, are null. Throws a SyntaxError or a
 * ZodError if the text is anything else.
 */
export function decodeSample(text: string, place: SamplePlace): RunSample {
  schema ??= buildSchema();
  const encoded = schema.parse(JSON.parse(text));
  const { values, cached, small_file = false, bound_mismatch = false, cohort, capped, delay, setup } = encoded;
  return {
    ...place,
    received_at: new Date(Date.parse(place.finished_at) + delay).toISOString(),
    values: QUANTITY_NAMES.map((_, index) => {
      const value = values[index] ?? null;
      if (value === null) return null;
      return typeof value === "number" ? { ticks: value, censored: false } : { ticks: value[0], censored: true };
    }),
    cached,
    small_file,
    bound_mismatch,
    cohort,
    ...(capped && { capped }),
    setup: decodeSetup(setup, (value) => value),
  };
}
