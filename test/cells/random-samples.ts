import fc from "fast-check";
import type { RunSample, Sample } from "../../shared/cells/host-values.ts";
import { QUANTITY_COUNT } from "../../shared/cells/quantities.ts";
import { COHORT_KEYS } from "../../shared/run/cohort.ts";

/** Ticks near each other, so that medians, ties and signs of differences of all kinds come up. */
const sample: fc.Arbitrary<Sample | null> = fc.option(
  fc.record({ ticks: fc.integer({ min: -120, max: 120 }), censored: fc.boolean() }),
  { freq: 6 },
);

const content = fc.record({
  finished_at: fc.constantFrom("2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z", "2026-11-03T00:00:00.000Z"),
  received_at: fc.constantFrom("2026-11-01T00:00:01.000Z", "2026-11-02T12:00:00.000Z", "2026-11-03T00:00:00.000Z"),
  backend: fc.constantFrom("loop" as const, "phy" as const, "blktap2" as const),
  stratum: fc.constantFrom("v1/2G/8k/16", "v1/8G/8k/16", "v2/8G/-/16"),
  values: fc.array(sample, { minLength: QUANTITY_COUNT, maxLength: QUANTITY_COUNT }),
  cached: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.subarray(["C1", "C2", "C10"]) },
  ),
  small_file: fc.boolean(),
  bound_mismatch: fc.boolean(),
  cohort: fc.record(
    Object.fromEntries(COHORT_KEYS.map((key) => [key, fc.constantFrom("a", "b", "__proto__", 'ü,"')])),
    { requiredKeys: [] },
  ),
  setup: fc.record(
    {
      image_format: fc.constantFrom("raw", "qcow2"),
      dom0_mem_mb: fc.constantFrom(1024, 4096),
      dom0_kernel: fc.constantFrom("6.1.0-13-amd64", "raw", "__proto__", 'ü,"'),
      "label.agent": fc.constantFrom("vbdstat-agent-1.0.0", "4096"),
    },
    { requiredKeys: [] },
  ),
});

/** Samples of one host with different ids, in any order of time. */
export const randomSamples = (maxLength = 12): fc.Arbitrary<RunSample[]> =>
  fc.array(content, { maxLength }).map((contents) => contents.map((each, index) => ({ ...each, id: `run${index}` })));

/** A sample to build a table test on: one clean loop run in stratum v1/2G/8k/16, without values. */
export function plainSample(change: Partial<RunSample> = {}): RunSample {
  return {
    id: "r1",
    finished_at: "2026-11-01T00:00:00.000Z",
    received_at: "2026-11-01T00:00:00.000Z",
    backend: "loop",
    stratum: "v1/2G/8k/16",
    values: new Array(QUANTITY_COUNT).fill(null),
    cached: [],
    small_file: false,
    bound_mismatch: false,
    cohort: {},
    setup: {},
    ...change,
  };
}

/** Values in the order of the quantities from the start: a number is exact, `">5"` a bound of 5, null missing; the rest is missing. */
export function values(...short: readonly (number | `>${number}` | null)[]): (Sample | null)[] {
  return Array.from({ length: QUANTITY_COUNT }, (_, metric) => {
    const value = short[metric] ?? null;
    if (value === null) return null;
    return typeof value === "number"
      ? { ticks: value, censored: false }
      : { ticks: Number(value.slice(1)), censored: true };
  });
}
