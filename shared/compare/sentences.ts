// One plain sentence or two for each metric: what was found, on how many hosts, and how sure it is.

import type { Backend } from "../run/backends.ts";
import { formatCount, formatMargin, formatNumber, formatPValue, formatRatio } from "../run/format.ts";
import type { MetricName } from "../run/metrics.ts";
import type { View } from "../run/run.ts";
import type { PairedEffect } from "./compare.ts";
import type { CachedReads, ConfidenceInterval, Estimate, HostRange, Share } from "./comparison.ts";
import { isSignificant, type Reason } from "./verdict.ts";

// Words of a sentence: what each test does, in the language of someone who runs it, and parts of a whole.

interface Words {
  /** What a backend did in the test, after its name. */
  readonly did: string;
  /** The thing measured, in the plural. */
  readonly noun: string;
  /** How to make the test longer when it is too fast to measure. */
  readonly remedy: string;
}

const LARGER_FILE = "a larger test file (-s)";
const MORE_SEEKS = "more seeks than the usual 8192 (-s size:chunk:seeks, Bonnie++ 2.0)";
const MORE_FILES = "more files (-n)";

/** Cache rules in brackets, e.g. " (rules C1, C2)"; empty without any. */
export function rulesText(rules: readonly string[]): string {
  return rules.length === 0 ? "" : ` (${rules.length === 1 ? "rule" : "rules"} ${rules.join(", ")})`;
}

/** For each metric. */
export const WORDS: Readonly<Record<MetricName, Words>> = {
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

/** A part of a whole in whole per cent; 0 and 100 mean none and all, never nearly so. */
export function percent(part: number, whole: number): string {
  const rounded = Math.round((100 * part) / whole);
  const honest = part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded));
  return `${honest} %`;
}

/** From this share on, hosts that gain or lose are told beside a median that does neither. */
const TOLD_SHARE = 0.1;

/**
 * Hosts that are not like a median of about 1: "on 33 % of them it was slower by more than 3 %". Null where under a tenth
 * of them gain, and under a tenth lose.
 */
export function unlikeMedian({ faster, slower }: Pick<Share, "faster" | "slower">): string | null {
  const isFaster = faster >= TOLD_SHARE;
  const isSlower = slower >= TOLD_SHARE;
  if (isFaster && isSlower) {
    return `on ${percent(faster, 1)} of them it was faster and on ${percent(slower, 1)} slower, by more than 3 %`;
  }
  if (isFaster) return `on ${percent(faster, 1)} of them it was faster by more than 3 %`;
  return isSlower ? `on ${percent(slower, 1)} of them it was slower by more than 3 %` : null;
}

/** What one backend brings to a sentence: its hosts with any result in the scope, and those with cached reads. */
interface Side {
  readonly backend: Backend;
  readonly hosts: number;
  /** Null for metrics that no cache can spoil. */
  readonly cached: CachedReads | null;
}

export interface Finding {
  readonly baseline: Side;
  readonly candidate: Side;
  readonly view: View;
  /** How many periods were asked for; with several of them a host may count in each. */
  readonly periods: number;
  readonly effect: PairedEffect;
  readonly ratio: Estimate;
  readonly ci: ConfidenceInterval | null;
  readonly range: HostRange;
  readonly share: Share;
  readonly reason: Reason;
  /** Metrics tested together. */
  readonly tests: number;
  /** As a relative difference, e.g. 0.03. */
  readonly margin: number;
}

/** "2.12", "at least 2.12" and so on. Never called for an unknown ratio. */
function ratioPhrase({ low, high }: Estimate): string {
  if (low !== null && high !== null) {
    return low === high ? formatRatio(low) : `between ${formatRatio(low, "down")} and ${formatRatio(high, "up")}`;
  }
  if (low !== null) return `at least ${formatRatio(low, "down")}`;
  return high === null ? "an unknown number of" : `at most ${formatRatio(high, "up")}`;
}

/** "2.04 to 2.19", or the side that has a limit; rounded outwards. */
function limitsPhrase({ low, high }: ConfidenceInterval): string {
  if (low !== null && high !== null) return `${formatRatio(low, "down")} to ${formatRatio(high, "up")}`;
  if (low !== null) return `from ${formatRatio(low, "down")}, no upper limit`;
  return high === null ? "no limit on either side" : `up to ${formatRatio(high, "up")}, no lower limit`;
}

/** "1 240 hosts"; where hosts may repeat over periods, how many results that is. */
function hostsPhrase({ cell, nEff }: PairedEffect): string {
  if (nEff === cell.n) return formatCount(cell.n, "host");
  return `at least ${formatCount(nEff, "host")} (${formatCount(cell.n, "result")} over the periods)`;
}

/** "on 93 % of them"; where hosts may repeat, of the results. */
function onPart(part: number, { cell, nEff }: PairedEffect): string {
  return nEff === cell.n ? `on ${percent(part, cell.n)} of them` : `in ${percent(part, cell.n)} of the results`;
}

/** "blktap2 wrote blocks 2.12 times as fast as loop". */
function comparisonPhrase({ baseline, candidate, effect, ratio }: Finding): string {
  const { did } = WORDS[effect.metric];
  return `${candidate.backend} ${did} ${ratioPhrase(ratio)} times as fast as ${baseline.backend}`;
}

/** The same with the hosts before and the interval behind. */
function estimatePhrase(finding: Finding): string {
  const interval = finding.ci === null ? "" : ` (95 % interval ${limitsPhrase(finding.ci)})`;
  return `On ${hostsPhrase(finding.effect)} ${comparisonPhrase(finding)}${interval}`;
}

/** "the reads of loop on 1 host (rules C1, C2)" for each backend with cached reads; null if there is none. */
function cachedPhrase({ baseline, candidate, periods }: Finding): string | null {
  const parts = [baseline, candidate].flatMap(({ backend, cached }) => {
    if (cached === null || cached.hosts === 0) return [];
    const repeated = periods > 1 ? ", counted once in each period" : "";
    return [`runs of ${backend} on ${formatCount(cached.hosts, "host")}${repeated}${rulesText(cached.rules)}`];
  });
  return parts.length > 0 ? parts.join(" and ") : null;
}

function noPairedHosts(finding: Finding): string {
  const { baseline, candidate, effect, view, periods } = finding;
  const cached = cachedPhrase(finding);
  // Where a backend was never measured, nothing left out of the other one is the cause.
  const areMeasured = baseline.hosts > 0 && candidate.hosts > 0;
  if (view === "trusted" && cached !== null && areMeasured) {
    return (
      `No trustworthy ${WORDS[effect.metric].noun} of ${candidate.backend} and ${baseline.backend} on the same host: ` +
      `${cached} were left out, because their reads probably came from a cache and not from the disk.`
    );
  }
  const hostsOf = ({ hosts }: Side) => `${periods > 1 && hosts > 0 ? "at least " : ""}${formatCount(hosts, "host")}`;
  const measured = `${baseline.backend} has results of ${hostsOf(baseline)}, ${candidate.backend} of ${hostsOf(candidate)}`;
  return `No host has measured ${WORDS[effect.metric].noun} with both ${baseline.backend} and ${candidate.backend} (${measured}).`;
}

function tooFewHosts(finding: Finding): string {
  const { effect, range } = finding;
  if (effect.cell.n === 1) {
    return `On the one host measured with both, ${comparisonPhrase(finding)}; one host says nothing about a fleet.`;
  }
  const known = range.low !== null || range.high !== null;
  const hosts = known ? ` (single hosts: ${limitsPhrase(range)})` : "";
  return `${estimatePhrase(finding)}${hosts}; a verdict needs at least 6 hosts.`;
}

function hidesSize(finding: Finding): string {
  const { baseline, candidate, effect } = finding;
  const { pos, neg, n } = effect.cell;
  const direction = pos > neg ? "faster" : "slower";
  const { did } = WORDS[effect.metric];
  return (
    `On ${percent(Math.max(pos, neg), n)} of ${hostsPhrase(effect)} ${candidate.backend} ${did} ${direction} than ` +
    `${baseline.backend}, but too many results are too fast to measure to say by how much.`
  );
}

/** The median alone is as fast: hosts that are not are told beside it. */
function withinMargin({ baseline, candidate, effect, ci, share, margin }: Finding): string {
  const { did } = WORDS[effect.metric];
  const interval = ci === null ? "" : ` (95 % interval ${limitsPhrase(ci)})`;
  const unlike = unlikeMedian(share);
  return (
    `On the median of ${hostsPhrase(effect)} ${candidate.backend} ${did} as fast as ${baseline.backend}, ` +
    `to within ${formatMargin(margin)}${interval}${unlike === null ? "" : `; ${unlike}`}.`
  );
}

function includesOne(finding: Finding): string {
  const { effect, margin } = finding;
  const { pos, neg } = effect.cell;
  if (!isSignificant(effect.pHolm)) {
    return `${estimatePhrase(finding)}; that shows neither a difference nor equality to within ${formatMargin(margin)}.`;
  }
  const [way, other] = pos > neg ? ["faster", "slower"] : ["slower", "faster"];
  const counts = `on ${formatNumber(Math.max(pos, neg))}, ${other} on ${formatNumber(Math.min(pos, neg))}`;
  return `${estimatePhrase(finding)}; it was ${way} more often than chance explains (${counts}), but the median difference may be none.`;
}

function mayBeChance(finding: Finding): string {
  const { effect, tests } = finding;
  const chance =
    tests === 1
      ? `this may be chance (p ${formatPValue(effect.p)})`
      : `with ${formatCount(tests, "metric")} tested this may be chance (corrected p ${formatPValue(effect.pHolm)})`;
  return `${estimatePhrase(finding)}, but ${chance}.`;
}

function findingText(finding: Finding): string {
  const { baseline, candidate, effect, reason, margin } = finding;
  const { noun, remedy } = WORDS[effect.metric];
  const { n, pos, neg } = effect.cell;
  switch (reason) {
    case "no_paired_hosts":
      return noPairedHosts(finding);
    case "too_fast_on_both":
      return n === 1
        ? `On the one host measured with both, ${noun} were too fast to measure on both backends; ${remedy} would tell.`
        : `On all ${effect.nEff === n ? "" : "of "}${hostsPhrase(effect)} ${noun} were too fast to measure on both ${baseline.backend} and ${candidate.backend}; ${remedy} would tell.`;
    case "mostly_too_fast":
      return `On ${hostsPhrase(effect)} too many ${noun} were too fast to measure to compare ${candidate.backend} with ${baseline.backend}; ${remedy} would tell.`;
    case "too_few_hosts":
      return tooFewHosts(finding);
    case "ci_within_margin":
      return withinMargin(finding);
    case "too_fast_hides_size":
      return hidesSize(finding);
    case "ci_includes_1":
      return includesOne(finding);
    case "not_significant_after_holm":
      return mayBeChance(finding);
    case "ci_above_1":
      return `${estimatePhrase(finding)}; it was faster, by any amount, ${onPart(pos, effect)}.`;
    case "ci_below_1":
      return `${estimatePhrase(finding)}; it was slower, by any amount, ${onPart(neg, effect)}.`;
    case "difference_below_margin":
      return `${estimatePhrase(finding)}; a difference, but not shown to exceed ${formatMargin(margin)}.`;
  }
}

/**
 * The finding of one metric in words, e.g. "On 1 240 hosts blktap2 wrote blocks 2.12 times as fast as loop (95 %
 * interval 2.04 to 2.19); it was faster, by any amount, on 93 % of them." Where cached reads were left out, or kept, it says so.
 */
export function sentence(finding: Finding): string {
  const text = findingText(finding);
  const cached = cachedPhrase(finding);
  if (cached === null || (finding.reason === "no_paired_hosts" && finding.view === "trusted")) return text;
  return finding.view === "trusted"
    ? `${text} Left out as probably read from a cache: ${cached}.`
    : `${text} Beware: probably read from a cache and not from the disk: ${cached}.`;
}
