// A comparison in words. In: the findings of `compare`, which are codes and counts. Out: the published comparison, with a
// sentence or two for each metric (what was found, on how many hosts, how certain it is) and a text for each flag. Every
// text is made from numbers that are in the findings.

import type {
  CachedReads,
  Comparison,
  ComparisonFindings,
  EfficiencyComparison,
  EfficiencyFindings,
  FlagDetails,
  MetricComparison,
  MetricFindings,
  ScopeComparison,
  ScopeFindings,
  Share,
} from "../compare/comparison.ts";
import { type Flag, type FlagFinding, type FlagFindings, isReadPath } from "../compare/flags.ts";
import { isSignificant } from "../compare/verdict.ts";
import type { Backend } from "../run/backends.ts";
import { formatCount, formatMargin, formatNumber, formatPValue, formatRatio } from "../run/format.ts";
import type { MetricName } from "../run/metrics.ts";
import {
  type CountedHosts,
  formatEstimate,
  formatHosts,
  formatInterval,
  formatPartOfHosts,
  formatShare,
} from "./format.ts";

/** Adds the texts to a comparison. The same findings always give the same texts. */
export function describeComparison(findings: ComparisonFindings): Comparison {
  const strata = Object.entries(findings.strata).map(
    ([stratum, scope]) => [stratum, describeScope(findings, scope)] as const,
  );
  return { ...findings, fleet: describeScope(findings, findings.fleet), strata: Object.fromEntries(strata) };
}

function describeScope(comparison: ComparisonFindings, scope: ScopeFindings): ScopeComparison {
  const { metrics, scores, efficiency, flags, flag_details, baseline, candidate } = scope;
  const isRepeated = [baseline, candidate].some(({ hosts, host_results }) => hosts < host_results);
  const describeFlags = (own: FlagFindings, counted: CountedHosts | null) => flagTexts(own, { counted, isRepeated });
  return {
    metrics: mapMetrics(metrics, (metric, name): MetricComparison => {
      const { flag_details: own, between_hosts, ...found } = metric;
      const sentence = metricSentence(toSubject(comparison, scope, name, metric));
      return { ...found, flag_details: describeFlags(own, metric), sentence, between_hosts };
    }),
    scores,
    efficiency: mapMetrics(efficiency, (found: EfficiencyFindings): EfficiencyComparison => {
      return { ...found, flag_details: describeFlags(found.flag_details, found) };
    }),
    flags,
    flag_details: describeFlags(flag_details, null),
  };
}

function mapMetrics<T, U>(
  of: Readonly<Partial<Record<MetricName, T>>>,
  describe: (value: T, name: MetricName) => U,
): Partial<Record<MetricName, U>> {
  // Sound for records of findings, whose keys are names of metrics.
  const entries = Object.entries(of) as [MetricName, T][];
  return Object.fromEntries(entries.map(([name, value]) => [name, describe(value, name)]));
}

// The sentence of one metric.

/** The labels of a test in a sentence. */
interface TestLabels {
  /** What a backend did in the test, after its name. */
  readonly did: string;
  /** What is measured, in the plural. */
  readonly noun: string;
  /** What is needed when the test is too fast to measure. */
  readonly remedy: string;
}

const LARGER_FILE = "a larger test file (-s) is needed";
const MORE_SEEKS = "more seeks than the usual 8192 (-s size:chunk:seeks, Bonnie++ 2.0) are needed";
const MORE_FILES = "more files (-n) are needed";

/** By metric. */
export const TEST_LABELS: Readonly<Record<MetricName, TestLabels>> = {
  putc: { did: "wrote characters", noun: "character writes", remedy: LARGER_FILE },
  put_block: { did: "wrote blocks", noun: "block writes", remedy: LARGER_FILE },
  rewrite: { did: "rewrote blocks", noun: "rewrites", remedy: LARGER_FILE },
  getc: { did: "read characters", noun: "character reads", remedy: LARGER_FILE },
  get_block: { did: "read blocks", noun: "block reads", remedy: LARGER_FILE },
  seeks: { did: "did random seeks", noun: "random seeks", remedy: MORE_SEEKS },
  seq_create: { did: "created files in sequence", noun: "sequential creates", remedy: MORE_FILES },
  seq_stat: { did: "looked up files in sequence", noun: "sequential stats", remedy: MORE_FILES },
  seq_delete: { did: "deleted files in sequence", noun: "sequential deletes", remedy: MORE_FILES },
  ran_create: { did: "created files in random order", noun: "random creates", remedy: MORE_FILES },
  ran_stat: { did: "looked up files in random order", noun: "random stats", remedy: MORE_FILES },
  ran_delete: { did: "deleted files in random order", noun: "random deletes", remedy: MORE_FILES },
};

/** One backend in a sentence. */
interface Side {
  readonly backend: Backend;
  /** Its hosts with any result in the scope. */
  readonly hosts: number;
  /** Its cached reads; null for metrics that no cache can spoil. */
  readonly cached: CachedReads | null;
}

/** Everything that the sentence of one metric in one scope is made from. */
interface Subject {
  readonly labels: TestLabels;
  readonly metric: MetricFindings;
  readonly baseline: Side;
  readonly candidate: Side;
  readonly isTrusted: boolean;
  /** Whether a host may count once in each of several periods. */
  readonly hasPeriods: boolean;
  /** Metrics tested together. */
  readonly tests: number;
  /** As text, e.g. `3 %`. */
  readonly margin: string;
}

function toSubject(
  { baseline, candidate, view, periods, margin }: ComparisonFindings,
  scope: ScopeFindings,
  name: MetricName,
  metric: MetricFindings,
): Subject {
  const buildSide = (backend: Backend, { hosts, cached }: ScopeFindings["baseline"]): Side => ({
    backend,
    hosts,
    cached: isReadPath(name) ? cached : null,
  });
  return {
    labels: TEST_LABELS[name],
    metric,
    baseline: buildSide(baseline, scope.baseline),
    candidate: buildSide(candidate, scope.candidate),
    isTrusted: view === "trusted",
    hasPeriods: periods.length > 1,
    tests: Object.values(scope.metrics).filter(({ p }) => p !== null).length,
    margin: formatMargin(margin),
  };
}

/**
 * The finding in words, e.g. "On 1 240 hosts blktap2 wrote blocks 2.12 times as fast as loop (95 % interval 2.04 to
 * 2.19); 93 % of them were faster (any difference counts)." It also says which cached reads were left out, or are included.
 */
function metricSentence(subject: Subject): string {
  const { isTrusted, metric } = subject;
  const text = findingText(subject);
  const cached = cachedPhrase(subject);
  if (cached === null || (metric.reason === "no_paired_hosts" && isTrusted)) return text;
  return isTrusted
    ? `${text} Left out as probably read from a cache: ${cached}.`
    : `${text} Beware: probably read from a cache and not from the disk: ${cached}.`;
}

function findingText(subject: Subject): string {
  const { metric, labels, baseline, candidate, margin } = subject;
  const { hosts, faster_hosts: faster, slower_hosts: slower } = metric;
  switch (metric.reason) {
    case "no_paired_hosts":
      return noPairedHosts(subject);
    case "too_fast_on_both":
      return hosts === 1
        ? `On the one host measured with both, ${labels.noun} were too fast to measure on both backends; ${labels.remedy}.`
        : `On all ${metric.n_eff === hosts ? "" : "of "}${formatHosts(metric)} ${labels.noun} were too fast to measure on both ${baseline.backend} and ${candidate.backend}; ${labels.remedy}.`;
    case "mostly_too_fast":
      return `On ${formatHosts(metric)} too many ${labels.noun} were too fast to measure to compare ${candidate.backend} with ${baseline.backend}; ${labels.remedy}.`;
    case "too_few_hosts":
      return tooFewHosts(subject);
    case "ci_within_margin":
      return withinMargin(subject);
    case "too_fast_hides_size":
      return hidesSize(subject);
    case "ci_includes_1":
      return includesOne(subject);
    case "not_significant_after_holm":
      return mayBeChance(subject);
    case "ci_above_1":
      return `${estimatePhrase(subject)}; ${partPhrase(faster, metric)} were faster (any difference counts).`;
    case "ci_below_1":
      return `${estimatePhrase(subject)}; ${partPhrase(slower, metric)} were slower (any difference counts).`;
    case "difference_below_margin":
      return `${estimatePhrase(subject)}; a difference, but not shown to exceed ${margin}.`;
  }
}

function noPairedHosts(subject: Subject): string {
  const { labels, baseline, candidate, isTrusted, hasPeriods } = subject;
  const cached = cachedPhrase(subject);
  // Where a backend was never measured, nothing left out of the other one is the cause.
  const areMeasured = baseline.hosts > 0 && candidate.hosts > 0;
  if (isTrusted && cached !== null && areMeasured) {
    return (
      `No trustworthy ${labels.noun} of ${candidate.backend} and ${baseline.backend} on the same host: ` +
      `${cached} were left out, because their reads probably came from a cache and not from the disk.`
    );
  }
  const countHosts = ({ hosts }: Side) => `${hasPeriods && hosts > 0 ? "at least " : ""}${formatCount(hosts, "host")}`;
  const measured = `${baseline.backend} has results of ${countHosts(baseline)}, ${candidate.backend} of ${countHosts(candidate)}`;
  return `No host has measured ${labels.noun} with both ${baseline.backend} and ${candidate.backend} (${measured}).`;
}

function tooFewHosts(subject: Subject): string {
  const { hosts, host_range: range } = subject.metric;
  if (hosts === 1) {
    return `On the one host measured with both, ${comparisonPhrase(subject)}; one host says nothing about a fleet.`;
  }
  const isKnown = range.low !== null || range.high !== null;
  const single = isKnown ? ` (single hosts: ${formatInterval(range, formatRatio, "words")})` : "";
  return `${estimatePhrase(subject)}${single}; a verdict needs at least 6 hosts.`;
}

/** Only the median is as fast: the sentence adds the hosts that are not. */
function withinMargin(subject: Subject): string {
  const { metric, labels, baseline, candidate, margin } = subject;
  const unlike = unlikeMedian(metric.share);
  return (
    `On the median of ${formatHosts(metric)} ${candidate.backend} ${labels.did} as fast as ${baseline.backend}, ` +
    `to within ${margin}${intervalPhrase(metric)}${unlike === null ? "" : `; ${unlike}`}.`
  );
}

/** From this share on, hosts that gain or lose are named next to a median that does neither. */
const MIN_UNLIKE_SHARE = 0.1;

/**
 * Hosts that are not like a median of about 1: "33 % of them were slower by more than 3 %". Null where under a tenth
 * of them gain, and under a tenth lose.
 */
export function unlikeMedian({ faster, slower }: Pick<Share, "faster" | "slower">): string | null {
  const isFaster = faster >= MIN_UNLIKE_SHARE;
  const isSlower = slower >= MIN_UNLIKE_SHARE;
  if (isFaster && isSlower) {
    return `${formatShare(faster, 1)} of them were faster and ${formatShare(slower, 1)} slower, by more than 3 %`;
  }
  if (isFaster) return `${formatShare(faster, 1)} of them were faster by more than 3 %`;
  return isSlower ? `${formatShare(slower, 1)} of them were slower by more than 3 %` : null;
}

function hidesSize({ metric, labels, baseline, candidate }: Subject): string {
  const { faster_hosts: faster, slower_hosts: slower, hosts } = metric;
  const direction = faster > slower ? "faster" : "slower";
  return (
    `On ${formatShare(Math.max(faster, slower), hosts)} of ${formatHosts(metric)} ${candidate.backend} ${labels.did} ${direction} than ` +
    `${baseline.backend}, but too many results are too fast to measure to say by how much.`
  );
}

function includesOne(subject: Subject): string {
  const { metric, margin } = subject;
  const { faster_hosts: faster, slower_hosts: slower } = metric;
  if (!isSignificant(metric.p_holm)) {
    return `${estimatePhrase(subject)}; that shows neither a difference nor equality to within ${margin}.`;
  }
  const [direction, other] = faster > slower ? ["faster", "slower"] : ["slower", "faster"];
  const counts = `on ${formatNumber(Math.max(faster, slower))}, ${other} on ${formatNumber(Math.min(faster, slower))}`;
  return `${estimatePhrase(subject)}; it was ${direction} more often than chance explains (${counts}), but there may be no difference at the median.`;
}

function mayBeChance(subject: Subject): string {
  const { metric, tests } = subject;
  const chance =
    tests === 1
      ? `this may be chance (p ${formatPValue(metric.p)})`
      : `with ${formatCount(tests, "metric")} tested this may be chance (corrected p ${formatPValue(metric.p_holm)})`;
  return `${estimatePhrase(subject)}, but ${chance}.`;
}

/** The comparison with its hosts before and its interval behind. */
function estimatePhrase(subject: Subject): string {
  return `On ${formatHosts(subject.metric)} ${comparisonPhrase(subject)}${intervalPhrase(subject.metric)}`;
}

/** "blktap2 wrote blocks 2.12 times as fast as loop". */
function comparisonPhrase({ metric, labels, baseline, candidate }: Subject): string {
  const ratio = formatEstimate(metric.ratio, formatRatio, "words");
  return `${candidate.backend} ${labels.did} ${ratio} times as fast as ${baseline.backend}`;
}

function intervalPhrase({ ci }: MetricFindings): string {
  return ci === null ? "" : ` (95 % interval ${formatInterval(ci, formatRatio, "words")})`;
}

/** "93 % of them"; where hosts may repeat, of the results. */
function partPhrase(part: number, { hosts, n_eff }: CountedHosts): string {
  return `${formatShare(part, hosts)} of ${n_eff === hosts ? "them" : "the results"}`;
}

/** "runs of loop on 1 host (rules C1, C2)" for each backend with cached reads; null without any. */
function cachedPhrase({ baseline, candidate, hasPeriods }: Subject): string | null {
  const parts = [baseline, candidate].flatMap(({ backend, cached }) => {
    if (cached === null || cached.hosts === 0) return [];
    const repeated = hasPeriods ? ", counted once in each period" : "";
    return [`runs of ${backend} on ${formatCount(cached.hosts, "host")}${repeated}${rulesPhrase(cached.rules)}`];
  });
  return parts.length > 0 ? parts.join(" and ") : null;
}

/** Cache rules in parentheses, e.g. " (rules C1, C2)"; empty without any. */
function rulesPhrase(rules: readonly string[]): string {
  return rules.length === 0 ? "" : ` (${rules.length === 1 ? "rule" : "rules"} ${rules.join(", ")})`;
}

// The texts of flags.

/** What a flag's count is a part of. */
interface FlagScope {
  /** The hosts of the metric that has the flag; null for the flags of a whole scope. */
  readonly counted: CountedHosts | null;
  /** Whether a host may be counted once for each period. */
  readonly isRepeated: boolean;
}

function flagTexts(flags: FlagFindings, scope: FlagScope): FlagDetails {
  // Sound for findings, whose keys are codes of flags.
  const entries = Object.entries(flags) as [Flag, FlagFinding][];
  return Object.fromEntries(entries.map(([flag, found]) => [flag, { text: flagText(flag, found, scope), ...found }]));
}

/** What a flag means here, with the count behind it. */
export function flagText(
  flag: Flag,
  { count = 0, rules = [], metrics }: FlagFinding,
  { counted, isRepeated }: FlagScope,
): string {
  // A scope's flag names the metrics that have it, unless it has a count of its own.
  if (metrics !== undefined && count === 0) return `Set on ${metrics.join(", ")}.`;
  const part = counted === null ? formatNumber(count) : formatPartOfHosts(count, counted);
  const total = `${formatNumber(count)}${isRepeated ? ", a host counting once in each period" : ""}`;
  switch (flag) {
    case "single_host":
      return "Only one host: this says something about that host, not about a fleet.";
    case "mostly_single_runs":
      return `${part} have a single run on one of the backends; 3 to 5 runs on each backend reduce the noise.`;
    case "many_too_fast":
      return `${part} were too fast to measure on both backends; run Bonnie++ with a larger -s or -n.`;
    case "outlier_hosts":
      return `${part} are far outside the rest; they are counted, and worth a look.`;
    case "mixed_effect":
      return "At least a tenth of the hosts gain and at least a tenth lose: find out which.";
    case "strata_disagree":
      return "Some strata are clearly faster and others clearly slower: read them one by one.";
    case "simpson":
      return "All results pooled show the opposite, because the backends ran in different mixes of strata and hosts.";
    case "paired_and_between_disagree":
      return "Hosts with both backends and the comparison between hosts contradict each other: different hosts run them.";
    case "suspect_cached_reads":
      return `Hosts with runs whose reads probably came from a page cache and not from the disk${rulesPhrase(rules)}: ${total}.`;
    case "small_file":
      return `Hosts whose test file was under twice the memory, so that a cache can hold much of it: ${total}.`;
    case "mixed_versions":
      return "Some hosts were measured with Bonnie++ 1.0x and some with 1.9x/2.0; each ratio is within one of them.";
    case "bound_mismatch":
      return `Hosts with a rate above the maximum measurable for its test, so with a damaged line: ${total}.`;
    case "low_cpu":
      return `A side used less than 10 % CPU, of which only whole per cents are known, on ${part}.`;
    case "inflated_cpu":
      return "Bonnie++ 1.9x and 2.0 count the CPU of the seeks once for every seeker, up to fivefold.";
  }
}
