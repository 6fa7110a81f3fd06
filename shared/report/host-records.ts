// A host for programs: a row for each value and each ratio it has, in both views. A value is one of `backend`; a ratio is
// `backend` / `baseline`.

import type { Known } from "../compare/comparison.ts";
import type { HostMetric, HostProfile } from "../compare/host.ts";
import type { Standing } from "../compare/standing.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { VIEWS, type View } from "../model/view.ts";
import { type Field, type Records, recordsOf } from "./records.ts";
import { shownMetrics } from "./shown-metrics.ts";
import type { Look } from "./summary.ts";

interface Item {
  readonly profile: HostProfile;
  readonly quantity: "value" | "ratio";
  readonly backend: string;
  readonly baseline: string | null;
  readonly stratum: string;
  readonly view: View;
  readonly metric: string;
  readonly found: Known & { readonly standing: Standing | null } & Partial<HostMetric>;
  readonly cached: readonly string[];
}

const FIELDS: readonly Field<Item>[] = [
  ["host", ({ profile }) => profile.host],
  ["quantity", ({ quantity }) => quantity],
  ["backend", ({ backend }) => backend],
  ["baseline", ({ baseline }) => baseline],
  ["stratum", ({ stratum }) => stratum],
  ["view", ({ view }) => view],
  ["metric", ({ metric }) => metric],
  ["low", ({ found }) => found.low],
  ["high", ({ found }) => found.high],
  ["runs", ({ found }) => found.runs],
  ["exact_runs", ({ found }) => found.exact_runs],
  ["run_sd_log", ({ found }) => found.run_sd_log],
  ["hosts", ({ found }) => found.standing?.hosts],
  ["below", ({ found }) => found.standing?.below],
  ["above", ({ found }) => found.standing?.above],
  ["cached_rules", ({ cached }) => cached.join(" ")],
  ...COHORT_KEYS.map((key): Field<Item> => [key, ({ profile }) => profile.cohort[key]]),
  ["pending", ({ profile }) => profile.pending],
  ["method_version", ({ profile }) => profile.method_version],
];

/** The records of a host. */
export function hostRecords(profile: HostProfile, look: Look): Records {
  const values = profile.backends.flatMap((group) =>
    VIEWS.flatMap((view) =>
      shownMetrics(group[view], look).map(([metric, found]): Item => {
        const { backend, stratum, cached } = group;
        return { profile, quantity: "value", backend, baseline: null, stratum, view, metric, found, cached };
      }),
    ),
  );
  const ratios = profile.ratios.flatMap((pair) =>
    VIEWS.flatMap((view) =>
      shownMetrics(pair[view], look).map(([metric, found]): Item => {
        const { candidate: backend, baseline, stratum } = pair;
        return { profile, quantity: "ratio", backend, baseline, stratum, view, metric, found, cached: [] };
      }),
    ),
  );
  return recordsOf(FIELDS, [...values, ...ratios]);
}
