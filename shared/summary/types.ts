// The summary stage: what one host says in one period. In: samples, the few numbers of each run that statistics need.
// Out: a host summary, from which `cells/` derives everything the host contributes. All numbers are integers (ticks of
// 1e-4 natural log, statistics.md, section 1), so that a summary read back from the store is the summary written.

import type { Backend } from "../run/backends.ts";
import type { CohortKey } from "../run/cohort.ts";

/** One quantity of one run: `ticks` is the value, or the bound it lies strictly above when censored. */
export interface Sample {
  readonly ticks: number;
  readonly censored: boolean;
}

/** What statistics need of a run; a pure function of the stored run (`sampleOf`). */
export interface RunSample {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly finished_at: string;
  readonly backend: Backend;
  readonly stratum: string;
  /** In the order of the quantities; null where the test was not run, or the value is unknown or has no logarithm. */
  readonly values: readonly (Sample | null)[];
  /** Ids of the rules that made the run `cached` or `probably-cached`; empty otherwise. */
  readonly cached: readonly string[];
  readonly small_file: boolean;
  readonly bound_mismatch: boolean;
  /** Cohort attributes the run was sent with. */
  readonly cohort: Readonly<Partial<Record<CohortKey, string>>>;
  /** Set when they are beyond what the run's token may name. */
  readonly capped?: true;
}

/**
 * One quantity of one host on one backend (statistics.md, section 2). `lo` is in ticks; `hi` too, or null for +inf.
 * Exact when lo = hi.
 */
export interface HostValue {
  readonly lo: number;
  readonly hi: number | null;
  /** Runs behind it, exact or censored, at least 1. */
  readonly runs: number;
  /** Exact runs among them. */
  readonly exact: number;
  /** exact * sum(t^2) - (sum t)^2 over the exact runs: SS times `exact`, kept whole so that nothing is rounded twice. */
  readonly spread: number;
}

/** A cohort attribute and the run that said so; the newest run by (at, run) wins. */
export interface Attribute {
  readonly value: string;
  readonly at: string;
  readonly run: string;
  /** Set when that run named a cohort beyond what its token may name. */
  readonly capped?: true;
}

/** One backend of one stratum on one host, over the newest 99 runs of the period. */
export interface HostGroup {
  readonly stratum: string;
  readonly backend: Backend;
  /** Runs in the group, 1 to 99. */
  readonly runs: number;
  /** In the order of the quantities; null where no run has one. */
  readonly all: readonly (HostValue | null)[];
  /** The same without the read-path metrics of cached runs. */
  readonly trusted: readonly (HostValue | null)[];
  /** Union of the rule ids of cached runs, sorted; empty when none is cached. */
  readonly cached: readonly string[];
  readonly small_file: boolean;
  readonly bound_mismatch: boolean;
  readonly attributes: Readonly<Partial<Record<CohortKey, Attribute>>>;
}

/** All groups of one host in one period, sorted by (stratum, backend) in code unit order, each pair once. */
export interface HostSummary {
  readonly host: string;
  readonly groups: readonly HostGroup[];
}
