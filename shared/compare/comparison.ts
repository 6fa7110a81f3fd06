// The types of a comparison: what it is asked, what the statistics find, and what goes over the wire (docs/api.md#read).
// Ratios are candidate / baseline, so that above 1 the candidate is faster. Numbers are plain doubles, never rounded; null
// means "no limit", "unknown" or "not defined here", as each field says.

import type { Backend } from "../run/backends.ts";
import type { CohortKey } from "../run/cohort.ts";
import type { MetricGroup, MetricName } from "../run/metrics.ts";
import type { View } from "../run/run.ts";
import type { Flag, FlagFinding, FlagFindings, Notice } from "./flags.ts";
import type { Reason, Verdict } from "./verdict.ts";

/** A query about two backends. Ratios are candidate / baseline. */
export interface ComparisonQuery {
  readonly baseline: Backend;
  readonly candidate: Backend;
  /** Period names, e.g. `2026-Q4`; their cells may share hosts. */
  readonly periods: readonly string[];
  readonly view: View;
  readonly filters: Readonly<Partial<Record<CohortKey, readonly string[]>>>;
  /** Relative difference that is too small to matter, e.g. 0.03 for 3 %; above 0. */
  readonly margin: number;
  /** The selected metrics; empty means all. They alone are reported, and they alone share the Holm correction. */
  readonly metrics: readonly MetricName[];
}

/**
 * What is known of a value: `=` a number (low = high), `>=` at least `low` (high null), `<=` at most `high` (low null),
 * `between` the two, `unknown` (both null).
 */
export interface Estimate {
  readonly low: number | null;
  readonly high: number | null;
  readonly relation: "=" | ">=" | "<=" | "between" | "unknown";
}

/** A 95 % interval; a null side has no limit. */
export interface ConfidenceInterval {
  readonly low: number | null;
  readonly high: number | null;
}

/** The ratio on single hosts: the middle 90 % of them from 20 hosts on, below that the smallest and the largest. */
export interface HostRange extends ConfidenceInterval {
  readonly kind: "central_90" | "min_max";
}

/** Shares of hosts, 0 to 1, adding up to 1 (all 0 without hosts). "Same" is within 3 % either way, for every margin. */
export interface Share {
  readonly faster: number;
  readonly slower: number;
  readonly same: number;
  readonly undetermined: number;
}

/** Hosts with one backend only: an indication, never a verdict (statistics.md, section 7). */
export interface BetweenHosts {
  /** Strata with at least 6 hosts on both sides, sorted; may be empty. */
  readonly strata_used: readonly string[];
  /** Ratio of the medians of all strata pooled. Misleading where strata differ; it feeds a flag only. */
  readonly crude_ratio: Estimate;
  readonly ratio: Estimate;
  readonly ci: ConfidenceInterval | null;
  readonly indication: "faster" | "slower" | "none";
}

/** One metric of one scope, before it has texts. */
export interface MetricFindings {
  /** Paired hosts. With several periods a host counts once in each; `n_eff` are certainly distinct. */
  readonly hosts: number;
  readonly n_eff: number;
  /** Hosts whose ratio is known exactly. */
  readonly exact: number;
  readonly both_too_fast: number;
  readonly faster_hosts: number;
  readonly slower_hosts: number;
  /** The median over hosts of candidate / baseline. */
  readonly ratio: Estimate;
  /** Null below 6 hosts. */
  readonly ci: ConfidenceInterval | null;
  /** Two-sided sign test, null below 6 hosts; and the same after Holm's correction over the metrics of the scope. */
  readonly p: number | null;
  readonly p_holm: number | null;
  readonly host_range: HostRange;
  readonly share: Share;
  /** Null if any host's ratio is not exact. */
  readonly geometric_mean_ratio: number | null;
  /** Standard deviation of the exact log-ratios (natural logs); null below two. */
  readonly sd_log: number | null;
  /** The part of that variance that is noise between runs, 0 to 1; null where too few hosts have repeated runs. */
  readonly noise_share: number | null;
  readonly verdict: Verdict;
  readonly reason: Reason;
  readonly flags: readonly Flag[];
  readonly flag_details: FlagFindings;
  readonly between_hosts: BetweenHosts;
}

/** CPU efficiency of one metric in one scope: no test and no verdict (statistics.md, section 8). */
export interface EfficiencyFindings {
  /** Hosts whose rate and %CP are known on both backends. */
  readonly hosts: number;
  readonly n_eff: number;
  readonly exact: number;
  /** The median over hosts of candidate / baseline; above 1 the candidate needs less CPU for the same work. */
  readonly ratio: Estimate;
  /** Null below 6 hosts. */
  readonly ci: ConfidenceInterval | null;
  readonly flags: readonly Flag[];
  readonly flag_details: FlagFindings;
}

/** The mean over some metrics, all with the same weight: a convention, so without a verdict (statistics.md, section 8). */
export interface Score {
  /** The metrics that could be used. */
  readonly metrics: readonly MetricName[];
  readonly ratio: Estimate;
  /** Null unless every metric used has an interval; always null for `overall`. */
  readonly ci: ConfidenceInterval | null;
}

/** One backend in one scope, as far as texts name it. */
export interface SideFindings {
  /** Hosts with any result; with several periods those that are certainly distinct. */
  readonly hosts: number;
  /** The same with a host counted once in each period. */
  readonly host_results: number;
  readonly cached: CachedReads;
}

/** One scope: the fleet, where a host has one vote over its strata, or one stratum. */
export interface ScopeFindings {
  /** The selected metrics, in registry order. */
  readonly metrics: Readonly<Partial<Record<MetricName, MetricFindings>>>;
  readonly scores: Readonly<Record<MetricGroup | "overall", Score>>;
  /** By selected metric: the rate for each per cent of CPU. */
  readonly efficiency: Readonly<Partial<Record<MetricName, EfficiencyFindings>>>;
  readonly flags: readonly Flag[];
  readonly flag_details: FlagFindings;
  readonly baseline: SideFindings;
  readonly candidate: SideFindings;
}

/** One metric of one backend in one stratum, in the metric's unit (statistics.md, section 5). */
export interface BackendValue {
  readonly hosts: number;
  readonly runs: number;
  readonly censored_hosts: number;
  readonly single_run_hosts: number;
  readonly median: Estimate;
  readonly ci: ConfidenceInterval | null;
  readonly p10: Estimate;
  readonly p90: Estimate;
  /** Null if any host is censored. */
  readonly geometric_mean: number | null;
  /** Standard deviation between runs of one host, in natural logs; null where no host has two exact runs. */
  readonly run_sd_log: number | null;
}

/** Hosts with runs whose reads probably came from a cache, and the rules that said so. */
export interface CachedReads {
  readonly hosts: number;
  readonly rules: readonly string[];
}

/** A ratio as reported, cached reads included. */
export interface AsReported {
  readonly ratio: Estimate;
  readonly hosts: number;
}

/** What a comparison and its published form have in common. */
interface CommonFindings extends Omit<ComparisonQuery, "metrics"> {
  readonly method_version: string;
  readonly as_of: string | null;
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
  /** Runs behind the paired hosts, both sides. */
  readonly runs: number;
  /** By backend, stratum (sorted) and metric (those measured). */
  readonly backends: Readonly<
    Partial<Record<Backend, Readonly<Record<string, Readonly<Partial<Record<MetricName, BackendValue>>>>>>>
  >;
  readonly cached: Readonly<Partial<Record<Backend, CachedReads>>>;
  /** Fleet ratios of view `all` next to view `trusted`, only where they differ. */
  readonly as_reported: Readonly<Partial<Record<MetricName, AsReported>>>;
}

/** All numbers, verdicts and flags of a comparison, before it has texts. */
export interface ComparisonFindings extends CommonFindings {
  readonly fleet: ScopeFindings;
  /** By stratum, sorted. */
  readonly strata: Readonly<Record<string, ScopeFindings>>;
}

// The published form: the findings with a sentence for each metric and a text for each flag (report/sentences.ts).

/** A flag that is set, and what it means here. */
interface FlagDetail extends FlagFinding {
  readonly text: string;
}

/** Details of the flags that are set, by code. */
export type FlagDetails = Readonly<Partial<Record<Flag, FlagDetail>>>;

/** One metric of one scope. */
export interface MetricComparison extends Omit<MetricFindings, "flag_details"> {
  readonly flag_details: FlagDetails;
  /** The finding in plain words, with the numbers that it rests on. */
  readonly sentence: string;
}

/** CPU efficiency of one metric in one scope. */
export interface EfficiencyComparison extends Omit<EfficiencyFindings, "flag_details"> {
  readonly flag_details: FlagDetails;
}

/** One scope: the fleet or one stratum. */
export interface ScopeComparison extends Pick<ScopeFindings, "scores" | "flags"> {
  readonly metrics: Readonly<Partial<Record<MetricName, MetricComparison>>>;
  readonly efficiency: Readonly<Partial<Record<MetricName, EfficiencyComparison>>>;
  readonly flag_details: FlagDetails;
}

/** The whole comparison. */
export interface Comparison extends CommonFindings {
  readonly fleet: ScopeComparison;
  /** By stratum, sorted. */
  readonly strata: Readonly<Record<string, ScopeComparison>>;
}
