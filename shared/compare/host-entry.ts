import type { Backend } from "../run/backends.ts";
import type { Cohort } from "../run/cohort.ts";
import type { HostSummary } from "../summary/types.ts";
import { backendsOf } from "./host.ts";

/** One host of a list: what has been measured on it, in one line. */
export interface HostEntry {
  readonly host: string;
  /** Where to ask for its profile. */
  readonly url: string;
  readonly backends: readonly Backend[];
  readonly strata: readonly string[];
  /** Runs that count, at most 99 of each backend and stratum. */
  readonly runs: number;
  /** Rules by which reads are probably cached, by backend; without the backends that have none. */
  readonly cached: Readonly<Partial<Record<Backend, readonly string[]>>>;
  readonly cohort: Cohort;
}

/** The entry of a host with at least one group. */
export function hostEntry({ summary, cohort }: { summary: HostSummary; cohort: Cohort }): HostEntry {
  const { host, groups } = summary;
  const backends = backendsOf(summary);
  const rulesOf = (of: Backend) =>
    [...new Set(groups.filter(({ backend }) => backend === of).flatMap(({ cached }) => cached))].sort();
  return {
    host,
    url: `/v1/hosts/${encodeURIComponent(host)}`,
    backends,
    strata: [...new Set(groups.map(({ stratum }) => stratum))].sort(),
    runs: groups.reduce((sum, { runs }) => sum + runs, 0),
    cached: Object.fromEntries(
      backends.map((backend) => [backend, rulesOf(backend)] as const).filter(([, rules]) => rules.length > 0),
    ),
    cohort,
  };
}
