// Fleets of any rates, and what can be asked about them, for properties.

import * as fc from "fast-check";
import { METRIC_NAMES, type MetricName } from "../../shared/run/metrics.ts";
import type { Run } from "../../shared/run/run.ts";
import { comparisonOf, fleetOf, matrixOf, profileOf } from "./fleet.ts";
import type { Summary } from "./kinds.ts";
import { type Rate, runOf } from "./runs.ts";
import { backendsSummary, hostsSummary } from "./summaries.ts";

const rate: fc.Arbitrary<Rate> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 2_000_000 }) },
  { weight: 1, arbitrary: fc.constantFrom<Rate>(">32768", ">16384", null) },
);
const rates = fc.record(
  Object.fromEntries(METRIC_NAMES.map((name) => [name, rate])) as Record<MetricName, typeof rate>,
);

/** Up to nine hosts with loop and phy, each in one of two strata. */
export const fleetRuns: fc.Arbitrary<Run[]> = fc
  .array(fc.tuple(rates, rates, fc.constantFrom("v1/2G/8k/16", "v1/4G/8k/16"), fc.boolean()), { maxLength: 9 })
  .map((hosts) =>
    hosts.flatMap(([loop, phy, stratum, isCached], index) => {
      const common = { host: `h${index}`, stratum };
      return [
        runOf({ ...common, number: 2 * index, rates: loop, cached: isCached ? ["C1"] : [] }),
        runOf({ ...common, number: 2 * index + 1, backend: "phy", rates: phy }),
      ];
    }),
  );

/** A summary of each kind that a fleet has. */
export function summariesOf(runs: readonly Run[]): Summary[] {
  const fleet = fleetOf(runs);
  return [
    { kind: "compare", result: comparisonOf(fleet, "loop", "phy") },
    { kind: "matrix", result: matrixOf(fleet) },
    { kind: "host", result: profileOf(fleet, "h0") },
    backendsSummary(fleet),
    hostsSummary(fleet, null),
    { kind: "runs", result: { runs, cursor: null } },
  ];
}
