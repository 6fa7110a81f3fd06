// Which flags are set, and what they count (statistics.md, section 9). A flag is a code for something that a reader must
// know before acting on a number. In: the estimates of a scope, and what its cells note about their hosts. Out: codes and
// counts for one quantity, one metric or one scope; their texts are in report/sentences.ts.

import { noteOnBoth } from "../cells/contribution.ts";
import type { Backend } from "../run/backends.ts";
import { METRICS, type MetricName } from "../run/metrics.ts";
import type { CachedReads } from "./comparison.ts";
import type { PairedEffect, QuantityEstimate } from "./estimate.ts";
import { hostShares } from "./heterogeneity.ts";
import type { TickInterval } from "./median.ts";
import type { Merged } from "./merged-cells.ts";
import type { Indication } from "./mover.ts";
import { countAbove, countBelow, type Ends, quantile } from "./order-statistics.ts";

/** A notice about a whole answer: `cohorts_capped`, hosts that match the filters may be missing. */
export type Notice = "cohorts_capped";

/** All flags, in the order in which they are listed. */
const FLAGS = [
  "single_host",
  "mostly_single_runs",
  "many_too_fast",
  "outlier_hosts",
  "mixed_effect",
  "strata_disagree",
  "simpson",
  "paired_and_between_disagree",
  "suspect_cached_reads",
  "small_file",
  "mixed_versions",
  "bound_mismatch",
  "low_cpu",
  "inflated_cpu",
] as const;

export type Flag = (typeof FLAGS)[number];

/** What a flag counts. */
export interface FlagFinding {
  /** Hosts concerned, where they are counted; on either backend; with several periods a host counts once in each. */
  readonly count?: number;
  /** Cache rules that fired, for `suspect_cached_reads`. */
  readonly rules?: readonly string[];
  /** The metrics that have the flag, in the flags of a scope. */
  readonly metrics?: readonly MetricName[];
}

/** The flags that are set, by code. */
export type FlagFindings = Readonly<Partial<Record<Flag, FlagFinding>>>;

/** The codes of the flags that are set, in the order of `FLAGS`. */
export function listFlags(findings: FlagFindings): Flag[] {
  return FLAGS.filter((flag) => findings[flag] !== undefined);
}

/** What the flags of one metric are derived from. */
export interface MetricEvidence {
  readonly effect: PairedEffect;
  readonly between: Indication;
  /** The intervals of this metric in the strata below, in the fleet scope; empty in a stratum. */
  readonly strata: readonly TickInterval[];
  /** Cached reads on either backend, for a metric of the read path; else null. */
  readonly cached: CachedReads | null;
  /** In ticks. */
  readonly margin: number;
}

/** The flags of one metric in one scope. */
export function metricFlags({ effect, between, strata, cached, margin }: MetricEvidence): FlagFindings {
  const flags: Partial<Record<Flag, FlagFinding>> = { ...pairedFlags(effect, cached) };
  if (areBeyondBothWays(strata, strata, margin)) flags.strata_disagree = {};
  const estimate = [effect.interval === null ? between.estimate : effect.estimate];
  const crude = [between.crude];
  if (areBeyondBothWays(estimate, crude, margin) || areBeyondBothWays(crude, estimate, margin)) flags.simpson = {};
  if (areDisjoint(effect.interval, between.interval)) flags.paired_and_between_disagree = {};
  return flags;
}

/** Whether one interval is wholly above the margin and another wholly below it. */
function areBeyondBothWays(
  upward: readonly TickInterval[],
  downward: readonly TickInterval[],
  margin: number,
): boolean {
  return upward.some(({ lo }) => lo > margin) && downward.some(({ hi }) => hi < -margin);
}

function areDisjoint(a: TickInterval | null, b: TickInterval | null): boolean {
  return a !== null && b !== null && (a.hi < b.lo || b.hi < a.lo);
}

/** A larger share of hosts that are too fast to measure on both backends sets a flag. */
const TOO_FAST_SHARE = 0.2;

/** The flags of one metric in one scope that its paired hosts alone give. */
export function pairedFlags(effect: QuantityEstimate, cached: CachedReads | null): FlagFindings {
  const { nb, n } = effect.cell;
  const isTooFast = n > 0 && nb / n > TOO_FAST_SHARE;
  return { ...hostFlags(effect, cached), ...(isTooFast && { many_too_fast: { count: nb } }) };
}

/** With fewer hosts their spread means nothing. */
const MIN_HOSTS_SPREAD = 20;
const MIXED_SHARE = 0.1;

/** The flags that the hosts of any quantity give; `cached` is null where no cache can spoil the quantity. */
export function hostFlags(quantity: QuantityEstimate, cached: CachedReads | null): FlagFindings {
  const { cell, ends } = quantity;
  const flags: Partial<Record<Flag, FlagFinding>> = {};
  if (cell.n === 1) flags.single_host = { count: 1 };
  if (cell.one > cell.n / 2) flags.mostly_single_runs = { count: cell.one };
  const outliers = countOutliers(ends);
  if (outliers > 0) flags.outlier_hosts = { count: outliers };
  const share = hostShares(cell, ends);
  if (cell.n >= MIN_HOSTS_SPREAD && Math.min(share.faster, share.slower) >= MIXED_SHARE) flags.mixed_effect = {};
  if (cached !== null && cached.hosts > 0) flags.suspect_cached_reads = cachedFlag(cached);
  return flags;
}

/** Quartile fences closer than one bin are noise of the grid. In ticks. */
const MIN_IQR = 50;

/** Exact hosts further than 3 interquartile ranges outside the quartiles (Tukey 1977, far out); 0 below 20 exact hosts. */
export function countOutliers({ exact }: Ends): number {
  if (exact.size < MIN_HOSTS_SPREAD) return 0;
  const q1 = quantile(exact, 25);
  const q3 = quantile(exact, 75);
  const reach = 3 * Math.max(q3 - q1, MIN_IQR);
  return countBelow(exact, q1 - reach) + countAbove(exact, q3 + reach);
}

function cachedFlag({ hosts, rules }: CachedReads): FlagFinding {
  return { count: hosts, rules };
}

/** What the flags of a scope are derived from, in addition to the flags of its metrics. */
interface ScopeEvidence {
  readonly cached: CachedReads;
  /** Hosts with a file smaller than memory allows, and with a rate above what its test could measure. */
  readonly smallFile: number;
  readonly boundMismatch: number;
  /** The strata of the paired hosts, in the fleet scope; empty in a stratum. */
  readonly strata: readonly string[];
}

/** The flags of a scope: its metrics' flags, naming the metrics, and those that concern all metrics alike. */
export function scopeFlags(
  metrics: ReadonlyMap<MetricName, FlagFindings>,
  { cached, smallFile, boundMismatch, strata }: ScopeEvidence,
): FlagFindings {
  const flags: Partial<Record<Flag, FlagFinding>> = {};
  for (const flag of FLAGS) {
    const flagged = [...metrics].flatMap(([metric, own]) => (own[flag] === undefined ? [] : [metric]));
    if (flagged.length > 0) flags[flag] = { metrics: flagged };
  }
  if (cached.hosts > 0) flags.suspect_cached_reads = { ...flags.suspect_cached_reads, ...cachedFlag(cached) };
  if (smallFile > 0) flags.small_file = { count: smallFile };
  const families = new Set(strata.map((stratum) => stratum.split("/", 1)[0]));
  if (families.size > 1) flags.mixed_versions = {};
  if (boundMismatch > 0) flags.bound_mismatch = { count: boundMismatch };
  return flags;
}

// What cells note about their hosts in addition to the numbers: cached reads, small files, impossible rates, little CPU.

const CACHED_RULE = "cached:";

/** Hosts with the note; with several periods a host counts once in each. */
export function countNoted(merged: Merged | undefined, note: string): number {
  return merged?.cell.notes.get(note) ?? 0;
}

/** Hosts of one backend with a run whose reads probably came from a cache, and the rules that fired. */
export function cachedReads(merged: Merged | undefined): CachedReads {
  const rules = [...(merged?.cell.notes.keys() ?? [])]
    .filter((note) => note.startsWith(CACHED_RULE))
    .map((note) => note.slice(CACHED_RULE.length));
  return { hosts: countNoted(merged, "cached"), rules: sortRules(rules) };
}

/** C1 to C12 in the order of their numbers. */
function sortRules(rules: Iterable<string>): string[] {
  return [...rules].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

/** One backend in one scope: its cell, if it has one. */
export interface NotedSide {
  readonly backend: Backend;
  readonly merged: Merged | undefined;
}

/** Both backends of a comparison. */
type Sides = readonly [NotedSide, NotedSide];

/** Hosts with the note on either backend or both; with several periods a host counts once in each. */
export function countNotedOnEither(note: string, [a, b]: Sides): number {
  return countNoted(a.merged, note) + countNoted(b.merged, note) - countNoted(a.merged, noteOnBoth(note, b.backend));
}

/** Cached reads on either backend, as `cachedReads` gives them for one. */
export function cachedReadsOnEither(sides: Sides): CachedReads {
  const rules = sides.flatMap(({ merged }) => cachedReads(merged).rules);
  return { hosts: countNotedOnEither("cached", sides), rules: sortRules(new Set(rules)) };
}

const READ_PATH = new Set(METRICS.filter(({ readPath }) => readPath).map(({ name }) => name));

/** Whether a cache can spoil the metric. */
export function isReadPath(metric: MetricName): boolean {
  return READ_PATH.has(metric);
}

/** The same as far as it concerns a metric: null where no cache can spoil it. */
export function cachedReadsOfMetric(metric: MetricName, sides: Sides): CachedReads | null {
  return isReadPath(metric) ? cachedReadsOnEither(sides) : null;
}
