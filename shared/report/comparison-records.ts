// A comparison for programs: a row for each quantity of each scope. `rate` is the ratio of a metric, `efficiency` that of its
// CPU efficiency, `score` the mean over a group, which stands in the column `metric`.

import type { Comparison, MetricComparison, ScopeComparison } from "../compare/comparison.ts";
import { aboutFields } from "./about.ts";
import { type Field, type Records, recordsOf } from "./records.ts";
import { shownMetrics } from "./shown-metrics.ts";
import type { Look } from "./summary.ts";

interface Item {
  readonly comparison: Comparison;
  /** Null for the fleet. */
  readonly stratum: string | null;
  readonly quantity: "rate" | "efficiency" | "score";
  /** A metric, a group of metrics or `overall`. */
  readonly name: string;
  readonly found: Pick<MetricComparison, "ratio" | "ci"> & Partial<MetricComparison>;
  /** In the fleet, where it differs. */
  readonly reported: Comparison["as_reported"]["putc"];
}

const FIELDS: readonly Field<Item>[] = [
  ["baseline", ({ comparison }) => comparison.baseline],
  ["candidate", ({ comparison }) => comparison.candidate],
  ["scope", ({ stratum }) => (stratum === null ? "fleet" : "stratum")],
  ["stratum", ({ stratum }) => stratum],
  ["quantity", ({ quantity }) => quantity],
  ["metric", ({ name }) => name],
  ["hosts", ({ found }) => found.hosts],
  ["n_eff", ({ found }) => found.n_eff],
  ["exact", ({ found }) => found.exact],
  ["both_too_fast", ({ found }) => found.both_too_fast],
  ["faster_hosts", ({ found }) => found.faster_hosts],
  ["slower_hosts", ({ found }) => found.slower_hosts],
  ["ratio_low", ({ found }) => found.ratio.low],
  ["ratio_high", ({ found }) => found.ratio.high],
  ["ci_low", ({ found }) => found.ci?.low],
  ["ci_high", ({ found }) => found.ci?.high],
  ["p", ({ found }) => found.p],
  ["p_holm", ({ found }) => found.p_holm],
  ["host_range_low", ({ found }) => found.host_range?.low],
  ["host_range_high", ({ found }) => found.host_range?.high],
  ["host_range_kind", ({ found }) => found.host_range?.kind],
  ["share_faster", ({ found }) => found.share?.faster],
  ["share_slower", ({ found }) => found.share?.slower],
  ["share_same", ({ found }) => found.share?.same],
  ["share_undetermined", ({ found }) => found.share?.undetermined],
  ["geometric_mean_ratio", ({ found }) => found.geometric_mean_ratio],
  ["sd_log", ({ found }) => found.sd_log],
  ["noise_share", ({ found }) => found.noise_share],
  ["verdict", ({ found }) => found.verdict],
  ["reason", ({ found }) => found.reason],
  ["flags", ({ found }) => found.flags?.join(" ")],
  ["as_reported_low", ({ reported }) => reported?.ratio.low],
  ["as_reported_high", ({ reported }) => reported?.ratio.high],
  ["between_strata", ({ found }) => found.between_hosts?.strata_used.join(" ")],
  ["between_low", ({ found }) => found.between_hosts?.ratio.low],
  ["between_high", ({ found }) => found.between_hosts?.ratio.high],
  ["between_ci_low", ({ found }) => found.between_hosts?.ci?.low],
  ["between_ci_high", ({ found }) => found.between_hosts?.ci?.high],
  ["between_indication", ({ found }) => found.between_hosts?.indication],
  ["margin", ({ comparison }) => comparison.margin],
  ["runs", ({ comparison }) => comparison.runs],
  ...aboutFields<Item>(({ comparison }) => comparison),
  ["sentence", ({ found }) => found.sentence],
];

/** The records of a comparison. */
export function comparisonRecords(comparison: Comparison, look: Look): Records {
  const scopes: [string | null, ScopeComparison][] = [[null, comparison.fleet], ...Object.entries(comparison.strata)];
  return recordsOf(
    FIELDS,
    scopes.flatMap(([stratum, { metrics, efficiency, scores }]): Item[] => {
      const common = { comparison, stratum, reported: undefined };
      return [
        ...shownMetrics(metrics, look).map(([name, found]): Item => {
          const reported = stratum === null ? comparison.as_reported[name] : undefined;
          return { ...common, quantity: "rate", name, found, reported };
        }),
        ...shownMetrics(efficiency, look).map(
          ([name, found]): Item => ({ ...common, quantity: "efficiency", name, found }),
        ),
        ...Object.entries(look.metrics.length === 0 ? scores : {}).map(
          ([name, { ratio, ci }]): Item => ({ ...common, quantity: "score", name, found: { ratio, ci } }),
        ),
      ];
    }),
  );
}
