// Random histories: what clients, workers and failures do to a fleet, in any order.

import fc from "fast-check";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import type { Rate, RunText } from "../support/runs.ts";

/** One upload; equal runs are duplicates, also if an earlier upload contained them. */
interface Upload {
  readonly kind: "upload";
  readonly runs: readonly RunText[];
}

/** Withdraws one of the runs uploaded so far, counted back from the last one. */
interface Withdrawal {
  readonly kind: "withdraw";
  readonly pick: number;
}

/** One event of a history. */
export type Operation =
  | Upload
  | Withdrawal
  /** Several workers at once, each processing all pending hosts. */
  | { readonly kind: "aggregate"; readonly workers: number }
  /** A worker that dies with its k-th write: before it, or after it when the response is lost. */
  | { readonly kind: "die"; readonly write: number; readonly after: boolean }
  /** After an upload, a worker pauses before its k-th request of a kind until others have changed and aggregated more. */
  | {
      readonly kind: "overtake";
      readonly first: Upload;
      readonly request: string;
      readonly count: number;
      readonly meanwhile: Upload | Withdrawal;
    }
  /** A pending host that was read some time ago is processed now. */
  | { readonly kind: "replay"; readonly pick: number };

const rate: fc.Arbitrary<Rate> = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 9_900, max: 10_100 }) },
  { weight: 2, arbitrary: fc.constant(">10000" as const) },
  { weight: 1, arbitrary: fc.constantFrom(0, null) },
);

const HOSTS = ["a", "b:c/d", "ü 1"];
const STRATA = ["v1/2G/8k/16", "v2/8G/-/16:1000:0/64"];
const BACKENDS = ["loop", "phy", "blktap2"] as const;
/** Two years, two quarters, three months, in UTC. */
const TIMES = [
  "2025-12-31T23:59:59.999Z",
  "2026-01-01T00:00:00.000Z",
  "2026-02-28T12:00:00.000Z",
  "2026-02-28T12:00:00.001Z",
];

const run: fc.Arbitrary<RunText> = fc.record({
  host: fc.constantFrom(...HOSTS),
  // Few numbers, so that the same run comes again: it is a duplicate whatever its other metadata.
  number: fc.integer({ min: 0, max: 30 }),
  backend: fc.constantFrom(...BACKENDS),
  stratum: fc.constantFrom(...STRATA),
  at: fc.constantFrom(...TIMES),
  rates: fc.dictionary(fc.constantFrom(...METRIC_NAMES), rate, { minKeys: 1, maxKeys: 4 }),
  cached: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constantFrom(["C1"], ["C1", "C2"]) },
  ),
  facts: fc.record(
    { site: fc.constantFrom("fra", "mun"), hardware: fc.constantFrom("x", "y"), guest_mem_mb: fc.constant(4096) },
    { requiredKeys: [] },
  ),
});

const upload: fc.Arbitrary<Upload> = fc.record({
  kind: fc.constant("upload"),
  runs: fc.array(run, { minLength: 1, maxLength: 4 }),
});

const withdrawal: fc.Arbitrary<Withdrawal> = fc.record({ kind: fc.constant("withdraw"), pick: fc.nat(9) });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: upload },
  { weight: 2, arbitrary: withdrawal },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("aggregate"), workers: fc.constantFrom(1, 2, 3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("die"), write: fc.integer({ min: 1, max: 6 }), after: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("overtake"),
      first: upload,
      request: fc.constantFrom("Query", "BatchGetItem", "TransactWriteItems", "TransactWriteItems", "DeleteItem"),
      count: fc.integer({ min: 1, max: 4 }),
      meanwhile: fc.oneof(upload, withdrawal),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replay"), pick: fc.nat(99) }) },
);

/** A history of one fleet. */
export const history: fc.Arbitrary<Operation[]> = fc.array(operation, { minLength: 5, maxLength: 12 });
