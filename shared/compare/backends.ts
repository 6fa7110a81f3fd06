// Every backend by itself, as far as any host has measured it: statistics.md, section 5, the values that a comparison gives for
// its two backends. They are of different hosts: rates of two backends side by side are no comparison.

import { SCOPE_ALL } from "../cells/cell.ts";
import { BACKENDS, type Backend } from "../run/backends.ts";
import type { MetricName } from "../run/metrics.ts";
import { codeUnitOrder } from "../run/text.ts";
import { METHOD_VERSION, type Merged, type Question, selectedMetrics } from "./compare.ts";
import type { BackendValue, CachedReads } from "./comparison.ts";
import { backendValues, measure } from "./estimate.ts";
import { cachedReads, type Notice } from "./flags.ts";
import { rememberedRanks } from "./tests.ts";

/** What is asked. */
type BackendsQuestion = Omit<Question, "baseline" | "candidate" | "margin">;

/** One backend: its hosts and runs, and its values by stratum (sorted) and metric (those measured). */
export interface MeasuredBackend {
  readonly hosts: number;
  readonly runs: number;
  readonly cached: CachedReads;
  readonly strata: Readonly<Record<string, Readonly<Partial<Record<MetricName, BackendValue>>>>>;
}

/** The answer of GET /v1/backends. */
export interface AllBackends extends Omit<BackendsQuestion, "metrics"> {
  readonly method_version: string;
  readonly as_of: string | null;
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
  readonly backends: Readonly<Partial<Record<Backend, MeasuredBackend>>>;
}

/** What it is computed from: value cells by backend and scope. */
interface BackendsInput {
  readonly question: BackendsQuestion;
  readonly asOf: string | null;
  readonly pendingHosts: number;
  readonly notices: readonly Notice[];
  readonly values: ReadonlyMap<string, ReadonlyMap<string, Merged>>;
}

/** The values of all backends that have any, in the order of the list of backends. */
export function allBackends({ question, asOf, pendingHosts, notices, values }: BackendsInput): AllBackends {
  const { metrics, ...asked } = question;
  const names = selectedMetrics(metrics);
  const rankOf = rememberedRanks();
  const stratumOf = (merged: Merged) =>
    backendValues(new Map(names.map((metric) => [metric, measure(merged, metric, rankOf)])));
  const measured = BACKENDS.flatMap((backend): [Backend, MeasuredBackend][] => {
    const scopes = values.get(backend);
    const fleet = scopes?.get(SCOPE_ALL);
    if (scopes === undefined || fleet === undefined) return [];
    const strata = [...scopes].filter(([scope]) => scope !== SCOPE_ALL).sort(([a], [b]) => codeUnitOrder(a, b));
    return [
      [
        backend,
        {
          hosts: fleet.headHosts,
          runs: fleet.cell.runs,
          cached: cachedReads(fleet),
          strata: Object.fromEntries(strata.map(([stratum, merged]) => [stratum, stratumOf(merged)])),
        },
      ],
    ];
  });
  return {
    ...asked,
    method_version: METHOD_VERSION,
    as_of: asOf,
    pending_hosts: pendingHosts,
    notices,
    backends: Object.fromEntries(measured),
  };
}
