// The text form of a sample, projected into the index of runs. A run's id, time, backend and stratum are in its key and
// are not repeated here. What a plain run does not have (cache rules, flags, attributes) takes no room.

import * as z from "zod";
import { COHORT_KEYS } from "../run/cohort.ts";
import { lazily } from "../cells/lazily.ts";
import { QUANTITY_NAMES } from "../cells/quantities.ts";
import type { RunSample } from "./types.ts";

/** A sample without what the key of its run says. */
export type SampleContent = Omit<RunSample, "id" | "finished_at" | "backend" | "stratum">;

/**
 * A value is its ticks, a bound its ticks in brackets; a missing value is null, or left out at the end. Only
 * aggregation reads samples: the mark leaves the schema, and the 10 kB of zod that nothing else needs, out of other bundles.
 */
const encodedSample = /* @__PURE__ */ lazily(() =>
  z.strictObject({
    values: z.array(z.union([z.int(), z.tuple([z.int()]), z.null()])),
    cached: z.array(z.string()).default([]),
    small_file: z.literal(true).optional(),
    bound_mismatch: z.literal(true).optional(),
    cohort: z.partialRecord(z.enum(COHORT_KEYS), z.string()).default({}),
    capped: z.literal(true).optional(),
  }),
);

/** Writes a sample as compact JSON; equal samples give equal text as far as their keys are in the same order. */
export function encodeSample(sample: SampleContent): string {
  return JSON.stringify({
    values: withoutTail(sample.values.map((value) => (value?.censored ? [value.ticks] : (value?.ticks ?? null)))),
    cached: sample.cached.length > 0 ? sample.cached : undefined,
    small_file: sample.small_file || undefined,
    bound_mismatch: sample.bound_mismatch || undefined,
    cohort: Object.keys(sample.cohort).length > 0 ? sample.cohort : undefined,
    capped: sample.capped,
  });
}

/** The values up to the last one that is not missing. */
function withoutTail<T>(values: readonly (T | null)[]): readonly (T | null)[] {
  return values.slice(0, values.findLastIndex((value) => value !== null) + 1);
}

/**
 * Reads what `encodeSample` wrote. Quantities that are not there, or came later, are null. Throws a SyntaxError or a
 * ZodError when the text is anything else.
 */
export function decodeSample(text: string): SampleContent {
  const encoded = encodedSample().parse(JSON.parse(text));
  const { values, cached, small_file = false, bound_mismatch = false, cohort, capped } = encoded;
  return {
    values: QUANTITY_NAMES.map((_, metric) => {
      const value = values[metric] ?? null;
      if (value === null) return null;
      return typeof value === "number" ? { ticks: value, censored: false } : { ticks: value[0], censored: true };
    }),
    cached,
    small_file,
    bound_mismatch,
    cohort,
    ...(capped && { capped }),
  };
}
