// From a stored run to what statistics need of it. A sample is a pure function of the run, so it can be derived again.

import type { Backend } from "../run/backends.ts";
import { upperLimit } from "../run/bound.ts";
import { COHORT_CAPPED, COHORT_KEYS, type Cohort, type CohortKey } from "../run/cohort.ts";
import type { Measurement } from "../model/measurement.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import type { Facts, Run } from "../run/run.ts";
import { QUANTITIES } from "./quantities.ts";
import { ticksOf } from "../summary/ticks.ts";
import type { RunSample, Sample } from "../summary/types.ts";

/** Backends whose disk is always a file of Dom0, whatever the facts say. */
const FILE_BACKENDS: readonly Backend[] = ["loop", "vnd", "file-direct"];

const KIB_PER_MIB = 1024;

/** What statistics need of a run (statistics.md, sections 1, 8 and 9). Whether the run is withdrawn is for the caller to ask. */
export function sampleOf(run: Run): RunSample {
  const { verdict, decided_by } = run.quality;
  return {
    id: run.id,
    finished_at: run.finished_at,
    backend: run.backend,
    stratum: run.stratum,
    values: QUANTITIES.map(({ metric, isEfficiency }) => {
      const measurement = run.metrics[metric];
      if (measurement === null) return null;
      return isEfficiency ? efficiency(measurement) : rate(measurement);
    }),
    cached: verdict === "cached" || verdict === "probably-cached" ? [...decided_by] : [],
    small_file: hasSmallFile(run),
    bound_mismatch: METRIC_NAMES.some((metric) => isAboveBound(run, metric)),
    cohort: cohortOfFacts(run.facts),
    ...(run.facts[COHORT_CAPPED] === true && { capped: true }),
  };
}

/** The rate, or the bound of a censored one, in ticks; null where there is no logarithm: unknown, or 0. */
function rate({ censored, lower_bound: bound, rate: measured }: Measurement): Sample | null {
  const value = censored ? bound : measured;
  return value ? { ticks: ticksOf(value), censored } : null;
}

/**
 * The rate for each per cent of CPU in ticks (statistics.md, section 8). A printed %CP of c means c to c + 1, so c + 0.5 is taken;
 * 0 is under 1, which makes the rate itself a lower bound. Null without rate or %CP: a test that was too fast has neither.
 */
function efficiency({ cpu, rate: measured }: Measurement): Sample | null {
  if (!measured || cpu === null) return null;
  return { ticks: ticksOf(cpu < 1 ? measured : measured / (cpu + 0.5)), censored: cpu < 1 };
}

/**
 * Whether the test file is under twice the memory that can cache it: the guest's, and for a file of Dom0 also Dom0's.
 * Memory that nobody reported counts as none, so a flag raised is always right.
 */
function hasSmallFile({ backend, bonnie, facts }: Run): boolean {
  const isFileBacked = FILE_BACKENDS.includes(backend) || facts["storage"] === "file";
  const cacheMib = mebibytes(facts, "guest_mem_mb") + (isFileBacked ? mebibytes(facts, "dom0_mem_mb") : 0);
  return bonnie.file_size_kib !== null && bonnie.file_size_kib < 2 * cacheMib * KIB_PER_MIB;
}

function mebibytes(facts: Facts, key: string): number {
  const value = facts[key];
  return typeof value === "number" ? value : 0;
}

/** Whether a rate is printed that a test of 0.5 s, the shortest that is printed, cannot have had. */
function isAboveBound(run: Run, metric: MetricName): boolean {
  const rate = run.metrics[metric]?.rate ?? null;
  const limit = upperLimit(metric, run.bonnie);
  return rate !== null && limit !== null && rate > limit;
}

/** The cohort that the facts of a run name. */
export function cohortOfFacts(facts: Facts): Cohort {
  const cohort: Partial<Record<CohortKey, string>> = {};
  for (const key of COHORT_KEYS) if (facts[key] !== undefined) cohort[key] = String(facts[key]);
  return cohort;
}
