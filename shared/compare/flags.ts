// Which flags are set: those of one metric, of its hosts, and of a scope (statistics.md, section 9).

import { noteOnBoth } from "../cells/contribution.ts";
import type { Backend } from "../run/backends.ts";
import { formatCount, formatNumber } from "../run/format.ts";
import { METRICS, type MetricName } from "../run/metrics.ts";
import type { Merged, PairedEffect } from "./compare.ts";
import type { CachedReads } from "./comparison.ts";
import type { Measure } from "./estimate.ts";
import { shares } from "./heterogeneity.ts";
import type { TickInterval } from "./median.ts";
import type { Indication } from "./mover.ts";
import { countAbove, countBelow, type Ends, quantile } from "./order-statistics.ts";
import { rulesText } from "./sentences.ts";

/** What a reader must know about a whole answer: `cohorts_capped`, hosts that match the filters may be missing. */
export type Notice = "cohorts_capped";

// What cells note about their hosts beside the numbers: cached reads, small files, impossible rates, little CPU.

const CACHED_RULE = "cached:";

/** C1 to C12 in the order of their numbers. */
function inOrder(rules: Iterable<string>): string[] {
  return [...rules].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

/** Hosts with the note; with several periods a host counts once in each. */
export function noted(merged: Merged | undefined, note: string): number {
  return merged?.cell.notes.get(note) ?? 0;
}

/** Hosts with a run whose reads probably came from a cache, and the rules that said so. */
export function cachedReads(merged: Merged | undefined): CachedReads {
  const rules = [...(merged?.cell.notes.keys() ?? [])]
    .filter((note) => note.startsWith(CACHED_RULE))
    .map((note) => note.slice(CACHED_RULE.length));
  return { hosts: noted(merged, "cached"), rules: inOrder(rules) };
}

/** One backend in one scope: its cell, if any. */
export interface NotedSide {
  readonly backend: Backend;
  readonly merged: Merged | undefined;
}

/** Both backends of a comparison. */
type Sides = readonly [NotedSide, NotedSide];

/** Hosts of a comparison that are noted for something. */
interface NotedHosts {
  readonly hosts: number;
  /** Whether a host may be among them once for each period. */
  readonly isRepeated: boolean;
}

/** Hosts with the note on either backend or both; with several periods a host counts once in each. */
export function notedOnEither(note: string, sides: Sides): NotedHosts {
  const [a, b] = sides;
  return {
    hosts: noted(a.merged, note) + noted(b.merged, note) - noted(a.merged, noteOnBoth(note, b.backend)),
    isRepeated: sides.some(({ merged }) => merged !== undefined && merged.headHosts < merged.cell.hosts),
  };
}

/** Hosts of a comparison with cached reads on either backend, and the rules that said so. */
export interface CachedHosts extends NotedHosts {
  readonly rules: readonly string[];
}

/** Cached reads of both backends: what `cachedReads` tells of one of them. */
export function cachedOnEither(sides: Sides): CachedHosts {
  const rules = sides.flatMap(({ merged }) => cachedReads(merged).rules);
  return { ...notedOnEither("cached", sides), rules: inOrder(new Set(rules)) };
}

const READ_PATH = new Set(METRICS.filter(({ readPath }) => readPath).map(({ name }) => name));

/** The same as far as it concerns a metric: null for those that no cache can spoil. */
export function cachedReadsOf(metric: MetricName, sides: Sides): CachedHosts | null {
  return READ_PATH.has(metric) ? cachedOnEither(sides) : null;
}

// What a flag is: a code for what a reader must know before acting on a number (statistics.md, section 9), and its details, which
// say in words what it means here, with the count behind it. `flags.ts` sets them.

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

/** What stands behind a flag. */
export interface FlagDetail {
  readonly text: string;
  /** Hosts concerned, where they are counted; on either backend; with several periods a host counts once in each. */
  readonly count?: number;
  /** Cache rules that fired, for `suspect_cached_reads`. */
  readonly rules?: readonly string[];
  /** The metrics that have the flag, in the flags of a scope. */
  readonly metrics?: readonly MetricName[];
}

/** Details of the flags that are set, by code. */
export type FlagDetails = Readonly<Partial<Record<Flag, FlagDetail>>>;

/** The codes of the flags that are set, in the order of `FLAGS`. */
export function flagsOf(details: FlagDetails): Flag[] {
  return FLAGS.filter((flag) => details[flag] !== undefined);
}

/** What the flags of one metric are derived from. */
export interface MetricEvidence {
  readonly effect: PairedEffect;
  readonly between: Indication;
  /** The intervals of this metric in the strata below, in the fleet scope; none in a stratum. */
  readonly strata: readonly TickInterval[];
  /** Cached runs of both backends, for a metric of the read path; else null. */
  readonly cached: CachedHosts | null;
  /** In ticks. */
  readonly margin: number;
}

/** From this many hosts on it says something how they spread. */
const MIN_HOSTS_SPREAD = 20;
const MIXED_SHARE = 0.1;
const TOO_FAST_SHARE = 0.2;

/** Quartile fences closer than one bin are noise of the grid. */
const MIN_IQR = 50;

/** Exact hosts further than 3 interquartile ranges outside the quartiles (Tukey 1977, far out); 0 below 20 exact hosts. */
export function outlierHosts({ exact }: Ends): number {
  if (exact.size < MIN_HOSTS_SPREAD) return 0;
  const q1 = quantile(exact, 25);
  const q3 = quantile(exact, 75);
  const reach = 3 * Math.max(q3 - q1, MIN_IQR);
  return countBelow(exact, q1 - reach) + countAbove(exact, q3 + reach);
}

/** Whether one interval lies wholly above the margin and another wholly below it. */
function beyondBothWays(upward: readonly TickInterval[], downward: readonly TickInterval[], margin: number): boolean {
  return upward.some(({ lo }) => lo > margin) && downward.some(({ hi }) => hi < -margin);
}

function disjoint(a: TickInterval | null, b: TickInterval | null): boolean {
  return a !== null && b !== null && (a.hi < b.lo || b.hi < a.lo);
}

/** "3 of 40 hosts"; where hosts may repeat over periods, of how many results. */
export function ofHosts(part: number, { cell, nEff }: Measure): string {
  const of = `${formatNumber(part)} of ${formatNumber(cell.n)}`;
  return nEff === cell.n ? `${of} hosts` : `${of} results over the periods (at least ${formatCount(nEff, "host")})`;
}

/** "14", after a colon. */
function counted({ hosts, isRepeated }: NotedHosts): string {
  return isRepeated ? `${formatNumber(hosts)}, a host counting once in each period` : formatNumber(hosts);
}

function cachedDetail(cached: CachedHosts): FlagDetail {
  const { hosts, rules } = cached;
  return {
    text: `Hosts with runs whose reads probably came from a page cache and not from the disk${rulesText(rules)}: ${counted(cached)}.`,
    count: hosts,
    rules,
  };
}

/** The flags that the hosts of a quantity alone can tell; `cached` is null where no cache can spoil it. */
export function hostFlags(measured: Measure, cached: CachedHosts | null): FlagDetails {
  const { cell, ends } = measured;
  const details: Partial<Record<Flag, FlagDetail>> = {};
  if (cell.n === 1) {
    details.single_host = { text: "One host only: this tells about that host, not about a fleet.", count: 1 };
  }
  if (cell.one > cell.n / 2) {
    const text = `${ofHosts(cell.one, measured)} have a single run on a side; 3 to 5 runs a backend would settle the noise.`;
    details.mostly_single_runs = { text, count: cell.one };
  }
  const outliers = outlierHosts(ends);
  if (outliers > 0) {
    const text = `${ofHosts(outliers, measured)} lie far outside the rest; they are counted, and worth a look.`;
    details.outlier_hosts = { text, count: outliers };
  }
  const share = shares(cell, ends);
  if (cell.n >= MIN_HOSTS_SPREAD && Math.min(share.faster, share.slower) >= MIXED_SHARE) {
    details.mixed_effect = { text: "At least a tenth of the hosts gain and at least a tenth lose: find out which." };
  }
  if (cached !== null && cached.hosts > 0) details.suspect_cached_reads = cachedDetail(cached);
  return details;
}

/** The flag that too many hosts were too fast; of a rate, since for an efficiency it is the CPU that is too small. */
function tooFastFlag(measured: Measure): FlagDetails {
  const { nb, n } = measured.cell;
  if (nb / n <= TOO_FAST_SHARE || n === 0) return {};
  const text = `${ofHosts(nb, measured)} were too fast to measure on both backends; run Bonnie++ with a larger -s or -n.`;
  return { many_too_fast: { text, count: nb } };
}

/** The flags of one metric in one scope that its paired hosts can tell. */
export function pairedFlags(effect: Measure, cached: CachedHosts | null): FlagDetails {
  return { ...hostFlags(effect, cached), ...tooFastFlag(effect) };
}

/** The flags of one metric in one scope. */
export function metricFlags({ effect, between, strata, cached, margin }: MetricEvidence): FlagDetails {
  const details: Partial<Record<Flag, FlagDetail>> = { ...pairedFlags(effect, cached) };
  if (beyondBothWays(strata, strata, margin)) {
    details.strata_disagree = {
      text: "Some strata are clearly faster and others clearly slower: read them one by one.",
    };
  }
  const estimate = [effect.interval === null ? between.estimate : effect.estimate];
  if (beyondBothWays(estimate, [between.crude], margin) || beyondBothWays([between.crude], estimate, margin)) {
    const text =
      "All results thrown together say the opposite, because the backends ran in different mixes of strata and hosts.";
    details.simpson = { text };
  }
  if (disjoint(effect.interval, between.interval)) {
    const text =
      "Hosts with both backends and the comparison between hosts contradict each other: different hosts run them.";
    details.paired_and_between_disagree = { text };
  }
  return details;
}

/** What the flags of a scope are derived from, beside the flags of its metrics. */
interface ScopeEvidence {
  readonly cached: CachedHosts;
  /** Hosts with a file smaller than memory allows, and with a rate above what its test could measure. */
  readonly smallFile: NotedHosts;
  readonly boundMismatch: NotedHosts;
  /** The strata of the paired hosts, in the fleet scope; none in a stratum. */
  readonly strata: readonly string[];
}

/** The flags of a scope: those of its metrics, naming them, and those that concern all metrics alike. */
export function scopeFlags(
  metrics: ReadonlyMap<MetricName, FlagDetails>,
  { cached, smallFile, boundMismatch, strata }: ScopeEvidence,
): FlagDetails {
  const details: Partial<Record<Flag, FlagDetail>> = {};
  for (const flag of FLAGS) {
    const flagged = [...metrics].flatMap(([metric, own]) => (own[flag] === undefined ? [] : [metric]));
    if (flagged.length > 0) details[flag] = { text: `Set on ${flagged.join(", ")}.`, metrics: flagged };
  }
  if (cached.hosts > 0) {
    details.suspect_cached_reads = { ...details.suspect_cached_reads, ...cachedDetail(cached) };
  }
  if (smallFile.hosts > 0) {
    const text = `Hosts whose test file was under twice the memory, so that a cache can hold much of it: ${counted(smallFile)}.`;
    details.small_file = { text, count: smallFile.hosts };
  }
  const families = new Set(strata.map((stratum) => stratum.split("/", 1)[0]));
  if (families.size > 1) {
    const text =
      "Hosts measured with Bonnie++ 1.0x and with 1.9x/2.0 stand side by side; each ratio is within one of them.";
    details.mixed_versions = { text };
  }
  if (boundMismatch.hosts > 0) {
    const text = `Hosts with a rate above the most that its test can measure, so with a damaged line: ${counted(boundMismatch)}.`;
    details.bound_mismatch = { text, count: boundMismatch.hosts };
  }
  return details;
}
